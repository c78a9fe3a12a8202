import {readFileSync} from 'node:fs';
import {totalmem} from 'node:os';
import type {HostUsage} from './encode-container-stats.ts';

/** USER_HZ, which is 100 on every architecture that node runs on. */
const tickNs = 1e9 / 100;

/** The first line of /proc/stat and its CPUs, as Docker adds it up: seven columns, from user to softirq. */
export function parseCpuTime(stat: string): {readonly cpuNs: number; readonly cpus: number} {
  const columns = (/^cpu +(.*)$/m.exec(stat)?.[1] ?? '').split(' ').slice(0, 7).map(Number);
  return {
    cpuNs: columns.reduce((sum, ticks) => sum + ticks, 0) * tickNs,
    cpus: [...stat.matchAll(/^cpu\d/gm)].length,
  };
}

export function readHostUsage(): HostUsage {
  return {...parseCpuTime(readFileSync('/proc/stat', 'utf8')), memoryBytes: totalmem()};
}
