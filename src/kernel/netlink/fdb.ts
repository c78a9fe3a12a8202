import type {Mac} from '../../model/mac.ts';
import {AF_BRIDGE} from './family.ts';
import {type NetlinkMessage, NLM_F_REQUEST} from './message.ts';
import {neighFormat} from './neigh.ts';

const RTM_GETNEIGH = 30;

/** Like `bridge fdb get MAC br BRIDGE`: behind which port the bridge has seen an address. ENOENT: it would flood. Since 5.0. */
export function getFdb(bridge: number, mac: Mac): NetlinkMessage {
  const payload = neighFormat.encode({family: AF_BRIDGE, attributes: {mac, master: bridge}});
  return {type: RTM_GETNEIGH, flags: NLM_F_REQUEST, payload, what: `find ${mac} in the bridge's table`};
}

/** ifindex of the port; the bridge's own index for its own address. */
export function decodeFdb({payload}: {readonly payload: Uint8Array}): number {
  return neighFormat.decode(payload).index;
}
