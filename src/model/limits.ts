/** A number for one block device, by its path on the host. */
export interface DeviceLimit {
  readonly path: string;
  /** Bytes or operations in a second, or a weight of 10 to 1000. */
  readonly value: number;
}

/** Limits as asked for, in Docker's words; null or empty means "not limited by us". Memory in bytes, cpu times in µs. */
export interface Limits {
  readonly cpuShares: number | null;
  readonly cpuPeriodUs: number | null;
  readonly cpuQuotaUs: number | null;
  /** `--cpus` in billionths, when period and quota were derived from it. */
  readonly nanoCpus: number | null;
  readonly cpuRtPeriodUs: number | null;
  readonly cpuRtRuntimeUs: number | null;
  /** Lists of the kernel: `0-2,5`. */
  readonly cpusetCpus: string | null;
  readonly cpusetMems: string | null;
  readonly memoryBytes: number | null;
  /** Memory and swap together, as Docker's `--memory-swap`; -1 is unlimited. */
  readonly memorySwapBytes: number | null;
  readonly memoryReservationBytes: number | null;
  /** 0 to 100; null is the kernel's own. */
  readonly memorySwappiness: number | null;
  /** Processes over the limit wait for memory instead of being killed. */
  readonly oomKillDisable: boolean;
  readonly pidsLimit: number | null;
  readonly blkioWeight: number | null;
  readonly blkioWeightDevices: readonly DeviceLimit[];
  readonly deviceReadBps: readonly DeviceLimit[];
  readonly deviceWriteBps: readonly DeviceLimit[];
  readonly deviceReadIops: readonly DeviceLimit[];
  readonly deviceWriteIops: readonly DeviceLimit[];
}

export const noLimits: Limits = {
  cpuShares: null,
  cpuPeriodUs: null,
  cpuQuotaUs: null,
  nanoCpus: null,
  cpuRtPeriodUs: null,
  cpuRtRuntimeUs: null,
  cpusetCpus: null,
  cpusetMems: null,
  memoryBytes: null,
  memorySwapBytes: null,
  memoryReservationBytes: null,
  memorySwappiness: null,
  oomKillDisable: false,
  pidsLimit: null,
  blkioWeight: null,
  blkioWeightDevices: [],
  deviceReadBps: [],
  deviceWriteBps: [],
  deviceReadIops: [],
  deviceWriteIops: [],
};
