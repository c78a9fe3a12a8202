import type {ContainerStats, CpuStats} from '../api/container-stats-types.ts';
import {formatBytes, formatMemory} from './format-units.ts';

/** A row of `stats`, with Docker's names, for templates and JSON. */
export interface ContainerFigures {
  readonly BlockIO: string;
  readonly CPUPerc: string;
  readonly Container: string;
  readonly ID: string;
  readonly MemPerc: string;
  readonly MemUsage: string;
  readonly Name: string;
  readonly NetIO: string;
  readonly PIDs: string;
}

/** What two readings of a container mean, computed as Docker's CLI does (docker/cli stats_helpers.go). */
export function containerFigures(
  now: ContainerStats,
  before: ContainerStats | undefined,
  shorten: (id: string) => string,
): ContainerFigures {
  const id = shorten(now.id);
  const runs = now.memory_stats.usage !== undefined || now.pids_stats.current !== undefined;
  const named = {Container: id, ID: id, Name: now.name.replace(/^\//, '')};
  if (!runs)
    return {...named, BlockIO: '--', CPUPerc: '--', MemPerc: '--', MemUsage: '-- / --', NetIO: '--', PIDs: '--'};
  const {limit = 0} = now.memory_stats;
  const used = memoryUsed(now.memory_stats);
  return {
    ...named,
    CPUPerc: percent(before === undefined ? 0 : cpuPercent(now.cpu_stats, before.cpu_stats)),
    MemUsage: `${formatMemory(used)} / ${formatMemory(limit)}`,
    MemPerc: percent(limit === 0 ? 0 : (used / limit) * 100),
    NetIO: pair(networkSum(now, 'rx_bytes'), networkSum(now, 'tx_bytes')),
    BlockIO: pair(blockSum(now, 'read'), blockSum(now, 'write')),
    PIDs: String(now.pids_stats.current ?? 0),
  };
}

/** 100 is one whole CPU. */
export function cpuPercent(now: CpuStats, before: CpuStats): number {
  const used = now.cpu_usage.total_usage - before.cpu_usage.total_usage;
  const passed = (now.system_cpu_usage ?? 0) - (before.system_cpu_usage ?? 0);
  return used > 0 && passed > 0 ? (used / passed) * (now.online_cpus ?? 1) * 100 : 0;
}

/** Without the page cache that can be dropped at once: what v1 and v2 call it. */
export function memoryUsed({usage = 0, stats = {}}: ContainerStats['memory_stats']): number {
  const idle = stats.total_inactive_file ?? stats.inactive_file ?? 0;
  return idle < usage ? usage - idle : usage;
}

function networkSum({networks = {}}: ContainerStats, key: 'rx_bytes' | 'tx_bytes'): number {
  return Object.values(networks).reduce((sum, each) => sum + each[key], 0);
}

function blockSum({blkio_stats}: ContainerStats, op: string): number {
  const entries = blkio_stats.io_service_bytes_recursive ?? [];
  return entries.filter(each => each.op.toLowerCase() === op).reduce((sum, {value}) => sum + value, 0);
}

function pair(a: number, b: number): string {
  return `${formatBytes(a)} / ${formatBytes(b)}`;
}

function percent(value: number): string {
  return `${value.toFixed(2)}%`;
}
