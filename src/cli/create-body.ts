import type {ContainerCreate} from '../api/engine-types.ts';
import {readVariables, resolveVariables} from './environment.ts';
import {type HealthOptions, healthBody} from './health-flags.ts';
import {type IsolationOptions, isolationBody} from './isolation-flags.ts';
import {type LifeOptions, readLabels, restartBody} from './life-flags.ts';
import {type LimitOptions, limitsBody} from './limit-options.ts';
import {given, parsePairs} from './parse.ts';
import {parseNetworks} from './parse-networks.ts';
import {type ProcessOptions, processBody} from './process-body.ts';
import {rootfsBody} from './rootfs-body.ts';
import {type StorageOptions, storageBody} from './storage-body.ts';
import {type StreamsOptions, streamsBody, streamsHostBody} from './streams-flags.ts';

/** Options of `tnet run`, as commander leaves them. */
export interface RunOptions
  extends LifeOptions,
    LimitOptions,
    StorageOptions,
    StreamsOptions,
    IsolationOptions,
    HealthOptions,
    ProcessOptions {
  readonly detach?: boolean;
  readonly rm?: boolean;
  readonly rootfs?: boolean;
  readonly interactive?: boolean;
  readonly name?: string;
  readonly publish?: readonly string[];
  readonly publishAll?: boolean;
  readonly expose?: readonly string[];
  /** As typed: names, or `name=…,alias=…`. */
  readonly network?: readonly string[];
  readonly ip?: string;
  readonly ip6?: string;
  readonly macAddress?: string;
  readonly networkAlias?: readonly string[];
  readonly dns?: readonly string[];
  readonly dnsSearch?: readonly string[];
  readonly dnsOption?: readonly string[];
  readonly addHost?: readonly string[];
  readonly domainname?: string;
  readonly hostname?: string;
  readonly env?: readonly string[];
  readonly envFile?: readonly string[];
  readonly workdir?: string;
  readonly label?: readonly string[];
  readonly stopSignal?: string;
  readonly stopTimeout?: number;
}

/** Body of POST /containers/create. What was not asked for is left out: the daemon has the defaults. */
export function createBody(
  image: string,
  command: readonly string[],
  options: RunOptions,
  env: Readonly<Record<string, string | undefined>>,
): ContainerCreate {
  const variables = [...(options.envFile ?? []).flatMap(readVariables), ...(options.env ?? [])];
  const networks = parseNetworks(options);
  const storage = storageBody(options);
  const process = processBody(options);
  const rootfs = rootfsBody(image, options);
  return {
    ...rootfs.config,
    Cmd: command,
    Env: resolveVariables(variables, env),
    WorkingDir: options.workdir ?? '',
    Hostname: options.hostname ?? '',
    ...given('Domainname', options.domainname),
    ...given('ExposedPorts', options.expose && Object.fromEntries(options.expose.map(port => [withProto(port), {}]))),
    Labels: parsePairs([...(options.labelFile ?? []).flatMap(readLabels), ...(options.label ?? [])]),
    OpenStdin: options.interactive ?? false,
    ...streamsBody(options),
    ...given('StopSignal', options.stopSignal),
    ...given('StopTimeout', options.stopTimeout),
    ...healthBody(options),
    ...storage.config,
    ...process.config,
    HostConfig: {
      ...storage.host,
      ...process.host,
      ...rootfs.host,
      NetworkMode: networks[0]!.name,
      AutoRemove: options.rm ?? false,
      ...restartBody(options),
      Publish: options.publish ?? [],
      ...streamsHostBody(options),
      ...given('PublishAllPorts', options.publishAll),
      ...given('Dns', options.dns),
      ...given('DnsSearch', options.dnsSearch),
      ...given('DnsOptions', options.dnsOption),
      ...given('ExtraHosts', options.addHost),
      ...limitsBody(options),
      ...isolationBody(options),
    },
    NetworkingConfig: {EndpointsConfig: Object.fromEntries(networks.map(({name, endpoint}) => [name, endpoint]))},
  };
}

function withProto(port: string): string {
  return port.includes('/') ? port : `${port}/tcp`;
}
