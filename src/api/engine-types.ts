import type {HealthcheckFields, HealthInspect} from './health-types.ts';
import type {ProcessCreate} from './process-types.ts';
import type {AttachmentCounters} from './stats-types.ts';
import type {MountCreate, MountPoint} from './storage-types.ts';

/** JSON of the Engine API v1.48, as far as we serve it; field names are Docker's. https://docs.docker.com/reference/api/engine/version/v1.48/ */

export interface PortBinding {
  readonly HostIp: string;
  readonly HostPort: string;
}

/** Key is `80/tcp`. */
export type PortMap = Readonly<Record<string, readonly PortBinding[] | null>>;

export interface EndpointSettings {
  readonly IPAMConfig: {readonly IPv4Address?: string; readonly IPv6Address?: string} | null;
  readonly Links: null;
  readonly Aliases: readonly string[] | null;
  readonly DriverOpts: Readonly<Record<string, string>> | null;
  readonly GwPriority: number;
  readonly MacAddress: string;
  readonly NetworkID: string;
  readonly EndpointID: string;
  readonly Gateway: string;
  readonly IPAddress: string;
  readonly IPPrefixLen: number;
  readonly IPv6Gateway: string;
  readonly GlobalIPv6Address: string;
  readonly GlobalIPv6PrefixLen: number;
  readonly DNSNames: readonly string[] | null;
  /** Ours: what it has carried; only of what runs. */
  readonly Counters?: AttachmentCounters;
}

export interface ContainerCreated {
  readonly Id: string;
  readonly Warnings: readonly string[];
}

/** What our client sends to POST /containers/create; Docker's send much more, checked in daemon/decode-container.ts. */
export interface ContainerCreate {
  readonly Image: string;
  readonly Cmd: readonly string[];
  readonly Entrypoint?: readonly string[];
  readonly User?: string;
  readonly Env: readonly string[];
  readonly WorkingDir: string;
  readonly Hostname: string;
  readonly Domainname?: string;
  readonly ExposedPorts?: Readonly<Record<string, object>>;
  readonly Labels: Readonly<Record<string, string>>;
  readonly OpenStdin: boolean;
  readonly Tty?: boolean;
  readonly StdinOnce?: boolean;
  readonly AttachStdin?: boolean;
  readonly AttachStdout?: boolean;
  readonly AttachStderr?: boolean;
  readonly StopSignal?: string;
  readonly StopTimeout?: number;
  readonly Healthcheck?: HealthcheckFields;
  readonly HostConfig: LimitFields &
    ProcessCreate & {
      readonly NetworkMode: string;
      readonly AutoRemove: boolean;
      readonly RestartPolicy?: {readonly Name: string; readonly MaximumRetryCount: number};
      /** Ours: `-p` as it was typed. PortBindings would need a second parser, and one entry for every port of a range. */
      readonly Publish: readonly string[];
      /** Ours: a directory in the image's place, which is '' then. */
      readonly Rootfs?: {readonly Path: string; readonly Overlay: boolean};
      readonly PublishAllPorts?: boolean;
      readonly Dns?: readonly string[];
      readonly DnsSearch?: readonly string[];
      readonly DnsOptions?: readonly string[];
      readonly ExtraHosts?: readonly string[];
      readonly ConsoleSize?: readonly [number, number];
      readonly LogConfig?: {readonly Type: string; readonly Config: Readonly<Record<string, string>>};
      readonly Binds?: readonly string[];
      readonly Mounts?: readonly MountCreate[];
      readonly Tmpfs?: Readonly<Record<string, string>>;
      readonly VolumesFrom?: readonly string[];
    };
  readonly Volumes?: Readonly<Record<string, object>>;
  readonly NetworkingConfig?: {readonly EndpointsConfig: Readonly<Record<string, EndpointCreate>>};
}

/** What may be changed while it runs: body of POST /containers/{id}/update. */
export interface LiveLimitFields {
  readonly CpuShares?: number;
  readonly CpuPeriod?: number;
  readonly CpuQuota?: number;
  readonly NanoCpus?: number;
  readonly CpuRealtimePeriod?: number;
  readonly CpuRealtimeRuntime?: number;
  readonly CpusetCpus?: string;
  readonly CpusetMems?: string;
  readonly Memory?: number;
  readonly MemorySwap?: number;
  readonly MemoryReservation?: number;
  readonly PidsLimit?: number;
  readonly BlkioWeight?: number;
}

export interface LimitFields extends LiveLimitFields {
  readonly MemorySwappiness?: number;
  readonly OomKillDisable?: boolean;
  readonly BlkioWeightDevice?: readonly {readonly Path: string; readonly Weight: number}[];
  readonly BlkioDeviceReadBps?: readonly DeviceRate[];
  readonly BlkioDeviceWriteBps?: readonly DeviceRate[];
  readonly BlkioDeviceReadIOps?: readonly DeviceRate[];
  readonly BlkioDeviceWriteIOps?: readonly DeviceRate[];
}

export interface DeviceRate {
  readonly Path: string;
  readonly Rate: number;
}

