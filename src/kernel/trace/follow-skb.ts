import type {NamespacePath} from '../item.ts';
import type {SkbEvent} from './skb-event.ts';

/** A device with two ends: what is sent into `link` in `ns` comes out of the other. */
export interface VethPair {
  readonly host: string;
  /** Where `host` is, if not on the host: a cable between two sandboxes. */
  readonly hostNs?: NamespacePath;
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

/** The path of the likeliest packet that looks like `sight`, or null. Pure; the events are in the order of time, and the whole machine's. */
export function followSkb(events: readonly SkbEvent[], sight: FirstSight, veths: readonly VethPair[]): SkbPath | null {
  const inside = veths.some(
    ({ns, inside: link, hostNs, host}) =>
      (ns === sight.ns && link === sight.link) || (hostNs === sight.ns && host === sight.link),
  );
  const found = firstEvents(events, sight).find(first => {
    const second = pathFrom(events, first, {ns: sight.ns, veths}).passages[1];
    // Links of other namespaces have the same names: what comes out elsewhere went in elsewhere.
    if (inside) return second !== undefined && second.ns !== null;
    return first.pid === sight.pid || (sight.link !== null && second?.ns !== null);
  });
  return found === undefined ? null : pathFrom(events, found, {ns: sight.ns, veths});
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

export interface AnswerSight {
  readonly etherType: number;
  readonly veths: readonly VethPair[];
  /** Where it must come to, or be dropped on the way to. */
  readonly to: NamespacePath;
}

/** The packet that answers `path`: the first of its kind that is sent where it arrived, towards the asker. Null when it did not arrive. */
export function followAnswer(
  events: readonly SkbEvent[],
  path: SkbPath,
  {etherType, veths, to}: AnswerSight,
): SkbPath | null {
  const last = path.passages.at(-1);
  if (path.end?.event === 'drop' && path.end.reason !== 'NO_SOCKET') return null;
  if (last === undefined || last.event !== 'receive' || last.ns === null) return null;
  const {ns, link, atUs} = last;
  const soon = events.filter(
    event =>
      event.event === 'send' &&
      event.etherType === etherType &&
      event.link === link &&
      event.atUs >= atUs &&
      event.atUs <= atUs + answerWithinUs &&
      event.skb !== path.skb,
  );
  const paths = soon.map(first => pathFrom(events, first, {ns, veths}));
  return paths.find(answer => leadsTo(answer, to, ns)) ?? null;
}

/** It came there, or it verifiably left where it was sent and was dropped later. */
function leadsTo({passages, end}: SkbPath, to: NamespacePath, from: NamespacePath): boolean {
  const [, second] = passages;
  if (second === undefined || second.ns === null) return false;
  return passages.slice(1).some(({ns}) => ns === to) || (from !== '' && end?.event === 'drop');
}

/** Sending is one system call; later drops in our time are our own sockets being emptied. */
const sendWithinUs = 10_000;

/** A packet of ours that never reached a device. */
export function dropBeforeDevice(
  events: readonly SkbEvent[],
  {etherType, pid, afterUs}: FirstSight,
  told: 'host unreachable' | 'nothing',
): SkbPath | null {
  const drops = events.flatMap(event => (event.event === 'drop' && event.etherType === etherType ? [event] : []));
  const recent = drops.filter(({atUs}) => atUs >= afterUs);
  // A timer gives up waiting for an ARP answer, in nobody's time: ours, if we were told so.
  const ours = recent.find(drop => drop.pid === pid && drop.atUs <= afterUs + sendWithinUs);
  const givenUp = told === 'nothing' ? undefined : recent.find(({reason}) => reason === 'NEIGH_FAILED');
  const end = ours ?? givenUp;
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
  const forth = veths.find(
    ({hostNs = '', host, inside}) => hostNs === from.ns && host === from.link && inside === link,
  );
  if (forth !== undefined) return forth.ns;
  const back = veths.find(({ns, inside, host}) => ns === from.ns && inside === from.link && host === link);
  return back === undefined ? null : (back.hostNs ?? '');
}
