import {type Ip, parseIp} from '../model/ip.ts';

/** What Docker writes before the container's own addresses (moby libnetwork/etchosts). */
const ipv4Loopback = ['127.0.0.1\tlocalhost'];
const ipv6Loopback = [
  '::1\tlocalhost ip6-localhost ip6-loopback',
  'fe00::\tip6-localnet',
  'ff00::\tip6-mcastprefix',
  'ff02::1\tip6-allnodes',
  'ff02::2\tip6-allrouters',
];

/** Docker's, when the host's resolv.conf names no server that a container could reach. */
const publicNameservers = ['8.8.8.8', '8.8.4.4'];

/** Where systemd-resolved keeps the servers behind its stub 127.0.0.53. */
const resolvedUpstreams = '/run/systemd/resolve/resolv.conf';

/** Text of /etc/hosts: the loopback lines, then each address with the container's name. */
export function hostsFile({
  hostname,
  addresses,
}: {
  readonly hostname: string;
  readonly addresses: readonly string[];
}): string {
  return lines([...ipv4Loopback, ...ipv6Loopback, ...addresses.map(address => `${address}\t${hostname}`)]);
}

/** Text of /etc/hostname. */
export function hostnameFile(hostname: string): string {
  return lines([hostname]);
}

/**
 * Text of /etc/resolv.conf, from the host's. As Docker does for an IPv4-only network: servers on loopback go, since that
 * is the container's own loopback, and so do IPv6 ones, which have no route; with none left, Google's. All else stays
 * (search, options, comments).
 */
export function resolvConfFile(host: string): string {
  const kept = trimEnd(host)
    .split('\n')
    .filter(line => isReachable(nameserver(line)));
  const text = kept.some(line => nameserver(line) !== null)
    ? kept
    : [...kept, ...publicNameservers.map(ip => `nameserver ${ip}`)];
  return lines(text[0] === '' ? text.slice(1) : text);
}

/**
 * The file to read on the host: behind systemd-resolved's stub alone, the list of the servers it asks; /etc/resolv.conf
 * otherwise. As Docker (moby resolvconf.Path).
 */
export function hostResolvConfPath(etcResolvConf: string): string {
  const servers = etcResolvConf
    .split('\n')
    .map(nameserver)
    .filter(ip => ip !== null);
  return servers.length === 1 && servers[0] === '127.0.0.53' ? resolvedUpstreams : '/etc/resolv.conf';
}

/** Addresses of the servers a resolv.conf names; what is none is left out. */
export function nameservers(resolvConf: string): readonly Ip[] {
  return resolvConf.split('\n').flatMap(line => {
    try {
      return [parseIp(nameserver(line) ?? '')];
    } catch {
      return [];
    }
  });
}

/** Null for a line that names no server. */
function nameserver(line: string): string | null {
  return /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? null;
}

function isReachable(ip: string | null): boolean {
  return ip === null || (!ip.startsWith('127.') && !ip.includes(':'));
}

function trimEnd(text: string): string {
  return text.replace(/\n+$/, '');
}

function lines(each: readonly string[]): string {
  return each.map(line => `${line}\n`).join('');
}
