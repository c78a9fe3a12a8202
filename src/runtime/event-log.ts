import type {Emit, Event} from '../model/event.ts';

/** From when to when; null is open: without both ends only what happens from now on. */
export interface EventSpan {
  readonly sinceNs: bigint | null;
  readonly untilNs: bigint | null;
}

/** What happened lately, and what happens. A daemon's memory: it begins empty. */
export interface EventLog {
  readonly emit: Emit;
  /** Ends at `untilNs`, when the log is closed, and for a reader who is further behind than the log remembers. */
  read(span: EventSpan): AsyncIterableIterator<Event>;
  close(): void;
}

/** Docker remembers 256 (moby daemon/events). */
const remembered = 1024;
const longestTimerMs = 2 ** 31 - 1;

export function createEventLog(now: () => Date): EventLog {
  const recent: Event[] = [];
  const readers = new Set<Reader>();
  let lastNs = 0n;
  const timeNs = (): bigint => {
    const clock = BigInt(now().getTime()) * 1_000_000n;
    lastNs = clock > lastNs ? clock : lastNs + 1n; // two in a millisecond keep their order
    return lastNs;
  };
  const past = ({sinceNs, untilNs}: EventSpan): readonly Event[] =>
    sinceNs === null && untilNs === null
      ? []
      : recent.filter(event => event.timeNs >= (sinceNs ?? 0n) && (untilNs === null || event.timeNs <= untilNs));
  return {
    emit(happening) {
      const event = {...happening, timeNs: timeNs()};
      if (recent.push(event) > remembered) recent.shift();
      for (const reader of readers) reader.push(event);
    },
    read(span) {
      const reader = createReader(past(span), () => readers.delete(reader));
      readers.add(reader);
      if (span.untilNs !== null) endAt(reader, Number(span.untilNs / 1_000_000n) - now().getTime());
      return reader.events;
    },
    close() {
      for (const reader of [...readers]) reader.end();
    },
  };
}

interface Reader {
  readonly events: AsyncIterableIterator<Event>;
  push(event: Event): void;
  /** Nothing follows; what waits is still read. */
  end(): void;
  readonly ended: Promise<void>;
}

function createReader(past: readonly Event[], leave: () => void): Reader {
  const waiting = [...past];
  let wake = (): void => {};
  let open = true;
  let resolveEnded = (): void => {};
  const ended = new Promise<void>(resolve => (resolveEnded = resolve));
  const end = (): void => {
    open = false;
    leave();
    resolveEnded();
    wake();
  };
  const events: AsyncIterableIterator<Event> = {
    async next() {
      while (waiting.length === 0 && open) await new Promise<void>(resolve => (wake = resolve));
      const value = waiting.shift();
      return value === undefined ? {done: true, value} : {done: false, value};
    },
    async return() {
      waiting.length = 0;
      end();
      return {done: true, value: undefined};
    },
    [Symbol.asyncIterator]: () => events,
  };
  const push = (event: Event): void => {
    if (waiting.push(event) > remembered) end();
    wake();
  };
  return {events, push, end, ended};
}

function endAt(reader: Reader, inMs: number): void {
  if (inMs <= 0) return void reader.end();
  const timer = setTimeout(() => endAt(reader, inMs - longestTimerMs), Math.min(inMs, longestTimerMs));
  void reader.ended.then(() => clearTimeout(timer));
}
