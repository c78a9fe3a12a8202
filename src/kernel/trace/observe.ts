import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import {ipFamily} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {Native} from '../native.ts';
import type {NftTrace} from '../netlink/nftables/nftrace.ts';
import type {TraceMatch} from '../netlink/nftables/trace-table.ts';
import type {Sockets} from '../sockets.ts';
import type {TraceSpec} from './facts.ts';
import {packetLength} from './headers.ts';
import {type NftWatch, watchNft} from './nft-watch.ts';
import {type Answer, openProbe} from './probe.ts';
import type {SkbEvent} from './skb-event.ts';
import {recordSkbs, type SkbRecording} from './tracefs.ts';

/** What came in while one packet was on its way. */
export interface Observation {
  /** Source port or identifier of the echo; null when it must be read from the traces. */
  readonly id: number | null;
  readonly l3Length: number | null;
  readonly answer: Answer;
  readonly traces: ReadonlyMap<NamespacePath, readonly NftTrace[]>;
  readonly events: readonly SkbEvent[];
  readonly recordingProblem: string | null;
  /** CLOCK_MONOTONIC, microseconds: between these two the packet was sent. */
  readonly startUs: number;
  readonly endUs: number;
}

export interface ObserveParts {
  readonly native: Native;
  readonly sockets: Sockets;
}

/** After an answer its own traces are still on their way through the kernel's workers. */
const settleMs = 20;
/** By then a probe has passed all links that it will pass. */
const calmMs = 300;
/** Of a packet that somebody else sent, everything has happened by then. */
const followSettleMs = 100;

/** Watches, sends or waits, and gives back what was seen; `use` may still ask the watches for rules. Nothing is left when it is through. */
export async function observe<T>(
  parts: ObserveParts,
  spec: TraceSpec,
  signal: AbortSignal,
  use: (observation: Observation, watches: ReadonlyMap<NamespacePath, NftWatch>) => Promise<T>,
): Promise<T> {
  const ends: (() => void | Promise<void>)[] = [];
  try {
    const {recording, problem} = await startRecording(parts, spec);
    if (recording) ends.push(recording.close);
    signal.throwIfAborted();
    const {seen, watches} = await watchOne(parts, spec, {signal, ends, recording});
    const events = (await recording?.read()) ?? [];
    return await use({...seen, events, recordingProblem: problem}, watches);
  } finally {
    for (const end of ends.reverse()) await end();
  }
}

type Seen = Omit<Observation, 'events' | 'recordingProblem'>;
type Watches = ReadonlyMap<NamespacePath, NftWatch>;

interface Stage {
  readonly signal: AbortSignal;
  readonly recording: SkbRecording | null;
  /** What must be closed, last first. */
  readonly ends: (() => void | Promise<void>)[];
}

async function watchOne(parts: ObserveParts, spec: TraceSpec, stage: Stage): Promise<{seen: Seen; watches: Watches}> {
  return spec.mode.kind === 'probe' ? sendProbe(parts, spec, stage) : awaitPacket(parts, spec, stage);
}

async function sendProbe(parts: ObserveParts, spec: TraceSpec, stage: Stage): Promise<{seen: Seen; watches: Watches}> {
  const family = ipFamily(spec.to);
  const netnsFd = parts.sockets.netnsFd(spec.from);
  const {proto, to} = spec;
  const probe = openProbe({native: parts.native, netnsFd, proto, family, to, port: spec.port ?? 0});
  stage.ends.push(probe.close);
  const {id, l3Length} = probe;
  const both = {proto, family};
  const ports = [
    {...both, sport: id},
    {...both, dport: id},
  ];
  const watches = openWatches(parts, spec, {
    stage,
    matchesIn: () => (proto === 'icmp' ? [{...both, icmpId: id}] : ports),
  });
  const collected = collect(watches);
  await stage.recording?.begin();
  const startUs = nowUs();
  const calm = setTimeout(() => void stage.recording?.calm().catch(() => {}), calmMs);
  stage.ends.push(() => clearTimeout(calm));
  const dropped = collected.untilDropped(stage);
  const answer = await orAborted(Promise.race([probe.send(spec.mode.timeoutMs), dropped]), stage.signal);
  await sleep(settleMs);
  return {seen: {id, l3Length, answer, traces: collected.all(), startUs, endUs: nowUs()}, watches};
}

