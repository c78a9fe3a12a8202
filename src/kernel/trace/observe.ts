import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import {ipFamily} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {Native} from '../native.ts';
import type {NftTrace} from '../netlink/nftables/nftrace.ts';
import type {Sockets} from '../sockets.ts';
import type {TraceSpec} from './facts.ts';
import {packetLength} from './headers.ts';
import {type Answer, openProbe} from './probe.ts';
import type {SkbEvent} from './skb-event.ts';
import {recordSkbs, type SkbRecording} from './tracefs.ts';
import {collect, type Ends, followMatches, openWatches, type Watches} from './watches.ts';

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
  use: (observation: Observation, watches: Watches) => Promise<T>,
): Promise<T> {
  const ends: Ends = [];
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

interface Stage {
  readonly signal: AbortSignal;
  readonly recording: SkbRecording | null;
  readonly ends: Ends;
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
    ends: stage.ends,
    matchesIn: () => (proto === 'icmp' ? [{...both, icmpId: id}] : ports),
  });
  const collected = collect(watches);
  await stage.recording?.begin();
  const startUs = nowUs();
  const calm = setTimeout(() => void stage.recording?.calm().catch(() => {}), calmMs);
  stage.ends.push(() => clearTimeout(calm));
  const dropped = collected.untilDropped(stage.ends);
  const answer = await orAborted(Promise.race([probe.send(spec.mode.timeoutMs), dropped]), stage.signal);
  await sleep(settleMs);
  return {seen: {id, l3Length, answer, traces: collected.all(), startUs, endUs: nowUs()}, watches};
}

async function awaitPacket(
  parts: ObserveParts,
  spec: TraceSpec,
  stage: Stage,
): Promise<{seen: Seen; watches: Watches}> {
  const watches = openWatches(parts, spec, {ends: stage.ends, matchesIn: ns => followMatches(spec, ns)});
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
