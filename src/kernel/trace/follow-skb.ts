import type {NamespacePath} from '../item.ts';
import type {SkbEvent} from './skb-event.ts';

/** A device with two ends: what is sent into `link` in `ns` comes out of the other. */
export interface VethPair {
  readonly host: string;
  readonly inside: string;
  readonly ns: NamespacePath;
}

/** One passing of a link. `ns` null: a namespace that nobody told us of. */
export interface Passage {
  readonly ns: NamespacePath | null;
  readonly link: string;
  readonly event: 'send' | 'receive';
  readonly atUs: number;
}

export interface SkbPath {
  readonly skb: string;
  readonly passages: readonly Passage[];
  /** Null: it waits in a queue, or nothing more was recorded. */
  readonly end: Extract<SkbEvent, {event: 'drop' | 'consume'}> | null;
  readonly startUs: number;
  readonly endUs: number;
}

/** How to know the packet's first event among everybody's. */
export interface FirstSight {
  readonly ns: NamespacePath;
  /** Link that the route leads to; null when it is not known. */
  readonly link: string | null;
  readonly etherType: number;
  /** Bytes from the IP header on; null when it is not known. */
  readonly l3Length: number | null;
  /** Process that sent it; null when it was somebody's: then the last one counts. */
  readonly pid: number | null;
  readonly afterUs: number;
  readonly beforeUs: number;
}

/** The path of the first packet that looks like `sight`, or null. Pure; the events are in the order of time. */
export function followSkb(
  events: readonly SkbEvent[],
  sight: FirstSight,
  veths: readonly VethPair[],
): SkbPath | null {
  const first = firstEvent(events, sight);
  return first === undefined ? null : pathFrom(events, first, {ns: sight.ns, veths});
}

/** What waits for an ARP answer leaves in the time of whoever brings that: the process decides only between several. */
function firstEvent(events: readonly SkbEvent[], sight: FirstSight): SkbEvent | undefined {
  const candidates = events.filter(event => looksLike(event, sight));
  if (sight.pid === null) return candidates.at(-1);
  const ours = (event: SkbEvent): boolean => event.pid === sight.pid;
  return candidates.find(ours) ?? candidates[0] ?? events.find(e => ours(e) && looksLike(e, {...sight, l3Length: null}));
}

/** The packet that answers `path`: the first that is sent where it arrived, by the same kind, before much else happens. */
export function followAnswer(
  events: readonly SkbEvent[],
  path: SkbPath,
  {etherType, veths}: {readonly etherType: number; readonly veths: readonly VethPair[]},
): SkbPath | null {
  const last = path.passages.at(-1);
  if (last === undefined || last.event !== 'receive' || last.ns === null) return null;
  const first = events.find(
    event =>
      event.event === 'send' &&
      event.etherType === etherType &&
      event.link === last.link &&
      event.atUs >= last.atUs &&
      event.skb !== path.skb,
  );
  return first === undefined ? null : pathFrom(events, first, {ns: last.ns, veths});
}

/** A packet of ours that never reached a device: dropped in our own time. */
export function dropBeforeDevice(events: readonly SkbEvent[], {etherType, pid, afterUs}: FirstSight): SkbPath | null {
  const end = events.find(
    event => event.event === 'drop' && event.etherType === etherType && event.pid === pid && event.atUs >= afterUs,
  );
  if (end?.event !== 'drop') return null;
  return {skb: end.skb, passages: [], end, startUs: end.atUs, endUs: end.atUs};
}

function looksLike(event: SkbEvent, sight: FirstSight): boolean {
  return (
    event.event === 'send' &&
    event.atUs >= sight.afterUs &&
    event.atUs <= sight.beforeUs &&
    event.etherType === sight.etherType &&
    (sight.link === null || event.link === sight.link) &&
    (sight.l3Length === null || event.l3Length === sight.l3Length)
  );
}

/** All events of one buffer from `first` on, until it is freed: after that its address is another packet's. */
function pathFrom(
  events: readonly SkbEvent[],
  first: SkbEvent,
  {ns, veths}: {readonly ns: NamespacePath; readonly veths: readonly VethPair[]},
): SkbPath {
  const passages: Passage[] = [];
  let here: NamespacePath | null = ns;
  for (const event of events.slice(events.indexOf(first))) {
    if (event.skb !== first.skb) continue;
    if (event.event === 'drop' || event.event === 'consume')
      return {skb: first.skb, passages, end: event, startUs: first.atUs, endUs: event.atUs};
    if (event.event === 'receive' && passages.at(-1)?.event === 'send') here = otherEnd(passages.at(-1)!, event.link, veths);
    passages.push({ns: here, link: event.link, event: event.event, atUs: event.atUs});
  }
  return {skb: first.skb, passages, end: null, startUs: first.atUs, endUs: passages.at(-1)?.atUs ?? first.atUs};
}

/** The namespace in which what was sent at `from` is received by `link`. */
function otherEnd(from: Passage, link: string, veths: readonly VethPair[]): NamespacePath | null {
  if (from.link === link && link === 'lo') return from.ns;
  if (from.ns === '') return veths.find(({host, inside}) => host === from.link && inside === link)?.ns ?? null;
  if (from.ns === null) return null;
  return veths.some(({ns, inside, host}) => ns === from.ns && inside === from.link && host === link) ? '' : null;
}
