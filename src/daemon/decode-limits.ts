import * as v from 'valibot';
import type {DeviceLimit, Limits} from '../model/limits.ts';
import {validateLimits} from '../runtime/cgroup/limits.ts';
import {badRequest} from './failure.ts';
import {integer, natural, orNull, text} from './validate.ts';

/** Of `--cpus`: half a CPU is half of every period. */
const periodUs = 100_000;
const rates = orNull(v.array(v.object({Path: text, Rate: natural})));

export const limitFields = {
  CpuShares: orNull(natural),
  CpuPeriod: orNull(natural),
  CpuQuota: orNull(integer),
  NanoCpus: orNull(natural),
  CpuRealtimePeriod: orNull(natural),
  CpuRealtimeRuntime: orNull(natural),
  CpusetCpus: orNull(text),
  CpusetMems: orNull(text),
  Memory: orNull(natural),
  MemorySwap: orNull(integer),
  MemoryReservation: orNull(natural),
  MemorySwappiness: orNull(integer),
  OomKillDisable: orNull(v.boolean()),
  PidsLimit: orNull(integer),
  BlkioWeight: orNull(natural),
  BlkioWeightDevice: orNull(v.array(v.object({Path: text, Weight: natural}))),
  BlkioDeviceReadBps: rates,
  BlkioDeviceWriteBps: rates,
  BlkioDeviceReadIOps: rates,
  BlkioDeviceWriteIOps: rates,
};

const schema = v.object(limitFields);
export type LimitFields = v.InferOutput<typeof schema>;

/** Docker's defaults and checks (moby daemon/daemon_unix.go); 0 is "no limit". */
export function decodeLimits(fields: LimitFields): Limits {
  refuseMixedCpu(fields);
  const limits = {
    ...readLimits(fields),
    // Docker gives as much swap as memory when only memory was named.
    memorySwapBytes: fields.MemorySwap || (fields.Memory ? fields.Memory * 2 : null),
    pidsLimit: (fields.PidsLimit ?? 0) > 0 ? fields.PidsLimit! : null,
  };
  const unlimited = limits.cpuQuotaUs !== null && limits.cpuQuotaUs < 0;
  const decoded = unlimited ? {...limits, cpuQuotaUs: null} : limits;
  validateLimits(decoded);
  return decoded;
}

/** In Docker's words. */
export function limitWarnings({OomKillDisable, Memory}: LimitFields): readonly string[] {
  if (!OomKillDisable || Memory) return [];
  return [
    'OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.',
  ];
}

/** What was given, as it was given. */
export function readLimits(fields: LimitFields): Limits {
  const {MemorySwappiness} = fields;
  return {
    cpuShares: fields.CpuShares || null,
    ...cpuTime(fields),
    cpuRtPeriodUs: fields.CpuRealtimePeriod || null,
    cpuRtRuntimeUs: fields.CpuRealtimeRuntime || null,
    cpusetCpus: fields.CpusetCpus || null,
    cpusetMems: fields.CpusetMems || null,
    memoryBytes: fields.Memory || null,
    memorySwapBytes: fields.MemorySwap || null,
    memoryReservationBytes: fields.MemoryReservation || null,
    // -1 is what Docker's clients say for nothing.
    memorySwappiness: MemorySwappiness === -1 ? null : (MemorySwappiness ?? null),
    oomKillDisable: fields.OomKillDisable ?? false,
    pidsLimit: fields.PidsLimit ?? null,
    blkioWeight: fields.BlkioWeight || null,
    blkioWeightDevices: (fields.BlkioWeightDevice ?? []).map(({Path, Weight}) => ({path: Path, value: Weight})),
    deviceReadBps: readRates(fields.BlkioDeviceReadBps),
    deviceWriteBps: readRates(fields.BlkioDeviceWriteBps),
    deviceReadIops: readRates(fields.BlkioDeviceReadIOps),
    deviceWriteIops: readRates(fields.BlkioDeviceWriteIOps),
  };
}

export function refuseMixedCpu({NanoCpus, CpuPeriod, CpuQuota}: LimitFields): void {
  if (NanoCpus && CpuPeriod) throw badRequest('Conflicting options: Nano CPUs and CPU Period cannot both be set');
  if (NanoCpus && CpuQuota) throw badRequest('Conflicting options: Nano CPUs and CPU Quota cannot both be set');
}

function cpuTime({NanoCpus, CpuPeriod, CpuQuota}: LimitFields) {
  if (!NanoCpus) return {cpuPeriodUs: CpuPeriod || null, cpuQuotaUs: CpuQuota || null, nanoCpus: null};
  return {cpuPeriodUs: periodUs, cpuQuotaUs: Math.round((NanoCpus * periodUs) / 1e9), nanoCpus: NanoCpus};
}

function readRates(given: LimitFields['BlkioDeviceReadBps']): readonly DeviceLimit[] {
  return (given ?? []).map(({Path, Rate}) => ({path: Path, value: Rate}));
}
