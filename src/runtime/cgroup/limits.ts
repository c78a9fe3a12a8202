import {TnetError} from '../../errors.ts';
import type {DeviceLimit, Limits} from '../../model/limits.ts';
import {parseList} from './list.ts';

/** Docker's lower bound: below it the launcher itself no longer fits into the container's memory. */
const minMemoryBytes = 6 * 1024 * 1024;
/** kernel/sched/core.c: min_cfs_quota_period 1 ms, max_cfs_quota_period 1 s. */
const cfsUs = {min: 1000, max: 1_000_000} as const;
const blkioWeights = {min: 10, max: 1000} as const;

/** True for a limit that was asked for; in Docker's API 0 means "not set". */
export function isSet(value: number | null): value is number {
  return value !== null && value !== 0;
}

/** Throws ERR_BAD_REQUEST in Docker's words (moby daemon_unix.go, verifyPlatformContainerResources). */
export function validateLimits(limits: Limits): void {
  for (const [name, value] of Object.entries(limits))
    if (typeof value === 'number' && !Number.isSafeInteger(value))
      refuse(`invalid ${name} ${value}: want a whole number`);
  validateMemory(limits);
  validateReservation(limits);
  validateCpu(limits);
  validateRealtime(limits);
  validateCpuset(limits);
  validateBlkio(limits);
}

function validateMemory({memoryBytes, memorySwapBytes}: Limits): void {
  if (isSet(memoryBytes) && memoryBytes < minMemoryBytes) refuse('Minimum memory limit allowed is 6MB');
  if (!isSet(memorySwapBytes) || memorySwapBytes === -1) return;
  if (memorySwapBytes < 0) refuse(`Invalid memory swap value: ${memorySwapBytes}. Use -1 for unlimited swap`);
  if (!isSet(memoryBytes)) refuse('You should always set the Memory limit when using Memoryswap limit, see usage');
  else if (memorySwapBytes < memoryBytes)
    refuse('Minimum memoryswap limit should be larger than memory limit, see usage');
}

function validateReservation({memoryBytes, memoryReservationBytes, memorySwappiness}: Limits): void {
  if (memorySwappiness !== null && (memorySwappiness < 0 || memorySwappiness > 100))
    refuse(`Invalid value: ${memorySwappiness}, valid memory swappiness range is 0-100`);
  if (!isSet(memoryReservationBytes)) return;
  if (memoryReservationBytes < minMemoryBytes) refuse('Minimum memory reservation allowed is 6MB');
  if (isSet(memoryBytes) && memoryBytes < memoryReservationBytes)
    refuse('Minimum memory limit can not be less than memory reservation limit, see usage');
}

/** Shares are not refused: the kernel clamps them to 2..262144, and so does planLimits(). */
function validateCpu({cpuPeriodUs, cpuQuotaUs, nanoCpus}: Limits): void {
  if (isSet(nanoCpus) && nanoCpus < 10_000_000) refuse('Range of CPUs is from 0.01');
  if (isSet(cpuPeriodUs) && (cpuPeriodUs < cfsUs.min || cpuPeriodUs > cfsUs.max))
    refuse('CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)');
  if (isSet(cpuQuotaUs) && cpuQuotaUs > 0 && cpuQuotaUs < cfsUs.min)
    refuse('CPU cfs quota can not be less than 1ms (i.e. 1000)');
}

function validateRealtime({cpuRtPeriodUs, cpuRtRuntimeUs}: Limits): void {
  if (isSet(cpuRtPeriodUs) && isSet(cpuRtRuntimeUs) && cpuRtRuntimeUs > cpuRtPeriodUs)
    refuse('cpu real-time runtime cannot be higher than cpu real-time period');
}

function validateCpuset({cpusetCpus, cpusetMems}: Limits): void {
  if (cpusetCpus !== null && parseList(cpusetCpus) === null) refuse(`Invalid value ${cpusetCpus} for cpuset cpus`);
  if (cpusetMems !== null && parseList(cpusetMems) === null) refuse(`Invalid value ${cpusetMems} for cpuset mems`);
}

function validateBlkio(limits: Limits): void {
  const outside = (weight: number) => weight < blkioWeights.min || weight > blkioWeights.max;
  if (isSet(limits.blkioWeight) && outside(limits.blkioWeight)) refuse('Range of blkio weight is from 10 to 1000');
  const {blkioWeightDevices, deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops} = limits;
  for (const {path, value} of blkioWeightDevices)
    if (outside(value)) refuse(`Range of blkio weight is from 10 to 1000: "${path}:${value}"`);
  [...blkioWeightDevices, ...deviceReadBps, ...deviceWriteBps, ...deviceReadIops, ...deviceWriteIops].forEach(
    validateDevice,
  );
}

function validateDevice({path, value}: DeviceLimit): void {
  if (!path.startsWith('/dev/')) refuse(`bad format for device path: "${path}"`);
  if (!Number.isSafeInteger(value) || value < 0) refuse(`invalid rate or weight for "${path}": ${value}`);
}

function refuse(message: string): never {
  throw new TnetError('ERR_BAD_REQUEST', message);
}
