import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';

/** By id, name or unique id prefix. Throws ERR_CONTAINER_NOT_FOUND, and ERR_BAD_REQUEST for an ambiguous prefix. */
export function findContainer(containers: ReadonlyMap<string, Container>, ref: string): Container {
  const all = [...containers.values()];
  const name = ref.replace(/^\//, '');
  const exact = containers.get(ref) ?? all.find(container => container.name === name);
  if (exact) return exact;
  const matches = ref === '' ? [] : all.filter(container => container.id.startsWith(ref));
  if (matches.length > 1) throw new TnetError('ERR_BAD_REQUEST', `multiple IDs found with provided prefix: ${ref}`);
  if (matches.length === 0) throw new TnetError('ERR_CONTAINER_NOT_FOUND', `No such container: ${ref}`);
  return matches[0]!;
}
