/** JSON of GET /containers/{id}/stats, Docker's. A container that does not run has its name and little else. */
export interface ContainerStats {
  /** With its slash. */
  readonly name: string;
  readonly id: string;
  readonly read: string;
  readonly preread: string;
  readonly num_procs: number;
  readonly storage_stats: object;
  readonly cpu_stats: CpuStats;
  readonly precpu_stats: CpuStats;
  readonly memory_stats: {
    /** Page cache included. */
    readonly usage?: number;
    readonly limit?: number;
    readonly max_usage?: number;
    readonly failcnt?: number;
    readonly stats?: Readonly<Record<string, number>>;
  };
  readonly pids_stats: {readonly current?: number; readonly limit?: number};
  readonly blkio_stats: Readonly<Record<string, readonly BlkioEntry[] | null>>;
  /** By interface; absent without one. */
  readonly networks?: Readonly<Record<string, NetworkStats>>;
}

/** Times in ns. */
export interface CpuStats {
  readonly cpu_usage: {
    readonly total_usage: number;
    readonly usage_in_kernelmode: number;
    readonly usage_in_usermode: number;
  };
  /** Of the whole host, idle time included. */
  readonly system_cpu_usage?: number;
  readonly online_cpus?: number;
  readonly throttling_data: {
    readonly periods: number;
    readonly throttled_periods: number;
    readonly throttled_time: number;
  };
}

export interface BlkioEntry {
  readonly major: number;
  readonly minor: number;
  /** `Read` on cgroup v1, `read` on v2. */
  readonly op: string;
  readonly value: number;
}

export interface NetworkStats {
  readonly rx_bytes: number;
  readonly rx_packets: number;
  readonly rx_errors: number;
  readonly rx_dropped: number;
  readonly tx_bytes: number;
  readonly tx_packets: number;
  readonly tx_errors: number;
  readonly tx_dropped: number;
}

/** JSON of GET /containers/{id}/top. */
export interface ContainerTop {
  readonly Titles: readonly string[];
  readonly Processes: readonly (readonly string[])[];
}