interface Collected {
  all(): ReadonlyMap<NamespacePath, readonly NftTrace[]>;
  /** When a rule has dropped it, nobody will answer: there is nothing to wait for. A rule that rejects has answered by then. */
  untilDropped(stage: Stage): Promise<Answer>;
}

const pollMs = 40;

function collect(watches: Watches): Collected {
  const traces = new Map<NamespacePath, readonly NftTrace[]>();
  const all = (): ReadonlyMap<NamespacePath, readonly NftTrace[]> => {
    for (const [ns, watch] of watches) traces.set(ns, [...(traces.get(ns) ?? []), ...watch.receive()]);
    return traces;
  };
  return {
    all,
    untilDropped: ({ends}) =>
      new Promise(resolve => {
        const start = performance.now();
        const timer = setInterval(() => {
          const dropped = [...all().values()].flat().some(({verdict}) => verdict === 'drop');
          if (dropped) resolve({kind: 'silence', afterMs: performance.now() - start});
        }, pollMs);
        ends.push(() => clearInterval(timer));
      }),
  };
}

async function awaitPacket(
  parts: ObserveParts,
  spec: TraceSpec,
  stage: Stage,
): Promise<{seen: Seen; watches: Watches}> {
  const watches = openWatches(parts, spec, {stage, matchesIn: ns => followMatches(spec, ns)});
  await stage.recording?.begin();
  const startUs = nowUs();
  const first = new Promise<void>(resolve => {
    for (const watch of watches.values()) stage.ends.push(watch.watch(resolve));
  });
  const late = sleep(spec.mode.timeoutMs, 'late' as const, {ref: false});
  if ((await orAborted(Promise.race([first, late]), stage.signal)) === 'late') throw nobodyCame(spec);
  const endUs = nowUs();
  await sleep(followSettleMs);
  const traces = collect(watches).all();
  const network = [...traces.values()].flat().find(trace => trace.network !== null)?.network;
  const l3Length = network ? packetLength(network) : null;
  const seen: Seen = {id: null, l3Length, answer: {kind: 'unknown'}, traces, startUs, endUs};
  return {seen, watches};
}

/** In the source and on the host by what was asked for; in the destination by what that is translated to. */
function followMatches({to, port, proto, expected, mode, from}: TraceSpec, ns: NamespacePath): readonly TraceMatch[] {
  const both = {proto, family: ipFamily(to)};
  const arrived = ns !== '' && ns !== from && expected !== null;
  const goal = arrived ? {address: expected.address, port: expected.port} : {address: to, port};
  const match = {...both, daddr: goal.address, ...(goal.port === null ? {} : {dport: goal.port})};
  const sources = mode.kind === 'follow' && !arrived ? mode.sources.filter(ip => ipFamily(ip) === both.family) : [];
  return sources.length === 0 ? [match] : sources.map(saddr => ({...match, saddr}));
}

function openWatches(
  {native, sockets}: ObserveParts,
  spec: TraceSpec,
  {stage, matchesIn}: {readonly stage: Stage; readonly matchesIn: (ns: NamespacePath) => readonly TraceMatch[]},
): Watches {
  const watches = new Map<NamespacePath, NftWatch>();
  for (const ns of namespacesOf(spec)) {
    const watch = watchNft({native, netnsFd: sockets.netnsFd(ns), matches: matchesIn(ns)});
    stage.ends.push(watch.close);
    watches.set(ns, watch);
  }
  return watches;
}

/** On the way: the source, the host, the destination. */
export function namespacesOf({from, expected}: TraceSpec): readonly NamespacePath[] {
  return [...new Set([from, '', ...(expected === null ? [] : [expected.ns])])];
}

async function startRecording(
  {native}: ObserveParts,
  {mode}: TraceSpec,
): Promise<{recording: SkbRecording | null; problem: string | null}> {
  try {
    return {
      recording: await recordSkbs(native, mode.kind === 'probe' ? 'keep the first' : 'keep the last'),
      problem: null,
    };
  } catch (error) {
    return {recording: null, problem: (error as Error).message};
  }
}

async function orAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), {once: true});
  });
  return Promise.race([work, aborted]);
}

function nobodyCame({mode, to, port, proto}: TraceSpec): TnetError {
  const what = `${proto} to ${to}${port === null ? '' : ` port ${port}`}`;
  return new TnetError('ERR_TIMEOUT', `no packet of ${what} came within ${mode.timeoutMs / 1000} s: is there traffic?`);
}

function nowUs(): number {
  return Number(process.hrtime.bigint() / 1000n);
}
