import {setImmediate as nextTurn} from 'node:timers/promises';
import {type Batch, mergeRecords, nextRecord, recordTime} from './records.ts';
import type {Source} from './source.ts';

export interface Swept {
  readonly runs: readonly Batch[];
  /** Nothing is left of what had come before `untilMs`. */
  readonly complete: boolean;
  /** Something is kept until its turn comes: sweep again within a millisecond or two. */
  readonly holding: boolean;
}

/** Reads `sources` and returns what came up to `untilMs` (since 1970), in the order of time. */
export type Sweep = (sources: () => readonly Source[], untilMs: number) => Promise<Swept>;

/** Of one source in one turn: ~2,000 small packets, 1 ms of work. */
const turnBytes = 256 * 1024;
/** After which others of this process get their turn. */
const turnMs = 2;
/** A clock set back must not keep packets for longer. */
const maxHoldMs = 100;

/**
 * Sources are read one after another, so one that was read early may get a packet older than the last of another. What is
 * younger than the beginning of a sweep therefore waits for the next one; a source with something waiting is not asked
 * for more, which bounds the memory.
 */
export function createSweep(): Sweep {
  let held: readonly Batch[] = [];
  let heldSince = 0;
  return async (sources, untilMs) => {
    const stopping = Number.isFinite(untilMs);
    const patient = held.length === 0 || performance.now() - heldSince < maxHoldMs;
    const several = sources().length > 1 && patient;
    const startNs = (several ? Math.min(Date.now(), untilMs) : untilMs) * 1e6;
    const read = await readAll(
      sources().filter(source => (stopping || source.ready()) && !held.some(({source: id}) => id === source.id)),
      sources,
    );
    const limitNs = several ? Math.min(startNs, ...read.unreadAfterNs) : startNs;
    const {runs, rest} = mergeRecords([...held, ...read.batches], limitNs);
    if (held.length === 0 || runs.length > 0) heldSince = performance.now();
    held = rest;
    const complete = read.unreadAfterNs.every(time => time > untilMs * 1e6) && restIsLater(rest, untilMs);
    return {runs, complete, holding: rest.length > 0};
  };
}

/** With pauses for others; sources that are closed meanwhile are left out. */
async function readAll(
  wanted: readonly Source[],
  present: () => readonly Source[],
): Promise<{batches: readonly Batch[]; unreadAfterNs: readonly number[]}> {
  const batches: Batch[] = [];
  const unreadAfterNs: number[] = [];
  let turn = performance.now();
  for (const source of wanted) {
    if (performance.now() - turn > turnMs) {
      await nextTurn();
      turn = performance.now();
    }
    if (!present().includes(source)) continue;
    const {batches: read, drained} = source.read({maxBytes: turnBytes, maxMs: turnMs});
    batches.push(...read.map(records => ({source: source.id, records})));
    if (!drained) unreadAfterNs.push(lastTime(read.at(-1)!));
  }
  return {batches, unreadAfterNs};
}

function restIsLater(rest: readonly Batch[], untilMs: number): boolean {
  return rest.every(({records}) => recordTime(records, 0) > untilMs * 1e6);
}

function lastTime(records: Buffer): number {
  let time = 0;
  for (let at = 0; at < records.length; at = nextRecord(records, at)) time = recordTime(records, at);
  return time;
}
