import type {DeviceRule} from './device-rule.ts';

/** `--ulimit`; -1 is no limit. */
export interface Ulimit {
  /** Docker's: nofile, nproc … */
  readonly name: string;
  readonly soft: number;
  readonly hard: number;
}

/** `--device`. */
export interface DeviceMapping {
  /** A device, or a directory of them. */
  readonly source: string;
  readonly target: string;
  /** Of `r`, `w` and `m`, in this order. */
  readonly permissions: string;
}

/** Who a container's process is and what the kernel grants it, besides limits of its cgroup. */
export interface ProcessSettings {
  /** `[user][:group]`, names or numbers by the container's own /etc/passwd and /etc/group; '' is root. */
  readonly user: string;
  /** `--group-add`, the same. */
  readonly groups: readonly string[];
  /** A small pid 1 in front of the command. */
  readonly init: boolean;
  readonly ulimits: readonly Ulimit[];
  /** As given: `net.ipv4.ip_forward` → `1`. */
  readonly sysctls: Readonly<Record<string, string>>;
  /** Of /dev/shm. */
  readonly shmSizeBytes: number;
  /** -1000 to 1000; null: as the daemon's. */
  readonly oomScoreAdj: number | null;
  readonly devices: readonly DeviceMapping[];
  /** `--device-cgroup-rule`: what it may use besides the devices that every container may. */
  readonly deviceRules: readonly DeviceRule[];
}

export const defaultShmSizeBytes = 64 * 1024 * 1024;

export const plainProcess: ProcessSettings = {
  user: '',
  groups: [],
  init: false,
  ulimits: [],
  sysctls: {},
  shmSizeBytes: defaultShmSizeBytes,
  oomScoreAdj: null,
  devices: [],
  deviceRules: [],
};
