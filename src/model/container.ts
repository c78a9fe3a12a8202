import type {Confinement} from './confinement.ts';
import type {Healthcheck} from './healthcheck.ts';
import type {HostRootfs} from './host-rootfs.ts';
import type {Ip} from './ip.ts';
import type {Isolation} from './isolation.ts';
import type {Limits} from './limits.ts';
import type {LogConfig} from './log-config.ts';
import type {Mac} from './mac.ts';
import type {Storage} from './mount.ts';
import type {PortMapping} from './port-mapping.ts';
import type {ProcessSettings} from './process-settings.ts';
import type {RestartPolicy} from './restart-policy.ts';
import type {StreamsConfig} from './streams.ts';

/** Where a container's network comes from, parsed from Docker's `--network`. */
export type NetworkMode =
  | {readonly kind: 'host'}
  | {readonly kind: 'none'}
  /** A name, an id or a prefix as it was asked for; in a container that is made, the id. */
  | {readonly kind: 'container'; readonly container: string}
  /** A network namespace of somebody else's, whose links are ready when the process starts and outlive it; podman's `ns:PATH`. */
  | {readonly kind: 'namespace'; readonly path: string}
  | {readonly kind: 'network'; readonly network: string};

/** What was asked for on one network. */
export interface EndpointConfig {
  /** As it was called when it was asked for: a name, an id or a prefix. */
  readonly network: string;
  /** `--ip` and `--ip6`; a family that is not here gets the lowest free one. */
  readonly addresses: readonly Ip[];
  readonly mac: Mac | null;
  readonly aliases: readonly string[];
  readonly gatewayPriority: number;
  readonly options: Readonly<Record<string, string>>;
}

/** `--dns`, `--dns-search`, `--dns-option`; empty: the host's. */
export interface DnsConfig {
  readonly servers: readonly Ip[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

export interface ExtraHost {
  readonly name: string;
  /** null: the host, `host-gateway`. */
  readonly address: Ip | null;
}

/** What the user asked for. It never changes after create. */
export interface ContainerConfig {
  /** '' when it has a directory in its place. */
  readonly image: string;
  readonly rootfs?: HostRootfs;
  readonly args: readonly string[];
  /** The beginning of `args` that is an entry point, one's own or the image's. */
  readonly entrypoint: readonly string[];
  readonly env: readonly string[];
  /** As asked for; '' leaves it to the image, and of a container that is made, is nothing but `/`. */
  readonly cwd: string;
  readonly hostname: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly network: NetworkMode;
  /** Every network it is on, that of the mode first; `connect` and `disconnect` change them. Empty for the other modes. */
  readonly endpoints: readonly EndpointConfig[];
  readonly ports: readonly PortMapping[];
  /** `--expose`, as `80/tcp`. */
  readonly exposed: readonly string[];
  readonly domainname: string;
  readonly dns: DnsConfig;
  /** `--add-host`. */
  readonly extraHosts: readonly ExtraHost[];
  readonly limits: Limits;
  readonly process: ProcessSettings;
  readonly confinement: Confinement;
  readonly isolation: Isolation;
  readonly storage: Storage;
  readonly autoRemove: boolean;
  readonly restart: RestartPolicy;
  /** Null: none, neither asked for nor the image's. */
  readonly healthcheck: Healthcheck | null;
  readonly openStdin: boolean;
  readonly streams: StreamsConfig;
  readonly log: LogConfig;
  readonly stopSignal: string;
  readonly stopTimeoutS: number;
}

/** `restarting`: it has exited, and will run again by its restart policy. */
export type ContainerStatus = 'created' | 'running' | 'restarting' | 'exited';

export interface ContainerState {
  readonly status: ContainerStatus;
  /** Of the container's pid 1, seen from the host; 0 when it does not run. */
  readonly pid: number;
  readonly exitCode: number;
  /** The kernel killed a process of it for want of memory, in this run; not always pid 1. */
  readonly oomKilled: boolean;
  /** Frozen by `pause`; it runs all the same. */
  readonly paused: boolean;
  /** Why the last start failed; '' when it did not. */
  readonly error: string;
  /** RFC 3339; null before the first start. */
  readonly startedAt: string | null;
  readonly finishedAt: string | null;
  /** By its restart policy, since somebody started it. */
  readonly restartCount: number;
  /** Somebody stopped or killed it: no policy starts it again but `always`, with the next daemon. */
  readonly manuallyStopped: boolean;
}

/** Docker's `Running`: it runs, or will again by itself. */
export function isRunning({status}: ContainerState): boolean {
  return status === 'running' || status === 'restarting';
}

/** Whether there is a process of it. */
export function hasProcess({status}: ContainerState): boolean {
  return status === 'running';
}

/** Process + rootfs + limits + sandbox, in the sense of Docker. */
export interface Container {
  /** 64 hex digits. */
  readonly id: string;
  /** Without Docker's leading slash. */
  readonly name: string;
  readonly created: string;
  /** What the image's name meant at create; '' for a directory, without it the image is `host`. */
  readonly imageId?: string;
  readonly config: ContainerConfig;
  readonly state: ContainerState;
}

export const hostDns: DnsConfig = {servers: [], search: [], options: []};
