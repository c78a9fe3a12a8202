import {basename} from 'node:path';
import type {ContainerInspect, EndpointSettings, SizeFields} from '../api/engine-types.ts';
import {type Container, type ContainerState, isRunning, type NetworkMode} from '../model/container.ts';
import type {HostRootfs} from '../model/host-rootfs.ts';
import type {ContainerSize} from '../runtime/container-size.ts';
import {hostImageId} from '../runtime/images/host-image.ts';
import {type ContainerView, encodeEndpoints, networksById} from './encode-endpoint.ts';
import {encodeHealth, encodeHealthcheck} from './encode-health.ts';
import {encodeIsolation} from './encode-isolation.ts';
import {encodeLimits} from './encode-limits.ts';
import {encodeMounts, encodeStorage, encodeVolumeTargets} from './encode-mounts.ts';
import {encodePortBindings, encodePorts} from './encode-ports.ts';
import {encodeConfinement, encodeProcessSettings} from './encode-process-settings.ts';
import {encodeRestart} from './encode-restart.ts';

/** Go's zero time: Docker's way of saying "never". */
const never = '0001-01-01T00:00:00Z';

/** GET /containers/{id}/json. */
export function encodeContainer(view: ContainerView): ContainerInspect {
  const {container} = view;
  const [path = '', ...args] = container.config.args;
  return {
    Id: container.id,
    Created: container.created,
    Path: path,
    Args: args,
    State: encodeState(view),
    Image: container.imageId ?? hostImageId,
    Name: `/${container.name}`,
    RestartCount: container.state.restartCount,
    Driver: 'overlay',
    Platform: 'linux',
    Mounts: encodeMounts(view),
    ExecIDs: encodeExecIds(view),
    HostConfig: encodeHostConfig(container),
    Config: encodeConfig(container),
    NetworkSettings: encodeNetworkSettings(view),
    ...encodeSize(view.size),
  };
}

export function encodeSize(size: ContainerSize | undefined): SizeFields {
  return size === undefined ? {} : {SizeRw: size.writtenBytes, SizeRootFs: size.totalBytes};
}

/** Null for none, as Docker; those that have ended are asked for by their own id. */
function encodeExecIds({execs = []}: ContainerView): readonly string[] | null {
  const living = execs.filter(({state}) => state.status !== 'exited').map(({id}) => id);
  return living.length > 0 ? living : null;
}

export function formatNetworkMode(mode: NetworkMode): string {
  if (mode.kind === 'container') return `container:${mode.container}`;
  if (mode.kind === 'namespace') return `ns:${mode.path}`;
  return mode.kind === 'network' ? mode.network : mode.kind;
}

/** Docker's word for it: `paused` is a kind of running. */
export function formatState({status, paused}: ContainerState): string {
  return paused ? 'paused' : status;
}

function encodeState({container: {state}, health}: ContainerView): ContainerInspect['State'] {
  return {
    Status: formatState(state),
    Running: isRunning(state),
    Paused: state.paused,
    Restarting: state.status === 'restarting',
    OOMKilled: state.oomKilled,
    Dead: false,
    Pid: state.pid,
    ExitCode: state.exitCode,
    Error: state.error,
    StartedAt: state.startedAt ?? never,
    FinishedAt: state.finishedAt ?? never,
    ...(health ? {Health: encodeHealth(health)} : {}),
  };
}

function encodeConfig({config}: Container): ContainerInspect['Config'] {
  const ports = [...new Set([...config.exposed, ...Object.keys(encodePortBindings(config.ports))])];
  return {
    Hostname: config.hostname,
    Domainname: config.domainname,
    User: config.process.user,
    AttachStdin: config.streams.attach.stdin,
    AttachStdout: config.streams.attach.stdout,
    AttachStderr: config.streams.attach.stderr,
    ...(ports.length > 0 ? {ExposedPorts: Object.fromEntries(ports.map(port => [port, {}]))} : {}),
    Tty: config.streams.tty,
    OpenStdin: config.openStdin,
    StdinOnce: config.streams.stdinOnce,
    Env: config.env,
    Cmd: orNull(config.args.slice(config.entrypoint.length)),
    Image: config.image,
    Volumes: encodeVolumeTargets(config.storage),
    WorkingDir: config.cwd,
    Entrypoint: orNull(config.entrypoint),
    OnBuild: null,
    Labels: config.labels,
    ...(config.healthcheck ? {Healthcheck: encodeHealthcheck(config.healthcheck)} : {}),
    StopSignal: config.stopSignal,
    StopTimeout: config.stopTimeoutS,
  };
}

/** Go's empty slice. */
function orNull(words: readonly string[]): readonly string[] | null {
  return words.length > 0 ? words : null;
}

function encodeHostConfig({config}: Container): ContainerInspect['HostConfig'] {
  return {
    NetworkMode: formatNetworkMode(config.network),
    PortBindings: encodePortBindings(config.ports),
    AutoRemove: config.autoRemove,
    RestartPolicy: encodeRestart(config.restart),
    LogConfig: {Type: config.log.driver, Config: config.log.options},
    ConsoleSize: [config.streams.consoleSize.height, config.streams.consoleSize.width],
    ...encodeIsolation(config.isolation),
    PublishAllPorts: false,
    Dns: config.dns.servers,
    DnsSearch: config.dns.search,
    DnsOptions: config.dns.options,
    ExtraHosts: config.extraHosts.map(({name, address}) => `${name}:${address ?? 'host-gateway'}`),
    ...encodeStorage(config.storage),
    ...(config.rootfs ? {Rootfs: encodeRootfs(config.rootfs)} : {}),
    ...encodeLimits(config.limits),
    ...encodeProcessSettings(config.process),
    SecurityOpt: encodeConfinement(config.confinement),
  };
}

/** As it is decoded (decode-rootfs.ts). */
function encodeRootfs({path, writes}: HostRootfs): {readonly Path: string; readonly Overlay: boolean} {
  return {Path: path, Overlay: writes === 'layer'};
}

/** The fields beside Networks are those of the network `bridge`, kept for old clients. */
function encodeNetworkSettings(view: ContainerView): ContainerInspect['NetworkSettings'] {
  const endpoints = encodeEndpoints(view);
  const bridge: Partial<EndpointSettings> = endpoints.bridge ?? {};
  const sandbox = view.attachments[0]?.sandbox ?? '';
  return {
    SandboxID: basename(sandbox),
    SandboxKey: sandbox,
    Ports: encodePorts(view.attachments, networksById(view), view.container.config.exposed),
    EndpointID: bridge.EndpointID ?? '',
    Gateway: bridge.Gateway ?? '',
    IPAddress: bridge.IPAddress ?? '',
    IPPrefixLen: bridge.IPPrefixLen ?? 0,
    MacAddress: bridge.MacAddress ?? '',
    GlobalIPv6Address: bridge.GlobalIPv6Address ?? '',
    GlobalIPv6PrefixLen: bridge.GlobalIPv6PrefixLen ?? 0,
    IPv6Gateway: bridge.IPv6Gateway ?? '',
    Networks: endpoints,
  };
}
