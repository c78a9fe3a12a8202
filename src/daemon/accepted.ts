import {isolationFields} from './decode-isolation.ts';
import {limitFields} from './decode-limits.ts';
import {rootfsFields} from './decode-rootfs.ts';
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
    'Healthcheck',
  ),
  ...decoded('HostConfig', 'NetworkingConfig', 'Volumes', 'User'),
  ...decoded('AttachStdin', 'AttachStdout', 'AttachStderr', 'StdinOnce', 'ExposedPorts'),
};

/** The same for HostConfig. */
export const acceptedHostConfig: Accepted = {
  ...decoded('NetworkMode', 'PortBindings', 'Publish', 'AutoRemove'),
  ...decoded(...Object.keys(limitFields)),
  ...decoded('PublishAllPorts', 'Dns', 'DnsSearch', 'DnsOptions', 'ExtraHosts'),
  ...decoded('Binds', 'Mounts', 'Tmpfs', 'VolumesFrom', 'VolumeDriver'),
  ...decoded(
    'GroupAdd',
    'Init',
    'Ulimits',
    'Sysctls',
    'ShmSize',
    'OomScoreAdj',
    'Devices',
    'DeviceCgroupRules',
    'SecurityOpt',
  ),
  ...decoded('ContainerIDFile', 'ConsoleSize', 'LogConfig', 'RestartPolicy'),
  ...decoded(...Object.keys(isolationFields), ...Object.keys(rootfsFields)),
  Isolation: oneOf('default'),
};
