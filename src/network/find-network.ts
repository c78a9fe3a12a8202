import {TnetError} from '../errors.ts';
import type {Network} from '../model/network.ts';

/** By name, id or unique id prefix. Throws ERR_NETWORK_NOT_FOUND, ERR_BAD_REQUEST for an ambiguous prefix. */
export function findNetwork(networks: ReadonlyMap<string, Network>, ref: string): Network {
  const all = [...networks.values()];
  const exact = networks.get(ref) ?? all.find(network => network.name === ref);
  if (exact) return exact;
  const matches = ref === '' ? [] : all.filter(network => network.id.startsWith(ref));
  if (matches.length > 1)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `network ${ref} is ambiguous (${matches.length} matches found based on ID prefix)`,
    );
  if (matches.length === 0) throw new TnetError('ERR_NETWORK_NOT_FOUND', `network ${ref} not found`);
  return matches[0]!;
}
