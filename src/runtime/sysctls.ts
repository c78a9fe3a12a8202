import {TnetError} from '../errors.ts';
import type {ContainerConfig} from '../model/container.ts';

type Sysctl = readonly [path: string, value: string];

/** Those of the ipc namespace, as runc has them; `net.` and `fs.mqueue.` are whole. */
const ofIpc = /^kernel\.(msgmax|msgmnb|msgmni|sem|shmall|shmmax|shmmni|shm_rmid_forced)$|^fs\.mqueue\./;

/** Any uid may bind low ports and ping: there is no one else in the namespace. Docker's defaults since 20.10. */
const ofNewNetwork: Readonly<Record<string, string>> = {
  'net.ipv4.ip_unprivileged_port_start': '0',
  'net.ipv4.ping_group_range': '0 2147483647',
};

/**
 * All sysctls of a container: Docker's, and what was asked for, as paths below /proc/sys. ERR_BAD_REQUEST for one that is
 * not of a namespace of the container's own: it would change the machine.
 */
export function sysctlsOf({network, domainname, process, isolation}: ContainerConfig): readonly Sysctl[] {
  for (const name of Object.keys(process.sysctls)) refuseForeign(dotted(name), {network, isolation});
  const own = network.kind === 'network' || network.kind === 'none';
  const values = {
    ...(own ? ofNewNetwork : {}),
    ...(domainname === '' || isolation.uts === 'host' ? {} : {'kernel.domainname': domainname}),
    ...process.sysctls,
  };
  return Object.entries(values).map(([name, value]) => [pathOf(name), value]);
}

function refuseForeign(name: string, {network, isolation}: Pick<ContainerConfig, 'network' | 'isolation'>): void {
  const refuse = (why: string): never => {
    throw new TnetError('ERR_BAD_REQUEST', `sysctl "${name}" ${why}`);
  };
  if (!/^[a-z0-9_]+(\.[a-zA-Z0-9_/-]+)+$/.test(name)) refuse('is not a name');
  if (name.startsWith('net.')) {
    if (network.kind === 'host') refuse('not allowed in host network namespace');
    return;
  }
  if (!ofIpc.test(name)) refuse('is not in a separate kernel namespace');
  if (isolation.ipc.kind === 'host') refuse('is not allowed in the hosts ipc namespace');
}

/** sysctl(8): where the first separator is a slash, the two are swapped: `net/ipv4/conf/eth0.1/forwarding`. */
function dotted(name: string): string {
  return /^[^./]*\//.test(name) ? swap(name) : name;
}

/** Each name of a path stands for itself; `..` cannot come up, as a dot is a separator. */
function pathOf(name: string): string {
  return swap(dotted(name));
}

function swap(name: string): string {
  return name.replace(/[./]/g, separator => (separator === '.' ? '/' : '.'));
}
