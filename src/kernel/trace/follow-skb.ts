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
export function followSkb(events: readonly SkbEvent[], sight: FirstSight, veths: readonly VethPair[]): SkbPath | null {
  const inside = veths.some(({ns, inside: link}) => ns === sight.ns && link === sight.link);
  const paths = firstEvents(events, sight).map(first => pathFrom(events, first, {ns: sight.ns, veths}));
  // Links of other namespaces have the same names: what comes out elsewhere went in elsewhere.
  return paths.find(({passages}) => !inside || passages[1]?.ns !== null) ?? null;
}

/** The likeliest first. What waits for an ARP answer leaves in the time of whoever brings that, so the process alone does not decide. */
function firstEvents(events: readonly SkbEvent[], sight: FirstSight): readonly SkbEvent[] {
  const candidates = events.filter(event => looksLike(event, sight));
  if (sight.pid === null) return candidates.reverse();
  const ours = (event: SkbEvent): boolean => event.pid === sight.pid;
  const ofAnyLength = events.filter(event => ours(event) && looksLike(event, {...sight, l3Length: null}));
  return [...candidates.filter(ours), ...candidates, ...ofAnyLength];
}

/** A kernel or a server that answers does so at once; what comes later is somebody else's packet. */
const answerWithinUs = 50_000;

/** The packet that answers `path`: the first of its kind that is sent where it arrived. Null when it did not arrive. */
export function followAnswer(
  events: readonly SkbEvent[],
  path: SkbPath,
  {etherType, veths}: {readonly etherType: number; readonly veths: readonly VethPair[]},
): SkbPath | null {
  const last = path.passages.at(-1);
  if (path.end?.event === 'drop' && path.end.reason !== 'NO_SOCKET') return null;
  if (last === undefined || last.event !== 'receive' || last.ns === null) return null;
  const first = events.find(
    event =>
      event.event === 'send' &&
      event.etherType === etherType &&
      event.link === last.link &&
      event.atUs >= last.atUs &&
      event.atUs <= last.atUs + answerWithinUs &&
      event.skb !== path.skb,
  );
  return first === undefined ? null : pathFrom(events, first, {ns: last.ns, veths});
}

/** Sending is one system call; later drops in our time are our own sockets being emptied. */
const sendWithinUs = 10_000;

/** A packet of ours that never reached a device: dropped in our own time. */
export function dropBeforeDevice(events: readonly SkbEvent[], {etherType, pid, afterUs}: FirstSight): SkbPath | null {
  const drops = events.flatMap(event => (event.event === 'drop' && event.etherType === etherType ? [event] : []));
  const recent = drops.filter(({atUs}) => atUs >= afterUs);
  // A timer gives up waiting for an ARP answer, in nobody's time.
  const ours = recent.find(drop => drop.pid === pid && drop.atUs <= afterUs + sendWithinUs);
  const end = ours ?? recent.find(({reason}) => reason === 'NEIGH_FAILED');
  if (end === undefined) return null;
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
    if (event.event === 'receive' && passages.at(-1)?.event === 'send')
      here = otherEnd(passages.at(-1)!, event.link, veths);
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
