import type {Fd} from '../native.ts';
import {encodeFilter} from '../pcap-filter/compile.ts';
import type {Filter} from '../pcap-filter/filter.ts';
import {type CaptureNative, openSource, type PacketCounts, type Source} from './source.ts';
import type {Tap} from './taps.ts';

/** The packet sockets of a capture, and the counts of those that are gone. */
export interface SourceSet {
  all(): readonly Source[];
  /** Opens and closes sockets until they are those of `taps`; returns the new ones. */
  become(taps: readonly Tap[]): readonly Source[];
  counts(): ReadonlyMap<number, PacketCounts>;
}

export interface SourceSetSpec {
  readonly native: CaptureNative;
  readonly netnsFd: Fd | undefined;
  readonly filter: Filter;
  readonly snaplen: number;
  readonly onReady: () => void;
}

/** Of all sockets together. The kernel counts ~0.8 KiB for a small packet: 40,000 of them, a tenth of a second of a flood. */
const bufferBytes = 32 * 1024 * 1024;
const minBufferBytes = 256 * 1024;

export function createSourceSet({native, netnsFd, filter, snaplen, onReady}: SourceSetSpec): SourceSet {
  const sources = new Map<number, Source>();
  const gone = new Map<number, PacketCounts>();
  let nextId = 0;

  const open = (tap: Tap, bufferSize: number): readonly Source[] => {
    const program = encodeFilter(filter, {link: tap.type, snaplen, outgoing: tap.direction === 'out'});
    try {
      const source = openSource({native, id: nextId, tap, filter: program, bufferSize, netnsFd, onReady});
      nextId++;
      sources.set(tap.link.index, source);
      return [source];
    } catch (error) {
      if (hasGone(error)) return [];
      throw explain(error, program.length / 8);
    }
  };
  const close = (source: Source): void => {
    gone.set(source.id, source.counts());
    sources.delete(source.tap.link.index);
    source.close();
  };
  return {
    all: () => [...sources.values()],
    become(taps) {
      const wanted = new Set(taps.map(({link}) => link.index));
      for (const source of [...sources.values()]) if (!wanted.has(source.tap.link.index)) close(source);
      const missing = taps.filter(({link}) => !sources.has(link.index));
      const share = Math.max(minBufferBytes, Math.floor(bufferBytes / Math.max(1, taps.length)));
      return missing.flatMap(tap => open(tap, share));
    },
    counts: () => new Map([...gone, ...[...sources.values()].map(source => [source.id, source.counts()] as const)]),
  };
}

/** Between the list and bind(2). */
function hasGone(error: unknown): boolean {
  const {code} = error as NodeJS.ErrnoException;
  return code === 'ENODEV' || code === 'ENXIO';
}

/** A program is charged to its socket, translated: 16,384 bytes of net.core.optmem_max are about 1,000 instructions. */
function explain(error: unknown, instructions: number): unknown {
  const {code, syscall} = error as NodeJS.ErrnoException;
  if (code !== 'ENOMEM' || syscall !== 'setsockopt') return error;
  const message = `invalid filter: too long for this kernel (${instructions} instructions); raise net.core.optmem_max or shorten it`;
  return new RangeError(message, {cause: error});
}
