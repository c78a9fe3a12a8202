import type {Info, Version} from '../api/engine-types.ts';
import {apiVersion, tnetVersion} from '../api/version.ts';
import {type Container, isRunning} from '../model/container.ts';
import type {IdMaps} from '../model/id-map.ts';
import type {HostFacts} from './host-facts.ts';

export function encodeVersion(facts: HostFacts): Version & Readonly<Record<string, unknown>> {
  const details = {
    ApiVersion: apiVersion,
    MinAPIVersion: '1.24',
    Os: 'linux',
    Arch: facts.architecture,
    KernelVersion: facts.kernel,
  };
  return {
    Platform: {Name: 'tnet'},
    Components: [
      {
        Name: 'Engine',
        Version: tnetVersion,
        Details: {
          ...details,
          Experimental: 'false',
          GitCommit: '',
          BuildTime: '',
          GoVersion: `node ${process.version}`,
        },
      },
    ],
    Version: tnetVersion,
    ...details,
    GitCommit: '',
    GoVersion: `node ${process.version}`,
    BuildTime: '',
  };
}

/** GET /info. `docker info` prints a warning for every limit it is not told of. */
export function encodeInfo(
  facts: HostFacts,
  containers: readonly Container[],
  {root, idMaps}: {readonly root: string; readonly idMaps: IdMaps | null},
): Info & Readonly<Record<string, unknown>> {
  const paused = containers.filter(({state}) => state.paused).length;
  const running = containers.filter(({state}) => isRunning(state)).length;
  return {
    ID: facts.hostname,
    Name: facts.hostname,
    ServerVersion: tnetVersion,
    Containers: containers.length,
    ContainersRunning: running - paused,
    ContainersPaused: paused,
    ContainersStopped: containers.length - running,
    Images: 1,
    Driver: 'overlay',
    DriverStatus: [],
    DockerRootDir: root,
    KernelVersion: facts.kernel,
    OperatingSystem: facts.operatingSystem,
    OSType: 'linux',
    Architecture: facts.machine,
    NCPU: facts.cpus,
    MemTotal: facts.memoryBytes,
    CgroupDriver: 'cgroupfs',
    CgroupVersion: facts.cgroupVersion,
    LoggingDriver: 'json-file',
    LiveRestoreEnabled: true,
    DefaultRuntime: 'tnet-shim',
    Runtimes: {'tnet-shim': {path: 'tnet-shim'}},
    Plugins: {
      Volume: [],
      Network: ['bridge', 'host', 'ipvlan', 'macvlan', 'null', 'vxlan'],
      Authorization: null,
      Log: ['json-file'],
    },
    SecurityOptions: idMaps === null ? [] : ['name=userns'],
    Warnings: null,
    Swarm: {
      NodeID: '',
      NodeAddr: '',
      LocalNodeState: 'inactive',
      ControlAvailable: false,
      Error: '',
      RemoteManagers: null,
    },
    ...encodeLimitSupport(facts),
  };
}

function encodeLimitSupport({limits, ipv4Forwarding}: HostFacts): Readonly<Record<string, boolean>> {
  return {
    MemoryLimit: limits.memory,
    SwapLimit: limits.swap,
    CpuCfsPeriod: limits.cpuQuota,
    CpuCfsQuota: limits.cpuQuota,
    CPUShares: limits.cpuShares,
    CPUSet: limits.cpuset,
    PidsLimit: limits.pids,
    IPv4Forwarding: ipv4Forwarding,
    OomKillDisable: limits.oomKillDisable,
  };
}
