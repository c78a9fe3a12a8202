import {isolationFields} from './decode-isolation.ts';
import {type Accepted, anything, oneOf} from './unsupported.ts';

const decoded = (...names: readonly string[]): Accepted => Object.fromEntries(names.map(name => [name, anything]));

/** Fields of a container's Config that are decoded, concern the client alone, or ask for what happens anyway. */
export const acceptedConfig: Accepted = {
  ...decoded(
    'Image',
    'Cmd',
    'Entrypoint',
    'Env',
    'WorkingDir',
    'Hostname',
    'Domainname',
    'MacAddress',
    'Labels',
    'OpenStdin',
    'Tty',
    'StopSignal',
    'StopTimeout',
  ),
  ...decoded('HostConfig', 'NetworkingConfig', 'Volumes'),
  ...decoded('AttachStdin', 'AttachStdout', 'AttachStderr', 'StdinOnce', 'ExposedPorts'),
  User: oneOf('0', 'root', '0:0', 'root:root'),
};

const mib = 1024 * 1024;

/** The same for HostConfig. */
export const acceptedHostConfig: Accepted = {
  ...decoded('NetworkMode', 'PortBindings', 'Publish', 'AutoRemove'),
  ...decoded('CpuShares', 'CpuPeriod', 'CpuQuota', 'NanoCpus', 'Memory', 'MemorySwap', 'PidsLimit'),
  ...decoded('PublishAllPorts', 'Dns', 'DnsSearch', 'DnsOptions', 'ExtraHosts'),
  ...decoded('Binds', 'Mounts', 'Tmpfs', 'VolumesFrom', 'VolumeDriver'),
  ...decoded('ContainerIDFile', 'ConsoleSize', 'LogConfig', 'RestartPolicy'),
  MemorySwappiness: oneOf(-1),
  ShmSize: oneOf(64 * mib),
  ...decoded(...Object.keys(isolationFields)),
  Isolation: oneOf('default'),
  SecurityOpt: value =>
    Array.isArray(value) && value.every(option => /^no-new-privileges([:=]true)?$/.test(String(option))),
};
