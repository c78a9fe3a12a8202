import type {BlkioEntry, ContainerStats, CpuStats, NetworkStats} from '../api/container-stats-types.ts';
import type {Container} from '../model/container.ts';
import type {AttachmentStats} from '../network/stats.ts';
import type {CgroupUsage, MemoryUsage} from '../runtime/cgroup/cgroup.ts';

/** What the host has used of its CPUs. */
export interface HostUsage {
  readonly cpuNs: number;
  readonly cpus: number;
  readonly memoryBytes: number;
}

export interface StatsView {
  readonly container: Container;
  /** null: it does not run. */
  readonly usage: CgroupUsage | null;
  readonly attachments: readonly AttachmentStats[];
  readonly host: HostUsage;
  readonly now: Date;
}

/** Go's zero time: there was no reading. */
const never = '0001-01-01T00:00:00Z';
const noCpu: CpuStats = {
  cpu_usage: {total_usage: 0, usage_in_kernelmode: 0, usage_in_usermode: 0},
  throttling_data: {periods: 0, throttled_periods: 0, throttled_time: 0},
};

/** One answer of GET /containers/{id}/stats; `before` is the one before it, from which clients make rates. */
export function encodeContainerStats(view: StatsView, before: ContainerStats | null): ContainerStats {
  const {container, usage, host, now} = view;
  const named = {name: `/${container.name}`, id: container.id, num_procs: 0, storage_stats: {}};
  const pre = {preread: before?.read ?? never, precpu_stats: before?.cpu_stats ?? noCpu};
  if (usage === null)
    return {
      ...named,
      read: never,
      ...pre,
      cpu_stats: noCpu,
      memory_stats: {},
      pids_stats: {},
      blkio_stats: noBlkio([]),
    };
  return {
    ...named,
    read: now.toISOString(),
    ...pre,
    cpu_stats: encodeCpu(usage, host),
    memory_stats: encodeMemory(usage.memory, host),
    pids_stats: {current: usage.pids.current, ...given('limit', usage.pids.limit)},
    blkio_stats: noBlkio(usage.io.map(({bytes, ...entry}) => ({...entry, value: bytes}))),
    ...(view.attachments.length === 0 ? {} : {networks: encodeNetworks(view.attachments)}),
  };
}

function encodeCpu({cpu, throttling}: CgroupUsage, host: HostUsage): CpuStats {
  return {
    cpu_usage: {total_usage: cpu.totalNs, usage_in_kernelmode: cpu.systemNs, usage_in_usermode: cpu.userNs},
    system_cpu_usage: host.cpuNs,
    online_cpus: host.cpus,
    throttling_data: {
      periods: throttling.periods,
      throttled_periods: throttling.throttled,
      throttled_time: throttling.throttledNs,
    },
  };
}

/** No limit is that of the machine. */
function encodeMemory(memory: MemoryUsage, host: HostUsage): ContainerStats['memory_stats'] {
  if (memory.usageBytes === null) return {};
  return {
    usage: memory.usageBytes,
    ...given('max_usage', memory.maxUsageBytes),
    stats: memory.stat,
    ...given('failcnt', memory.failures),
    limit: Math.min(memory.limitBytes ?? host.memoryBytes, host.memoryBytes),
  };
}

/** Only bytes are counted; the other lists are v1's of a scheduler that is gone (CFQ). */
function noBlkio(entries: readonly BlkioEntry[]): ContainerStats['blkio_stats'] {
  return {
    io_service_bytes_recursive: entries,
    io_serviced_recursive: null,
    io_queue_recursive: null,
    io_service_time_recursive: null,
    io_wait_time_recursive: null,
    io_merged_recursive: null,
    io_time_recursive: null,
    sectors_recursive: null,
  };
}

function encodeNetworks(attachments: readonly AttachmentStats[]): Readonly<Record<string, NetworkStats>> {
  return Object.fromEntries(attachments.map(each => [each.attachment.ifname, encodeNetwork(each)]));
}

/** We count errors and drops of both directions together; they are told on the receiving side. */
function encodeNetwork({received, sent, errors, dropped}: AttachmentStats): NetworkStats {
  return {
    rx_bytes: received.bytes,
    rx_packets: received.packets,
    rx_errors: errors,
    rx_dropped: dropped,
    tx_bytes: sent.bytes,
    tx_packets: sent.packets,
    tx_errors: 0,
    tx_dropped: 0,
  };
}

function given(name: string, value: number | null): Readonly<Record<string, number>> {
  return value === null ? {} : {[name]: value};
}
