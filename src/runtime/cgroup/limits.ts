import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/container.ts';

/** Docker's lower bound: below it the launcher itself no longer fits into the container's memory. */
const minMemoryBytes = 6 * 1024 * 1024;
/** kernel/sched/core.c: min_cfs_quota_period 1 ms, max_cfs_quota_period 1 s. */
const cfsUs = {min: 1000, max: 1_000_000} as const;

/** True for a limit that was asked for; in Docker's API 0 means "not set". */
export function isSet(value: number | null): value is number {
  return value !== null && value !== 0;
}

/** Throws ERR_BAD_REQUEST in Docker's words (moby daemon_unix.go, verifyPlatformContainerResources). */
export function validateLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits))
    if (value !== null && !Number.isSafeInteger(value)) refuse(`invalid ${name} ${value}: want a whole number`);
  validateMemory(limits);
  validateCpu(limits);
}

function validateMemory({memoryBytes, memorySwapBytes}: Limits): void {
  if (isSet(memoryBytes) && memoryBytes < minMemoryBytes) refuse('Minimum memory limit allowed is 6MB');
  if (!isSet(memorySwapBytes) || memorySwapBytes === -1) return;
  if (memorySwapBytes < 0) refuse(`Invalid memory swap value: ${memorySwapBytes}. Use -1 for unlimited swap`);
  if (!isSet(memoryBytes)) refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  else if (memorySwapBytes < memoryBytes)
    refuse('Minimum memoryswap limit should be larger than memory limit, see usage');
}

/** Shares are not refused: the kernel clamps them to 2..262144, and so does planLimits(). */
function validateCpu({cpuPeriodUs, cpuQuotaUs}: Limits): void {
  if (isSet(cpuPeriodUs) && (cpuPeriodUs < cfsUs.min || cpuPeriodUs > cfsUs.max))
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (isSet(cpuQuotaUs) && cpuQuotaUs > 0 && cpuQuotaUs < cfsUs.min)
    refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function refuse(message: string): never {
  throw new TnetError('ERR_BAD_REQUEST', message);
}
