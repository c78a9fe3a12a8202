import * as v from 'valibot';
import type {ContainerConfig, NetworkMode} from '../model/container.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import {acceptedConfig, acceptedHostConfig} from './accepted.ts';
import {decodeConfinement} from './decode-confinement.ts';
import {decodeDns, decodeExtraHosts, dnsFields} from './decode-dns.ts';
import {decodeEndpoints, networkingConfig} from './decode-endpoints.ts';
import {decodeExposed, publishExposed} from './decode-exposed.ts';
import {decodeHealthcheck, healthcheckFields} from './decode-healthcheck.ts';
import {decodeIsolation, isolationFields, pickIsolation} from './decode-isolation.ts';
import {decodeLimits, limitFields, limitWarnings} from './decode-limits.ts';
import {decodeLogConfig, logFields} from './decode-log-config.ts';
import {decodeNetworkMode} from './decode-network-mode.ts';
import {decodePorts, portFields} from './decode-ports.ts';
import {decodeProcessSettings, processFields} from './decode-process-settings.ts';
import {decodeRestart, restartFields} from './decode-restart.ts';
import {decodeRootfs, rootfsFields} from './decode-rootfs.ts';
import {decodeStorage, storageFields} from './decode-storage.ts';
import {consoleSize, decodeStreams, streamFields} from './decode-streams.ts';
import {badRequest} from './failure.ts';
import {refuseUnsupported} from './unsupported.ts';
import {labels, natural, orNull, text, texts, validate} from './validate.ts';

const hostConfig = v.looseObject({
  NetworkMode: orNull(text),
  ...limitFields,
  ...isolationFields,
  ...portFields,
  ...dnsFields,
  ...logFields,
  ConsoleSize: orNull(consoleSize),
  ...restartFields,
  ...storageFields,
  ...rootfsFields,
  ...processFields,
  SecurityOpt: orNull(texts),
  PublishAllPorts: orNull(v.boolean()),
});

const createBody = v.looseObject({
  Image: orNull(text),
  Cmd: orNull(texts),
  Entrypoint: orNull(texts),
  Env: orNull(texts),
  WorkingDir: orNull(text),
  User: orNull(text),
  Hostname: orNull(text),
  Domainname: orNull(text),
  MacAddress: orNull(text),
  Labels: orNull(labels),
  OpenStdin: orNull(v.boolean()),
  StdinOnce: orNull(v.boolean()),
  ...streamFields,
  ...healthcheckFields,
  StopSignal: orNull(text),
  StopTimeout: orNull(natural),
  ExposedPorts: orNull(v.record(text, v.unknown())),
  Volumes: orNull(v.record(text, v.unknown())),
  HostConfig: orNull(hostConfig),
  NetworkingConfig: orNull(networkingConfig),
});

type CreateBody = v.InferOutput<typeof createBody>;

export interface DecodedContainer {
  readonly config: ContainerConfig;
  readonly warnings: readonly string[];
}

const defaultStopTimeoutS = 10;

/** Body of POST /containers/create. Throws ERR_BAD_REQUEST or ERR_UNSUPPORTED naming the field. */
export function decodeContainer(input: unknown): DecodedContainer {
  const body = validate(createBody, input);
  const host = body.HostConfig ?? {};
  refuseRest(body);
  const network = decodeNetworkMode(host.NetworkMode ?? '');
  const exposed = decodeExposed(Object.keys(body.ExposedPorts ?? {}));
  const bound = decodePorts(host);
  const published = [...bound, ...(host.PublishAllPorts ? publishExposed(exposed, bound) : [])];
  refuseConflicts(body, network, published);
  const {ports, warnings} = discardPorts(published, network);
  return {
    warnings: [...warnings, ...limitWarnings(host)],
    config: {
      ...decodeRootfs(host, body.Image),
      ...decodeProcess(body),
      network,
      endpoints: decodeEndpoints(body.NetworkingConfig, network, body.MacAddress ?? ''),
      ports,
      exposed,
      domainname: decodeHostname(body.Domainname ?? ''),
      dns: decodeDns(host),
      extraHosts: decodeExtraHosts(host.ExtraHosts ?? []),
      limits: decodeLimits(host),
      streams: decodeStreams(body, host.ConsoleSize),
      log: decodeLogConfig(host.LogConfig),
      isolation: decodeIsolation(pickIsolation(host), body.Hostname ?? ''),
      storage: decodeStorage(host, Object.keys(body.Volumes ?? {})),
      process: decodeProcessSettings(host, body.User ?? ''),
      confinement: decodeConfinement(host.SecurityOpt ?? []),
      autoRemove: host.AutoRemove ?? false,
      restart: decodeRestart(host),
      healthcheck: decodeHealthcheck(body),
    },
  };
}

