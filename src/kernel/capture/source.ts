import {closeSync} from 'node:fs';
import type {Fd, Native} from '../native.ts';
import type {Tap} from './taps.ts';

export type CaptureNative = Pick<
  Native,
  | 'openPacket'
  | 'receivePackets'
  | 'packetCounts'
  | 'watch'
  | 'openNetlink'
  | 'joinGroup'
  | 'receive'
  | 'request'
  | 'requestAsync'
>;

/** Since the beginning. `accepted` is what the filter let through, `dropped` what of it found no room. */
export interface PacketCounts {
  readonly accepted: number;
  readonly dropped: number;
}

/** Reached, they are exceeded by up to 64 packets. */
export interface ReadLimits {
  readonly maxBytes: number;
  readonly maxMs: number;
}

/** The packet socket of one tap. */
export interface Source {
  readonly id: number;
  readonly tap: Tap;
  /** Whether packets may wait: they came, and were not yet read to the end. */
  ready(): boolean;
  /** What waits, as far as `maxBytes` and `maxMs` go; `drained` when that was all. */
  read(limits: ReadLimits): {readonly batches: readonly Buffer[]; readonly drained: boolean};
  counts(): PacketCounts;
  close(): void;
}

export interface SourceSpec {
  readonly native: CaptureNative;
  readonly id: number;
  readonly tap: Tap;
  readonly filter: Uint8Array;
  readonly bufferSize: number;
  readonly netnsFd: Fd | undefined;
  /** Called when it becomes ready. */
  readonly onReady: () => void;
}

/** Throws what openPacket does: ENODEV when the link has just gone. */
export function openSource({native, id, tap, filter, bufferSize, netnsFd, onReady}: SourceSpec): Source {
  const spec = {ifindex: tap.link.index, filter, bufferSize, incoming: tap.direction === 'in'};
  const fd = netnsFd === undefined ? native.openPacket(spec) : native.openPacket(spec, netnsFd);
  let total: PacketCounts = {accepted: 0, dropped: 0};
  let stopWatch: (() => void) | null = null;

  const disarm = (): void => {
    stopWatch?.();
    stopWatch = null;
  };
  /** One event and no more: a watch left on would call at every turn until the packets are read. */
  const arm = (): void => {
    stopWatch ??= native.watch(fd, () => {
      disarm();
      onReady();
    });
  };
  arm();
  return {
    id,
    tap,
    ready: () => stopWatch === null,
    read({maxBytes, maxMs}) {
      const batches: Buffer[] = [];
      const end = performance.now() + maxMs;
      for (let bytes = 0; bytes < maxBytes && performance.now() < end; bytes += batches.at(-1)!.length) {
        const records = receive(native, fd);
        if (records.length > 0) batches.push(records);
        else {
          arm();
          return {batches, drained: true};
        }
      }
      return {batches, drained: false};
    },
    counts() {
      const fresh = Buffer.from(native.packetCounts(fd)); // reading sets them to 0
      total = {accepted: total.accepted + fresh.readUInt32LE(0), dropped: total.dropped + fresh.readUInt32LE(4)};
      return total;
    },
    close() {
      disarm();
      closeSync(fd);
    },
  };
}

/** ENETDOWN comes once, when the link goes down or was; the socket hears it again when it is up. */
function receive(native: CaptureNative, fd: Fd): Buffer {
  try {
    const {buffer, byteOffset, byteLength} = native.receivePackets(fd);
    return Buffer.from(buffer, byteOffset, byteLength);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENETDOWN') return Buffer.alloc(0);
    throw error;
  }
}
