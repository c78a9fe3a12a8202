import type {Ip} from '../model/ip.ts';

export * from './resolv-conf.ts';

/** What Docker writes before the container's own addresses (moby libnetwork/etchosts). */
const ipv4Loopback = ['127.0.0.1\tlocalhost'];
const ipv6Loopback = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

export interface HostsFile {
  readonly hostname: string;
  readonly domainname?: string;
  readonly addresses: readonly string[];
  /** `--add-host`. */
  readonly extraHosts?: readonly {readonly name: string; readonly ip: Ip}[];
  /** Whether the container has IPv6; otherwise `localhost` must not lead to `::1`. Default: as its addresses say. */
  readonly ipv6?: boolean;
}

/** Text of /etc/hosts, in Docker's order: the loopback lines, `--add-host`, each own address with the container's names. */
export function hostsFile({hostname, domainname = '', addresses, extraHosts = [], ipv6}: HostsFile): string {
  const names = domainname === '' ? hostname : `${hostname}.${domainname} ${hostname}`;
  return lines([
    ...ipv4Loopback,
    ...((ipv6 ?? addresses.some(isIpv6)) ? ipv6Loopback : []),
    ...extraHosts.map(({name, ip}) => `${ip}\t${name}`),
    ...addresses.map(address => `${address}\t${names}`),
  ]);
}

/** Text of /etc/hostname. */
export function hostnameFile(hostname: string): string {
  return lines([hostname]);
}

function isIpv6(ip: string): boolean {
  return ip.includes(':');
}

function lines(each: readonly string[]): string {
  return each.map(line => `${line}\n`).join('');
}