/** What a client asks for on one network. */
export interface EndpointCreate {
  readonly IPAMConfig?: {readonly IPv4Address?: string; readonly IPv6Address?: string};
  readonly Aliases?: readonly string[];
  readonly MacAddress?: string;
  readonly DriverOpts?: Readonly<Record<string, string>>;
  readonly GwPriority?: number;
}

/** Bytes on disk; only where they were asked for. */
export interface SizeFields {
  readonly SizeRw?: number;
  readonly SizeRootFs?: number;
}

export interface ContainerSummary extends SizeFields {
  readonly Id: string;
  readonly Names: readonly string[];
  readonly Image: string;
  readonly ImageID: string;
  readonly Command: string;
  /** Seconds since 1970. */
  readonly Created: number;
  readonly Ports: readonly PortSummary[];
  readonly Labels: Readonly<Record<string, string>>;
  readonly State: string;
  readonly Status: string;
  readonly HostConfig: {readonly NetworkMode: string};
  readonly NetworkSettings: {readonly Networks: Readonly<Record<string, EndpointSettings>>};
  readonly Mounts: readonly MountPoint[];
}

export interface PortSummary {
  readonly IP?: string;
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

export interface ContainerInspect extends SizeFields {
  readonly Id: string;
  readonly Created: string;
  readonly Path: string;
  readonly Args: readonly string[];
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly Paused: boolean;
    readonly Restarting: boolean;
    readonly OOMKilled: boolean;
    readonly Dead: boolean;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly Error: string;
    readonly StartedAt: string;
    readonly FinishedAt: string;
    /** Of one that is probed. */
    readonly Health?: HealthInspect;
  };
  readonly Image: string;
  readonly Name: string;
  readonly RestartCount: number;
  readonly Driver: string;
  readonly Platform: string;
  readonly Mounts: readonly MountPoint[];
  readonly ExecIDs: readonly string[] | null;
  readonly HostConfig: Readonly<Record<string, unknown>> & {
    readonly NetworkMode: string;
    readonly PortBindings: PortMap;
  };
  readonly Config: Readonly<Record<string, unknown>> & {readonly Image: string; readonly Tty: boolean};
  readonly NetworkSettings: Readonly<Record<string, unknown>> & {
    readonly Ports: PortMap;
    readonly Networks: Readonly<Record<string, EndpointSettings>>;
  };
}

export interface IpamConfig {
  readonly Subnet: string;
  readonly Gateway?: string;
  readonly IPRange?: string;
  readonly AuxiliaryAddresses?: Readonly<Record<string, string>>;
}

export interface NetworkCreate {
  readonly Name: string;
  readonly Driver: string;
  readonly EnableIPv4?: boolean;
  readonly EnableIPv6: boolean;
  readonly Internal: boolean;
  readonly IPAM: {readonly Driver: 'default'; readonly Config: readonly Partial<IpamConfig>[]};
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface NetworkResource {
  readonly Name: string;
  readonly Id: string;
  readonly Created: string;
  readonly Scope: string;
  readonly Driver: string;
  readonly EnableIPv4: boolean;
  readonly EnableIPv6: boolean;
  readonly IPAM: {
    readonly Driver: string;
    readonly Options: Readonly<Record<string, string>>;
    readonly Config: readonly IpamConfig[];
  };
  readonly Internal: boolean;
  readonly Attachable: boolean;
  readonly Ingress: boolean;
  readonly ConfigFrom: {readonly Network: string};
  readonly ConfigOnly: boolean;
  readonly Containers: Readonly<Record<string, NetworkContainer>>;
  readonly Options: Readonly<Record<string, string>>;
  readonly Labels: Readonly<Record<string, string>>;
}

export interface NetworkContainer {
  readonly Name: string;
  readonly EndpointID: string;
  readonly MacAddress: string;
  readonly IPv4Address: string;
  readonly IPv6Address: string;
}

export interface ImageSummary {
  readonly Id: string;
  readonly ParentId: string;
  readonly RepoTags: readonly string[];
  readonly RepoDigests: readonly string[];
  readonly Created: number;
  readonly Size: number;
  readonly SharedSize: number;
  readonly Containers: number;
  readonly Labels: Readonly<Record<string, string>> | null;
}

export interface WaitResult {
  readonly StatusCode: number;
  readonly Error?: {readonly Message: string} | null;
}

export interface Version {
  readonly Version: string;
  readonly ApiVersion: string;
  readonly Os: string;
  readonly Arch: string;
  readonly KernelVersion: string;
}

export interface Info {
  readonly ID: string;
  readonly Name: string;
  readonly ServerVersion: string;
  readonly Containers: number;
  readonly ContainersRunning: number;
  readonly ContainersStopped: number;
  readonly Images: number;
  readonly CgroupVersion: string;
  readonly KernelVersion: string;
  readonly OperatingSystem: string;
  readonly Architecture: string;
  readonly NCPU: number;
  readonly MemTotal: number;
  readonly DockerRootDir: string;
}

/** Answer to `POST /networks/prune`. */
export interface NetworksPruned {
  readonly NetworksDeleted: readonly string[];
}

/** Answer to `POST /containers/prune`. */
export interface ContainersPruned {
  readonly ContainersDeleted: readonly string[];
  readonly SpaceReclaimed: number;
}
