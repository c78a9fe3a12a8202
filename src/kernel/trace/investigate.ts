import {type Ip, ipFamily} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {ConntrackInfo} from '../netlink/conntrack.ts';
import type {Sockets} from '../sockets.ts';
import type {ChainRun} from './chain-run.ts';
import type {DirectedRun, RouteFact, TraceFacts, TraceSpec} from './facts.ts';
import {dropBeforeDevice, type FirstSight, followAnswer, followSkb, type SkbPath} from './follow-skb.ts';
import type {PacketHeaders} from './headers.ts';
import {flowOf, linksOf, routeOf, type SocketQuestion, socketsFor} from './inquire.ts';
import {traceTablePrefix} from './nft-watch.ts';
import type {Observation, ObserveParts} from './observe.ts';
import {namespacesOf} from './watches.ts';

/** In each namespace in the order in which they came. */
export type Runs = readonly {readonly ns: NamespacePath; readonly run: ChainRun}[];

interface Evidence {
  readonly observation: Observation;
  /** Ours that trace are among them. */
  readonly runs: Runs;
}

const etherTypes = {4: 0x0800, 6: 0x86dd} as const;

/** From what was seen to what it means, with the kernel's answers to what follows from it. */
export function investigate(parts: ObserveParts, spec: TraceSpec, {observation, runs: all}: Evidence): TraceFacts {
  const {sockets} = parts;
  const source = routeOf(sockets, spec.from, {to: spec.to});
  const first = firstHeaders(spec, all);
  const id = observation.id ?? first?.sport ?? first?.echoId ?? 0;
  const mine = all.filter(({run}) => concerns(run.headers, id));
  const links = new Map(namespacesOf(spec).map(ns => [ns, linksOf(sockets, ns)]));
  const sight = firstSight(spec, {observation, source, links});
  const {events, answer} = observation;
  const told = answer.kind === 'unreachable' ? 'host unreachable' : 'nothing';
  const path = followSkb(events, sight, spec.veths) ?? dropBeforeDevice(events, sight, told);
  const flow = first === null ? null : flowOf(sockets, first);
  const arrival = findArrival(spec, {sockets, source, flow, last: lastHeaders(spec, mine, id)});
  const saddr = first?.saddr ?? source.route?.prefsrc ?? null;
  return {
    spec,
    source: saddr,
    id,
    answer,
    runs: directRuns(spec, mine, id),
    path,
    reply: path && followAnswer(events, path, {etherType: sight.etherType, veths: spec.veths, to: spec.from}),
    recordingProblem: observation.recordingProblem,
    links,
    routes: {
      source,
      answer: answerRoute(sockets, arrival.ns, flow?.reply.dst ?? saddr),
      ...hostRoutes(spec, {sockets, entrance: entranceOf(path, mine, links), to: arrival.address, saddr}),
    },
    flow,
    arrival,
    sockets: takersOf(parts, spec, arrival),
  };
}

/** A retransmission and what follows on the connection pass the same chains: the first of each direction tells the way. */
function directRuns({from}: TraceSpec, runs: Runs, id: number): readonly DirectedRun[] {
  const seen = new Set<string>();
  const directed = runs.flatMap(({ns, run}): DirectedRun[] => {
    const direction = run.headers.sport === id || run.headers.echo === 'request' ? 'out' : 'back';
    const key = [ns, run.family, run.table, run.chain, direction].join(' ');
    if (run.table.startsWith(traceTablePrefix) || seen.has(key)) return [];
    seen.add(key);
    return [{ns, direction, run}];
  });
  // What the source's namespace does to an incoming packet comes last: it may send to itself by way of the host.
  const leaving = ({ns, direction, run}: DirectedRun): boolean =>
    ns !== from || (run.hook === 'output' || run.hook === 'postrouting') === (direction === 'out');
  return [...directed.filter(leaving), ...directed.filter(run => !leaving(run))];
}

/** The packet as sent: what our own chains saw, before anything was translated. */
function firstHeaders({from, to, port}: TraceSpec, runs: Runs): PacketHeaders | null {
  const own = runs.filter(({run}) => run.table.startsWith(traceTablePrefix));
  const first = [...own.filter(({ns}) => ns === from), ...own].find(
    ({run}) => run.headers.daddr === to && (port === null || run.headers.dport === port),
  );
  return first?.run.headers ?? null;
}

