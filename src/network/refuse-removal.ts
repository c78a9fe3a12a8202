import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import {isPredefined, type Network} from '../model/network.ts';

/** Throws ERR_FORBIDDEN for the predefined networks, ERR_NETWORK_IN_USE while something is attached. */
export function refuseRemoval(network: Network, attachments: readonly Attachment[]): void {
  if (isPredefined(network.name)) {
    throw new TnetError('ERR_FORBIDDEN', `${network.name} is a pre-defined network and cannot be removed`);
  }
  if (attachments.length === 0) return;
  throw new TnetError(
    'ERR_NETWORK_IN_USE',
    `error while removing network: network ${network.name} id ${network.id} has active endpoints`,
  );
}
