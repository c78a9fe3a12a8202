import type {HostLink} from './kernel.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {hostLinks, type ReadParts} from './read.ts';

/** RT_SCOPE_UNIVERSE */
const globalScope = 0;

/** The host's links, and what makes them what they are: a link that is moved to another namespace loses its addresses. */
export function linksAtHome({sockets}: Pick<ReadParts, 'sockets'>): readonly HostLink[] {
  const addresses = sockets.route('').dump(dumpAddresses()).map(decodeAddress);
  return hostLinks({sockets}).map(({index, name, up, mtu, mac, kind, group}) => ({
    name,
    up,
    mtu,
    mac,
    kind,
    group,
    addresses: addresses
      .filter(each => each.index === index && each.permanent && each.scope === globalScope)
      .map(({address, prefixLength}) => ({address, prefixLength})),
  }));
}
