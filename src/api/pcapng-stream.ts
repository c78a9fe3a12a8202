import {
  encodeInterface,
  encodeSection,
  encodeStatistics,
  type InterfaceDescription,
  sealPackets,
} from './pcapng-encode.ts';

/** What is listened on, as far as a file says it. */
interface StreamedTap {
  readonly type: InterfaceDescription['type'];
  readonly link: {readonly name: string; readonly mac: string | null};
}

type StreamedEvent<T> =
  | {readonly kind: 'tap'; readonly id: number; readonly tap: T}
  | {readonly kind: 'packets'; readonly id: number; readonly records: Buffer};

/** The kernel's, seen from the wire. */
interface StreamedCapture<T> {
  next(): Promise<readonly StreamedEvent<T>[] | null>;
  counts(): ReadonlyMap<number, {readonly accepted: number; readonly dropped: number}>;
  close(): void;
}

export interface CaptureLabels<T> {
  /** Program and version. */
  readonly application: string;
  /** What is captured. */
  readonly comment: string;
  /** The filter as it was typed. */
  readonly filter: string;
  readonly snaplen: number;
  describe(tap: T): string;
}

/** Packets after which the capture ends by itself; null is never. */
type Limit = number | null;

/** A capture as pcapng, one piece a turn: the next is made when the last was taken. `return()` ends it at once. */
export function streamCapture<T extends StreamedTap>(
  capture: StreamedCapture<T>,
  labels: CaptureLabels<T>,
  limit: Limit,
): AsyncIterable<Uint8Array> {
  let left = limit ?? Number.POSITIVE_INFINITY;
  let state: 'begin' | 'run' | 'end' = 'begin';
  const encode = (event: StreamedEvent<T>): Buffer => {
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

function encodeTap<T extends StreamedTap>(tap: T, labels: CaptureLabels<T>): Buffer {
  return encodeInterface({
    type: tap.type,
    snaplen: labels.snaplen,
    name: tap.link.name,
    description: labels.describe(tap),
    mac: tap.link.mac,
    filter: labels.filter,
  });
}

function encodeCounts(capture: Pick<StreamedCapture<unknown>, 'counts'>): readonly Buffer[] {
  const timeMs = Date.now();
  return [...capture.counts()]
    .sort(([a], [b]) => a - b)
    .map(([id, {accepted, dropped}]) => encodeStatistics({id, timeMs, accepted, dropped}));
}
