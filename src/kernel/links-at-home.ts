import type {HostLink} from './kernel.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {hostLinks, type ReadParts} from './read.ts';

/** RT_SCOPE_UNIVERSE */
const globalScope = 0;

/** The host's links, and what makes them what they are: a link that is moved to another namespace loses its addresses. */
export function linksAtHome({sockets}: Pick<ReadParts, 'sockets'>): readonly HostLink[] {
  const addresses = sockets.route('').dump(dumpAddresses()).map(decodeAddress);
  const links = hostLinks({sockets});
  const names = new Map(links.map(({index, name}) => [index, name]));
  return links.map(({index, name, up, mtu, mac, kind, group, masterIndex, filtersVlans}) => ({
    name,
    up,
    mtu,
    mac,
    kind,
    group,
    filtersVlans,
    master: names.get(masterIndex ?? 0) ?? null,
    addresses: addresses
      .filter(each => each.index === index && each.permanent && each.scope === globalScope)
      .map(({address, prefixLength}) => ({address, prefixLength})),
  }));
}
