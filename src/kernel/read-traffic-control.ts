import type {World} from './diff.ts';
import type {Item} from './item.ts';
import {decodeRedirect, dumpFilters} from './netlink/filter.ts';
import type {LinkInfo} from './netlink/link.ts';
import {decodeQdisc, dumpQdiscs, type QdiscInfo} from './netlink/qdisc.ts';
import type {Sockets} from './sockets.ts';

interface ReadParts {
  readonly sockets: Sockets;
  readonly isOurs: (group: number) => boolean;
}

/**
 * Token buckets, ingress qdiscs and redirections of the host's links that are ours or wanted. A dump has every link's, so
 * it is made only when there can be something: a wanted item, an ifb of ours, or a bucket that a link's own answer names.
 */
export function readTrafficControl(parts: ReadParts, links: readonly LinkInfo[], wanted: World): readonly Item[] {
  const wantedLinks = new Set([...wanted.values()].flatMap(item => (isTrafficControl(item) ? [item.link] : [])));
  const ours = links.filter(({name, group}) => parts.isOurs(group) || wantedLinks.has(name));
  if (wantedLinks.size === 0 && !ours.some(({kind, qdisc}) => kind === 'ifb' || qdisc === 'tbf')) return [];
  const names = new Map(ours.map(({index, name}) => [index, name]));
  return dump(parts)
    .filter(({index}) => names.has(index))
    .flatMap(qdisc => [
      ...qdiscItem(qdisc, names.get(qdisc.index)!),
      ...(qdisc.kind === 'ingress' ? redirection(parts, qdisc.index, links) : []),
    ]);
}

function isTrafficControl(item: Item): item is Extract<Item, {kind: 'qdisc' | 'filter'}> {
  return item.kind === 'qdisc' || item.kind === 'filter';
}

function dump({sockets}: ReadParts): readonly QdiscInfo[] {
  return sockets.route('').dump(dumpQdiscs()).map(decodeQdisc);
}

function qdiscItem({kind, at, tbf}: QdiscInfo, link: string): readonly Item[] {
  if (at === 'ingress' && kind === 'ingress') return [{ns: '', kind: 'qdisc', type: 'ingress', link}];
  return at === 'root' && tbf !== null ? [{ns: '', kind: 'qdisc', type: 'tbf', link, ...tbf}] : [];
}

/** The kernel lists a filter whose target is gone with ifindex 0. */
function redirection({sockets}: ReadParts, index: number, links: readonly LinkInfo[]): readonly Item[] {
  const nameOf = (wanted: number): string => links.find(link => link.index === wanted)?.name ?? '';
  return sockets
    .route('')
    .dump(dumpFilters(index))
    .flatMap(message => decodeRedirect(message) ?? [])
    .map(({target}): Item => ({ns: '', kind: 'filter', link: nameOf(index), redirectTo: nameOf(target)}));
}
