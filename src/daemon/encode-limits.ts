import type {DeviceLimit, Limits} from '../model/limits.ts';

/** Part of HostConfig. */
export function encodeLimits(limits: Limits): Readonly<Record<string, unknown>> {
  const fromCpus = limits.nanoCpus !== null;
  return {
    CpuShares: limits.cpuShares ?? 0,
    CpuPeriod: fromCpus ? 0 : (limits.cpuPeriodUs ?? 0),
    CpuQuota: fromCpus ? 0 : (limits.cpuQuotaUs ?? 0),
    NanoCpus: limits.nanoCpus ?? 0,
    CpuRealtimePeriod: limits.cpuRtPeriodUs ?? 0,
    CpuRealtimeRuntime: limits.cpuRtRuntimeUs ?? 0,
    CpusetCpus: limits.cpusetCpus ?? '',
    CpusetMems: limits.cpusetMems ?? '',
    Memory: limits.memoryBytes ?? 0,
    MemorySwap: limits.memorySwapBytes ?? 0,
    MemoryReservation: limits.memoryReservationBytes ?? 0,
    MemorySwappiness: limits.memorySwappiness,
    OomKillDisable: limits.oomKillDisable,
    PidsLimit: limits.pidsLimit,
    BlkioWeight: limits.blkioWeight ?? 0,
    BlkioWeightDevice: limits.blkioWeightDevices.map(({path, value}) => ({Path: path, Weight: value})),
    BlkioDeviceReadBps: limits.deviceReadBps.map(encodeRate),
    BlkioDeviceWriteBps: limits.deviceWriteBps.map(encodeRate),
    BlkioDeviceReadIOps: limits.deviceReadIops.map(encodeRate),
    BlkioDeviceWriteIOps: limits.deviceWriteIops.map(encodeRate),
  };
}

function encodeRate({path, value}: DeviceLimit): {readonly Path: string; readonly Rate: number} {
  return {Path: path, Rate: value};
}
