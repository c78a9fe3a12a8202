import {decodeLink, dumpLinks, type LinkInfo, type LinkStats} from './netlink/link.ts';
import {decodeQdisc, dumpQdiscs} from './netlink/qdisc.ts';
import type {Sockets} from './sockets.ts';

/** A link's counters; `queueDropped` is what its token bucket refused, which the link itself does not count. */
export interface QueuedLinkStats extends LinkStats {
  readonly queueDropped: number;
}

/**
 * Counters of the host's links by name; what is not there is left out. One dump however many are asked for (3 ms for 900
 * links), and one of the qdiscs if any of them has a bucket.
 */
export function readLinkStats(
  {sockets}: {readonly sockets: Sockets},
  names: Iterable<string>,
): ReadonlyMap<string, QueuedLinkStats> {
  const wanted = new Set(names);
  if (wanted.size === 0) return new Map();
  const links = sockets
    .route('')
    .dump(dumpLinks())
    .map(decodeLink)
    .filter(({name}) => wanted.has(name));
  const dropped = bucketDrops(sockets, links);
  return new Map(
    links.map(({name, index, stats}) => [name, {...stats, queueDropped: dropped.get(index) ?? 0}] as const),
  );
}

/** By ifindex. */
function bucketDrops(sockets: Sockets, links: readonly LinkInfo[]): ReadonlyMap<number, number> {
  if (!links.some(({qdisc}) => qdisc === 'tbf')) return new Map();
  const buckets = sockets
    .route('')
    .dump(dumpQdiscs())
    .map(decodeQdisc)
    .filter(({tbf}) => tbf !== null);
  return new Map(buckets.map(({index, stats}) => [index, stats.drops]));
}
