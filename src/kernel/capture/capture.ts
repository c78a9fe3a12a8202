import {closeSync, constants, openSync} from 'node:fs';
import {setImmediate as nextTurn, setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import type {Filter} from '../pcap-filter/filter.ts';
import {followLinks} from './follow-links.ts';
import type {CaptureNative, PacketCounts} from './source.ts';
import {createSourceSet} from './source-set.ts';
import {createSweep} from './sweep.ts';
import type {ChooseTaps, Tap} from './taps.ts';

export interface CaptureSpec {
  readonly native: CaptureNative;
  /** Path of the network namespace to listen in; null is the one we are in. */
  readonly netns: string | null;
  readonly choose: ChooseTaps;
  /** Only the interface of this name, of those chosen. */
  readonly interface: string | null;
  readonly filter: Filter;
  /** Bytes kept of a packet. */
  readonly snaplen: number;
}

/** With the addon given. */
export type OpenCapture = (spec: Omit<CaptureSpec, 'native'>) => Capture;

export type CaptureEvent =
  /** Before the first packet with this id; ids count from 0. */
  | {readonly kind: 'tap'; readonly id: number; readonly tap: Tap}
  /** Records as of Native.receivePackets(), which the receiver may overwrite. */
  | {readonly kind: 'packets'; readonly id: number; readonly records: Buffer};

export interface Capture {
  /**
   * What came since, in the order of time; at most 256 KiB a source. Nothing is read from the kernel between calls: a slow
   * caller costs packets, which the kernel counts, and no memory. Null when the capture is over: stopped, closed, or no
   * interface left.
   */
  next(): Promise<readonly CaptureEvent[] | null>;
  /** Ends it with what has arrived until now. */
  stop(): void;
  /** By tap, those that are gone included. */
  counts(): ReadonlyMap<number, PacketCounts>;
  /** Ends it at once, and a next() under way. */
  close(): void;
}

/**
 * The kernel begins to stamp packets when the first socket wants it, but in a work item (netstamp_work): a packet before
 * that gets the time at which it is read. Who waits for the first next() sends later.
 */
const stampMs = 10;
/** After the first packet: what comes in this time is read together. */
const gatherMs = 4;

/** Listens when it returns. Throws ERR_BAD_REQUEST when there is no interface to listen on. */
export function openCapture(spec: CaptureSpec): Capture {
  const {native, netns, filter, snaplen} = spec;
  const netnsFd = netns === null ? undefined : openSync(netns, constants.O_RDONLY);
  const bell = createBell();
  let [linksChanged, closed] = [true, false];
  let stopAtMs = Number.POSITIVE_INFINITY;
  const links = followLinks({
    native,
    netnsFd,
    onChange() {
      linksChanged = true;
      bell.ring();
    },
  });
  const sources = createSourceSet({native, netnsFd, filter, snaplen, onReady: bell.ring});
  const sweep = createSweep();

  const retap = (): readonly CaptureEvent[] => {
    if (!linksChanged) return [];
    linksChanged = false;
    const present = links.read();
    const taps = spec.choose(present).filter(({link}) => spec.interface === null || link.name === spec.interface);
    return sources.become(taps).map(({id, tap}) => ({kind: 'tap', id, tap}));
  };
  const close = (): void => {
    if (closed) return;
    closed = true;
    sources.become([]);
    links.close();
    if (netnsFd !== undefined) closeSync(netnsFd);
    bell.ring();
  };
  const wait = async (holding: boolean): Promise<void> => {
    if (holding) return sleep(1);
    if (linksChanged || closed || sources.all().some(source => source.ready())) return;
    await bell.rung();
    if (!closed && !Number.isFinite(stopAtMs)) await sleep(gatherMs);
  };

  let first: readonly CaptureEvent[];
  try {
    first = retap();
    if (first.length === 0) throw nothingToTap(spec, links.read());
  } catch (error) {
    close();
    throw error;
  }
  return {
    async next() {
      // Promises alone would never let the event loop go on as long as packets come faster than they are taken.
      await (first.length > 0 ? sleep(stampMs) : nextTurn());
      for (;;) {
        const taps = [...first, ...(closed ? [] : retap())];
        first = [];
        const stopMs = stopAtMs;
        const {runs, complete, holding} = await sweep(sources.all, stopMs);
        const packets = runs.map(({source, records}): CaptureEvent => ({kind: 'packets', id: source, records}));
        if (taps.length + packets.length > 0 && !closed) return [...taps, ...packets];
        if (closed || (sources.all().length === 0 && !holding) || (complete && Number.isFinite(stopMs))) return null;
        await wait(holding);
      }
    },
    stop() {
      stopAtMs = Math.min(stopAtMs, Date.now() + 1);
      bell.ring();
    },
    counts: sources.counts,
    close,
  };
}

/** Rung before anyone waits, it is heard by the next. */
function createBell(): {ring(): void; rung(): Promise<void>} {
  let wake = (): void => {};
  let [ringing, waiting] = [false, false];
  return {
    ring() {
      ringing = true;
      if (waiting) wake();
    },
    async rung() {
      if (!ringing) {
        waiting = true;
        await new Promise<void>(resolve => (wake = resolve));
      }
      [ringing, waiting] = [false, false];
    },
  };
}

function nothingToTap(spec: CaptureSpec, links: ReturnType<ReturnType<typeof followLinks>['read']>): TnetError {
  const known = spec.choose(links).map(({link}) => link.name);
  const what = spec.interface === null ? 'Cannot capture' : `Cannot capture on interface "${spec.interface}"`;
  const there =
    known.length === 0 ? 'no interface is up' : `there is none of that name that is up; there are ${known.join(', ')}`;
  return new TnetError('ERR_BAD_REQUEST', `${what}: ${there}`);
}