const validContainerName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/;

/** `?name=`; null when it is absent. Docker's clients may write it with its slash. */
export function decodeContainerName(name: string | null): string | null {
  if (name === null || name === '') return null;
  const bare = name.replace(/^\//, '');
  if (validContainerName.test(bare)) return bare;
  throw badRequest(`Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
}

type ProcessConfig = Pick<
  ContainerConfig,
  'args' | 'entrypoint' | 'env' | 'cwd' | 'hostname' | 'labels' | 'openStdin' | 'stopSignal' | 'stopTimeoutS'
>;

function decodeProcess(body: CreateBody): ProcessConfig {
  return {
    // Empty: the image has a command of its own.
    args: [...(body.Entrypoint ?? []), ...(body.Cmd ?? [])],
    entrypoint: body.Entrypoint ?? [],
    env: (body.Env ?? []).map(checkVariable),
    cwd: decodeCwd(body.WorkingDir ?? ''),
    hostname: decodeHostname(body.Hostname ?? ''),
    labels: body.Labels ?? {},
    openStdin: body.OpenStdin ?? false,
    stopSignal: body.StopSignal ?? '',
    stopTimeoutS: body.StopTimeout ?? defaultStopTimeoutS,
  };
}

function checkVariable(variable: string): string {
  if (variable === '' || variable.startsWith('=')) throw badRequest(`invalid environment variable: ${variable}`);
  return variable;
}

function decodeCwd(cwd: string): string {
  if (cwd === '' || cwd.startsWith('/')) return cwd;
  throw badRequest(`the working directory '${cwd}' is invalid, it needs to be an absolute path`);
}

/** It goes into sethostname(2), 64 bytes, and as a word into /etc/hosts. */
function decodeHostname(hostname: string): string {
  if (hostname === '' || /^[a-zA-Z0-9_.-]{1,64}$/.test(hostname)) return hostname;
  throw badRequest(`invalid hostname "${hostname}"`);
}

function refuseRest(body: CreateBody): void {
  refuseUnsupported(body, acceptedConfig, '');
  refuseUnsupported(body.HostConfig ?? {}, acceptedHostConfig, 'HostConfig.');
}

/** moby runconfig/hostconfig_unix.go, validateNetContainerMode. */
function refuseConflicts(body: CreateBody, network: NetworkMode, published: readonly PortMapping[]): void {
  if (network.kind !== 'container') return;
  if (body.Hostname) throw badRequest('conflicting options: hostname and the network mode');
  const {Dns, DnsSearch, DnsOptions, ExtraHosts} = body.HostConfig ?? {};
  if ([Dns, DnsSearch, DnsOptions].some(given => given?.length))
    throw badRequest('conflicting options: dns and the network mode');
  if (ExtraHosts?.length) throw badRequest('conflicting options: custom host-to-IP mapping and the network mode');
  if (body.MacAddress) throw badRequest('conflicting options: mac-address and the network mode');
  if (published.length > 0)
    throw badRequest('conflicting options: port publishing and the container type network mode');
  if (Object.keys(body.ExposedPorts ?? {}).length > 0)
    throw badRequest('conflicting options: port exposing and the container type network mode');
}

function discardPorts(
  ports: readonly PortMapping[],
  network: NetworkMode,
): {ports: readonly PortMapping[]; warnings: readonly string[]} {
  if (ports.length === 0 || !['host', 'none', 'namespace'].includes(network.kind)) return {ports, warnings: []};
  return {ports: [], warnings: [`Published ports are discarded when using ${network.kind} network mode`]};
}
