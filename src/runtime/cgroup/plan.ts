import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/container.ts';
import type {CgroupHost} from './host.ts';
import {isSet} from './limits.ts';

/** One line written into one file of the container's cgroup. */
export interface CgroupWrite {
  readonly controller: string;
  readonly file: string;
  readonly value: string;
  /** The option that asked for it, for errors. */
  readonly option: string;
  /** `default`: Docker adds it unasked, so a kernel without the file is no error. */
  readonly origin: 'asked' | 'default';
}

/** Largest pids.max the kernel takes (PID_MAX_LIMIT of a 64-bit kernel); no machine has more tasks. */
const pidMaxLimit = 4_194_304;
const sharesRange = {min: 2, max: 262_144} as const;
const defaultPeriodUs = 100_000;

/**
 * Limits → writes, in the order the kernel wants them: on a fresh cgroup the period before the quota, memory before
 * memory+swap (which must never be the smaller one). ERR_UNSUPPORTED names the option whose controller is missing.
 */
export function planLimits(limits: Limits, host: CgroupHost): CgroupWrite[] {
  return [...planCpu(limits, host), ...planMemory(limits, host), ...planPids(limits, host)];
}

function planCpu({cpuShares, cpuPeriodUs, cpuQuotaUs}: Limits, host: CgroupHost): CgroupWrite[] {
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

/** v1 counts memory and swap together, v2 counts swap alone: `--memory-swap` T becomes T - memory there. */
function planMemory({memoryBytes, memorySwapBytes}: Limits, host: CgroupHost): CgroupWrite[] {
  if (!isSet(memoryBytes)) return [];
  const total = isSet(memorySwapBytes) ? memorySwapBytes : 2 * memoryBytes;
  const memory = writer(host, 'memory', '--memory');
  const swap = writer(host, 'memory', '--memory-swap', isSet(memorySwapBytes) ? 'asked' : 'default');
  if (isV2(host, 'memory'))
    return [memory('memory.max', memoryBytes), swap('memory.swap.max', total === -1 ? 'max' : total - memoryBytes)];
  return [memory('memory.limit_in_bytes', memoryBytes), swap('memory.memsw.limit_in_bytes', total)];
}

/** Docker: 0 and -1 are unlimited. */
function planPids({pidsLimit}: Limits, host: CgroupHost): CgroupWrite[] {
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

function isV2(host: CgroupHost, controller: string): boolean {
  return host.unified !== null && host.controllers.get(controller) === host.unified;
}

function writer(host: CgroupHost, controller: string, option: string, origin: CgroupWrite['origin'] = 'asked') {
  return (file: string, value: number | string): CgroupWrite => {
    if (!host.controllers.has(controller)) throw missingController(host, controller, option);
    return {controller, file, value: String(value), option, origin};
  };
}

function missingController(host: CgroupHost, controller: string, option: string): TnetError {
  const remedy =
    host.mode === 'v1' || host.mode === 'hybrid'
      ? `mount it ("mount -t cgroup -o ${controller} ${controller} /sys/fs/cgroup/${controller}")`
      : 'make cgroups writable here, delegate the controller to this container or unit, or boot with ' +
        `"cgroup_enable=${controller}"`;
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot apply "${option}": this machine offers no "${controller}" cgroup controller (cgroups: ${host.mode}); ` +
      `${remedy}, or leave the option out`,
  );
}