/** A translation shows in the next chain; where there was none any more, it is the expected one. */
function lastHeaders({expected}: TraceSpec, runs: Runs, id: number): PacketHeaders | null {
  const last = runs.findLast(({run}) => run.headers.sport === id || run.headers.echo === 'request')?.run;
  if (last === undefined) return null;
  const translated = expected !== null && last.hits.some(({text}) => text !== null && /\bdnat to\b/.test(text));
  return translated ? {...last.headers, daddr: expected.address, dport: expected.port} : last.headers;
}

function concerns({sport, dport, echoId}: PacketHeaders, id: number): boolean {
  return sport === id || dport === id || echoId === id;
}

function firstSight(
  {from, to, mode, expected}: TraceSpec,
  {observation, source, links}: {observation: Observation; source: RouteFact; links: TraceFacts['links']},
): FirstSight {
  const probe = mode.kind === 'probe';
  // On the host, DNAT in the output hook changes the way after the route was found.
  const adjustByd = from === '' && expected !== null && expected.address !== to;
  const link = adjustByd ? undefined : links.get(from)?.find(({index}) => index === source.route?.oif);
  return {
    ns: from,
    link: link?.name ?? null,
    etherType: etherTypes[ipFamily(to)],
    l3Length: observation.l3Length,
    pid: probe ? process.pid : null,
    afterUs: observation.startUs,
    beforeUs: observation.endUs,
  };
}

/** After DNAT the answers come from where the packet went: the flow knows; without one, the last rules that saw the packet. */
function findArrival(
  {from, to, port, homes}: TraceSpec,
  {
    sockets,
    source,
    flow,
    last,
  }: {sockets: Sockets; source: RouteFact; flow: ConntrackInfo | null; last: PacketHeaders | null},
): TraceFacts['arrival'] {
  const address = flow?.reply.src ?? last?.daddr ?? to;
  const at = {address, port: port === null ? null : (flow?.reply.srcPort ?? last?.dport ?? port)};
  const home = homes.find(candidate => candidate.address === address);
  if (home !== undefined) return {...at, ns: home.ns};
  if (address === to && source.route?.type === 'local') return {...at, ns: from};
  return {...at, ns: routeOf(sockets, '', {to: address}).route?.type === 'local' ? '' : null};
}

function takersOf(
  parts: ObserveParts,
  {proto}: TraceSpec,
  {ns, address, port}: TraceFacts['arrival'],
): TraceFacts['sockets'] {
  if (proto === 'icmp' || ns === null || port === null) return [];
  const question: SocketQuestion = {ns, proto, address, port};
  return socketsFor(parts, question);
}

/** Asked only where the host routes: a frame between two ports of a bridge comes to no routing table. */
function hostRoutes(
  {from}: TraceSpec,
  {sockets, entrance, to, saddr}: {sockets: Sockets; entrance: number | null; to: Ip; saddr: Ip | null},
): Pick<TraceFacts['routes'], 'forward' | 'back'> {
  if (from === '') return {forward: routeOf(sockets, '', {to}), back: null};
  if (entrance === null || saddr === null) return {forward: null, back: null};
  return {
    forward: routeOf(sockets, '', {to, from: saddr, iif: entrance}),
    back: routeOf(sockets, '', {to: saddr}),
  };
}

function answerRoute(sockets: Sockets, ns: NamespacePath | null, to: Ip | null): RouteFact | null {
  return ns === null || to === null ? null : routeOf(sockets, ns, {to});
}

/** ifindex of the host's link by which the packet came to IP: no port of a bridge, but the bridge itself. */
function entranceOf(path: SkbPath | null, runs: Runs, links: TraceFacts['links']): number | null {
  const host = links.get('') ?? [];
  const received = (path?.passages ?? []).flatMap(({ns, link, event}) =>
    ns === '' && event === 'receive' ? (host.find(({name}) => name === link) ?? []) : [],
  );
  const hooked = runs.find(({ns, run}) => ns === '' && run.hook === 'prerouting')?.run.iif ?? null;
  return path === null ? hooked : (received.find(({masterIndex}) => masterIndex === null)?.index ?? null);
}
