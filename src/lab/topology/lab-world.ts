import {toWorld, type World} from '../../kernel/diff.ts';
import type {Item, LinkItem, RouteItem} from '../../kernel/item.ts';
import {formatPrefix, type Ip, ipFamily} from '../../model/ip.ts';
import {type Places, planLab} from './plan-lab.ts';
import type {Topology} from './topology.ts';

/** RTPROT_STATIC: what stands in a lab is the learner's, who deletes it with `ip route del`. */
const RTPROT_STATIC = 4;

/**
 * Everything a topology wants, to be compared: with the other end of each pair as an item of its own, so that what is in a link goes
 * with it, and with the link by which each route leaves.
 */
export function labWorld(topology: Topology, places: Places): World {
  const items = planLab(topology, places);
  return toWorld(
    items.flatMap((item): readonly Item[] => {
      if (item.kind === 'route') return [{...item, protocol: RTPROT_STATIC, link: item.link ?? outlet(item, items)}];
      return item.kind === 'link' && item.peer !== null ? [item, farEnd(item)] : [item];
    }),
  );
}

type LinkIn = Item & LinkItem;

/** Made, moved and deleted with the link that has it as its peer; only set by itself. */
export function farEnd(link: LinkIn): LinkIn {
  const {ns, name, mtu} = link.peer!;
  return {...link, ns, name, mtu, master: null, peer: null};
}

/** The link whose address has the gateway for a neighbour. */
function outlet({ns, via}: Item & RouteItem, items: readonly Item[]): string | null {
  if (via === null) return null;
  const address = items.find(item => item.kind === 'address' && item.ns === ns && isNeighbour(item, via));
  return address?.kind === 'address' ? address.link : null;
}

function isNeighbour({address, prefixLength}: {address: Ip; prefixLength: number}, other: Ip): boolean {
  if (ipFamily(address) !== ipFamily(other)) return false;
  return formatPrefix(address, prefixLength) === formatPrefix(other, prefixLength);
}
