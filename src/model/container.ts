import type {Ip} from './ip.ts';
import type {PortMapping} from './port-mapping.ts';

/** Where a container's network comes from, parsed from Docker's `--network`. */
export type NetworkMode =
  | {readonly kind: 'host'}
  | {readonly kind: 'none'}
  | {readonly kind: 'container'; readonly container: string}
  | {readonly kind: 'network'; readonly network: string};

/** Limits as the kernel takes them; null means "not limited by us". Memory in bytes, cpu times in µs. */
export interface Limits {
  readonly cpuShares: number | null;
  readonly cpuPeriodUs: number | null;
  readonly cpuQuotaUs: number | null;
  readonly memoryBytes: number | null;
  /** Memory and swap together, as Docker's `--memory-swap`; -1 is unlimited. */
  readonly memorySwapBytes: number | null;
  readonly pidsLimit: number | null;
}

/** What the user asked for. It never changes after create. */
export interface ContainerConfig {
  readonly image: string;
  readonly args: readonly string[];
  readonly env: readonly string[];
  readonly cwd: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: NetworkMode;
  readonly ports: readonly PortMapping[];
  /** Address asked for by `--ip`. */
  readonly address: Ip | null;
  readonly limits: Limits;
  readonly autoRemove: boolean;
  readonly openStdin: boolean;
  readonly stopSignal: string;
  readonly stopTimeoutS: number;
}

export type ContainerStatus = 'created' | 'running' | 'exited';

export interface ContainerState {
  readonly status: ContainerStatus;
  /** Of the container's pid 1, seen from the host; 0 when it does not run. */
  readonly pid: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  /** Why the last start failed; '' when it did not. */
  readonly error: string;
  /** RFC 3339; null before the first start. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
}

/** Process + rootfs + limits + sandbox, in the sense of Docker. */
export interface Container {
  /** 64 hex digits. */
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly created: string;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
}

export const noLimits: Limits = {
  cpuShares: null,
  cpuPeriodUs: null,
  cpuQuotaUs: null,
  memoryBytes: null,
  memorySwapBytes: null,
  pidsLimit: null,
};
