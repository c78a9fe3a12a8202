import {closeSync, openSync, readSync} from 'node:fs';
import {join} from 'node:path';
import type {CgroupHost} from './host.ts';
import {parseBlkio, parseFlat, parseIoStat} from './parse-usage.ts';
import {unlessMissing} from './tree.ts';
import {isV2} from './write.ts';

/** What a container has used. Times in ns, memory in bytes; a figure that this machine does not count is null or empty. */
export interface CgroupUsage {
  readonly cpu: {readonly totalNs: number; readonly userNs: number; readonly systemNs: number};
  readonly throttling: {readonly periods: number; readonly throttled: number; readonly throttledNs: number};
  readonly memory: MemoryUsage;
  readonly pids: {readonly current: number; readonly limit: number | null};
  readonly io: readonly DeviceIo[];
}

export interface MemoryUsage {
  /** Page cache included. */
  readonly usageBytes: number | null;
  /** null: none of its own. */
  readonly limitBytes: number | null;
  /** v1 only. */
  readonly maxUsageBytes: number | null;
  readonly failures: number | null;
  /** Of memory.stat, in the kernel's words. */
  readonly stat: Readonly<Record<string, number>>;
}

export interface DeviceIo {
  readonly major: number;
  readonly minor: number;
  /** In the words of the kernel's version: `Read` on v1, `read` on v2. */
  readonly op: string;
  readonly bytes: number;
}

export interface UsageReader {
  /** Null when the cgroup is gone. */
  read(): CgroupUsage | null;
  close(): void;
}

/** USER_HZ, which is 100 on every architecture that node runs on. */
const tickNs = 1e9 / 100;

/**
 * Opens the counters of a cgroup; they stay open, since a read at offset 0 makes the kernel show them anew and saves the
 * path's walk: 10 files take a third of the time of opening them each time.
 */
export function openUsage(host: CgroupHost, path: string): UsageReader {
  const files = new Map<string, number | null>();
  const text = (controller: string, file: string): string => {
    const root = controller === '' ? host.unified : (host.controllers.get(controller) ?? null);
    const name = root === null ? '' : join(root, path, file);
    if (!files.has(name)) files.set(name, name === '' ? null : openOrNull(name));
    const fd = files.get(name) ?? null;
    return fd === null ? '' : readWhole(fd);
  };
  return {
    read: () => unlessMissing(() => usage(host, text)) ?? null,
    close() {
      for (const fd of files.values()) if (fd !== null) closeSync(fd);
      files.clear();
    },
  };
}

type Text = (controller: string, file: string) => string;

function usage(host: CgroupHost, text: Text): CgroupUsage {
  return {
    cpu: host.unified === null ? cpuacct(text) : cpuStat(text),
    throttling: throttling(host, text),
    memory: isV2(host, 'memory') ? memoryV2(text) : memoryV1(text),
    pids: {current: Number(text('pids', 'pids.current')), limit: limitOf(text('pids', 'pids.max'))},
    io: host.controllers.has('blkio')
      ? parseBlkio(text('blkio', 'blkio.throttle.io_service_bytes_recursive'))
      : parseIoStat(text('io', 'io.stat')),
  };
}

/** The unified hierarchy counts cpu time without any controller. */
function cpuStat(text: Text): CgroupUsage['cpu'] {
  const {usage_usec = 0, user_usec = 0, system_usec = 0} = parseFlat(text('', 'cpu.stat'));
  return {totalNs: usage_usec * 1000, userNs: user_usec * 1000, systemNs: system_usec * 1000};
}

function cpuacct(text: Text): CgroupUsage['cpu'] {
  const {user = 0, system = 0} = parseFlat(text('cpuacct', 'cpuacct.stat'));
  return {totalNs: Number(text('cpuacct', 'cpuacct.usage')), userNs: user * tickNs, systemNs: system * tickNs};
}

function throttling(host: CgroupHost, text: Text): CgroupUsage['throttling'] {
  const stat = parseFlat(text('cpu', 'cpu.stat'));
  const throttledNs = isV2(host, 'cpu') ? (stat.throttled_usec ?? 0) * 1000 : (stat.throttled_time ?? 0);
  return {periods: stat.nr_periods ?? 0, throttled: stat.nr_throttled ?? 0, throttledNs};
}

function memoryV2(text: Text): MemoryUsage {
  return {
    usageBytes: numberOf(text('memory', 'memory.current')),
    limitBytes: limitOf(text('memory', 'memory.max')),
    maxUsageBytes: null,
    failures: null,
    stat: parseFlat(text('memory', 'memory.stat')),
  };
}

/** "No limit" is the largest multiple of a page below 2⁶³, which no machine has. */
function memoryV1(text: Text): MemoryUsage {
  return {
    usageBytes: numberOf(text('memory', 'memory.usage_in_bytes')),
    limitBytes: limitOf(text('memory', 'memory.limit_in_bytes')),
    maxUsageBytes: numberOf(text('memory', 'memory.max_usage_in_bytes')),
    failures: numberOf(text('memory', 'memory.failcnt')),
    stat: parseFlat(text('memory', 'memory.stat')),
  };
}

function numberOf(text: string): number | null {
  return text.trim() === '' ? null : Number(text);
}

function limitOf(text: string): number | null {
  const value = numberOf(text.replace('max', ''));
  return value === null || value > Number.MAX_SAFE_INTEGER ? null : value;
}

function openOrNull(file: string): number | null {
  return unlessMissing(() => openSync(file, 'r')) ?? null;
}

/** A page more than the longest of them, memory.stat of v2 on Linux 6.18 (1.9 kB) and io.stat of some 30 disks. */
const chunk = Buffer.alloc(8192);

function readWhole(fd: number): string {
  let whole = '';
  for (let at = 0; ; ) {
    const count = readSync(fd, chunk, 0, chunk.length, at);
    whole += chunk.toString('latin1', 0, count);
    at += count;
    if (count === 0 || count < chunk.length) return whole;
  }
}
