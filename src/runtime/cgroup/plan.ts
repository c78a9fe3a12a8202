import type {Limits} from '../../model/limits.ts';
import type {CgroupHost} from './host.ts';
import {isSet} from './limits.ts';
import {blkioWrites} from './plan-blkio.ts';
import {type CgroupWrite, isV2, onlyOnV1, writer} from './write.ts';

/** Largest pids.max the kernel takes (PID_MAX_LIMIT of a 64-bit kernel); no machine has more tasks. */
const pidMaxLimit = 4_194_304;
const sharesRange = {min: 2, max: 262_144} as const;
const defaultPeriodUs = 100_000;

/** Names a block device as the kernel does: `/dev/vda` → `254:0`. */
export type DeviceNumber = (path: string) => string;

/**
 * Limits → writes, in the order the kernel wants them: on a fresh cgroup the period before the quota, memory before
 * memory+swap (which must never be the smaller one). ERR_UNSUPPORTED names the option whose controller is missing, or that
 * this version of cgroups does not have.
 */
export function planLimits(limits: Limits, host: CgroupHost, deviceNumber: DeviceNumber): CgroupWrite[] {
  return [
    ...cpuWrites(limits, host),
    ...realtimeWrites(limits, host),
    ...cpusetWrites(limits, host),
    ...memoryWrites(limits, host),
    ...reclaimWrites(limits, host),
    ...pidsWrites(limits, host),
    ...blkioWrites(limits, host, deviceNumber),
  ];
}

function cpuWrites({cpuShares, cpuPeriodUs, cpuQuotaUs}: Limits, host: CgroupHost): CgroupWrite[] {
  const shares = isSet(cpuShares) ? clampShares(cpuShares) : null;
  const weight = writer(host, 'cpu', '--cpu-shares');
  const bandwidth = writer(host, 'cpu', isSet(cpuQuotaUs) ? '--cpus or --cpu-quota' : '--cpu-period');
  const quota = isSet(cpuQuotaUs) && cpuQuotaUs > 0 ? cpuQuotaUs : null;
  const asked = isSet(cpuQuotaUs) || isSet(cpuPeriodUs);
  if (isV2(host, 'cpu'))
    return [
      ...(shares === null ? [] : [weight('cpu.weight', cpuWeight(shares))]),
      ...(asked ? [bandwidth('cpu.max', `${quota ?? 'max'} ${cpuPeriodUs || defaultPeriodUs}`)] : []),
    ];
  return [
    ...(shares === null ? [] : [weight('cpu.shares', shares)]),
    ...(isSet(cpuPeriodUs) ? [bandwidth('cpu.cfs_period_us', cpuPeriodUs)] : []),
    ...(isSet(cpuQuotaUs) ? [bandwidth('cpu.cfs_quota_us', quota ?? -1)] : []),
  ];
}

/** The period first: a runtime longer than it is EINVAL. */
function realtimeWrites({cpuRtPeriodUs, cpuRtRuntimeUs}: Limits, host: CgroupHost): CgroupWrite[] {
  const write = onlyOnV1(host, 'cpu');
  return [
    ...(isSet(cpuRtPeriodUs) ? [write('--cpu-rt-period', 'cpu.rt_period_us', cpuRtPeriodUs)] : []),
    ...(isSet(cpuRtRuntimeUs) ? [write('--cpu-rt-runtime', 'cpu.rt_runtime_us', cpuRtRuntimeUs)] : []),
  ];
}

function cpusetWrites({cpusetCpus, cpusetMems}: Limits, host: CgroupHost): CgroupWrite[] {
  return [
    ...(cpusetCpus ? [writer(host, 'cpuset', '--cpuset-cpus')('cpuset.cpus', cpusetCpus)] : []),
    ...(cpusetMems ? [writer(host, 'cpuset', '--cpuset-mems')('cpuset.mems', cpusetMems)] : []),
  ];
}

/** v1 counts memory and swap together, v2 counts swap alone: `--memory-swap` T becomes T - memory there. */
function memoryWrites({memoryBytes, memorySwapBytes}: Limits, host: CgroupHost): CgroupWrite[] {
  if (!isSet(memoryBytes)) return [];
  const total = isSet(memorySwapBytes) ? memorySwapBytes : 2 * memoryBytes;
  const memory = writer(host, 'memory', '--memory');
  const swap = writer(host, 'memory', '--memory-swap', isSet(memorySwapBytes) ? 'asked' : 'default');
  if (isV2(host, 'memory'))
    return [memory('memory.max', memoryBytes), swap('memory.swap.max', total === -1 ? 'max' : total - memoryBytes)];
  return [memory('memory.limit_in_bytes', memoryBytes), swap('memory.memsw.limit_in_bytes', total)];
}

function reclaimWrites(limits: Limits, host: CgroupHost): CgroupWrite[] {
  const {memoryReservationBytes, memorySwappiness, oomKillDisable} = limits;
  const file = isV2(host, 'memory') ? 'memory.low' : 'memory.soft_limit_in_bytes';
  const write = onlyOnV1(host, 'memory');
  return [
    ...(isSet(memoryReservationBytes)
      ? [writer(host, 'memory', '--memory-reservation')(file, memoryReservationBytes)]
      : []),
    ...(memorySwappiness === null ? [] : [write('--memory-swappiness', 'memory.swappiness', memorySwappiness)]),
    ...(oomKillDisable ? [write('--oom-kill-disable', 'memory.oom_control', 1)] : []),
  ];
}

/** Docker: 0 and -1 are unlimited. */
function pidsWrites({pidsLimit}: Limits, host: CgroupHost): CgroupWrite[] {
  if (pidsLimit === null || (pidsLimit <= 0 && !host.controllers.has('pids'))) return [];
  const unlimited = pidsLimit <= 0 || pidsLimit > pidMaxLimit;
  return [writer(host, 'pids', '--pids-limit')('pids.max', unlimited ? 'max' : pidsLimit)];
}

/**
 * cpu.shares → cpu.weight as runc ≥ 1.3 and crun ≥ 1.23: a curve through (2, 1), (1024, 100) and (262144, 10000), so that
 * Docker's default keeps the kernel's default. The older line through both ends made 39 of it.
 */
export function cpuWeight(shares: number): number {
  if (shares <= sharesRange.min) return 1;
  if (shares >= sharesRange.max) return 10_000;
  const log = Math.log2(shares);
  return Math.ceil(10 ** ((log * log + 125 * log) / 612 - 7 / 34));
}

function clampShares(shares: number): number {
  return Math.min(Math.max(shares, sharesRange.min), sharesRange.max);
}
