import {encodeInterface, encodeSection, encodeStatistics, sealPackets} from '../api/pcapng-encode.ts';
import type {Capture, CaptureEvent} from '../kernel/capture/capture.ts';
import type {Tap} from '../kernel/capture/taps.ts';

export interface CaptureLabels {
  /** Program and version. */
  readonly application: string;
  /** What is captured. */
  readonly comment: string;
  /** The filter as it was typed. */
  readonly filter: string;
  readonly snaplen: number;
  describe(tap: Tap): string;
}

/** Packets after which the capture ends by itself; null is never. */
type Limit = number | null;

/** A capture as pcapng, one piece a turn: the next is made when the last was taken. `return()` ends it at once. */
export function streamCapture(capture: Capture, labels: CaptureLabels, limit: Limit): AsyncIterable<Uint8Array> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let state: 'begin' | 'run' | 'end' = 'begin';
  const encode = (event: CaptureEvent): Buffer => {
    if (event.kind === 'tap') return encodeTap(event.tap, labels);
    const {bytes, packets} = sealPackets(event.records, event.id, left);
    left -= packets;
    return event.records.subarray(0, bytes);
  };
  const next = async (): Promise<Buffer | null> => {
    if (state === 'end') return null;
    const events = left > 0 ? await capture.next() : null;
    const head = state === 'begin' ? [encodeSection(labels)] : [];
    state = events === null ? 'end' : 'run';
    if (events !== null) return Buffer.concat([...head, ...events.map(encode)]);
    const statistics = encodeCounts(capture);
    capture.close();
    return Buffer.concat([...head, ...statistics]);
  };
  return {
    [Symbol.asyncIterator]: () => ({
      async next() {
        const value = await next();
        return value === null ? {done: true, value: undefined} : {done: false, value};
      },
      async return() {
        state = 'end';
        capture.close();
        return {done: true, value: undefined};
      },
    }),
  };
}

function encodeTap(tap: Tap, labels: CaptureLabels): Buffer {
  return encodeInterface({
    type: tap.type,
    snaplen: labels.snaplen,
    name: tap.link.name,
    description: labels.describe(tap),
    mac: tap.link.mac,
    filter: labels.filter,
  });
}

function encodeCounts(capture: Capture): readonly Buffer[] {
  const timeMs = Date.now();
  return [...capture.counts()]
    .sort(([a], [b]) => a - b)
    .map(([id, {accepted, dropped}]) => encodeStatistics({id, timeMs, accepted, dropped}));
}
