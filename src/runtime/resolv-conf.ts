import {type Ip, parseIp} from '../model/ip.ts';
import {dnsAddress} from '../network/dns/redirect.ts';

/** Docker's, when the host's resolv.conf names no server that a container could reach. */
const publicNameservers = ['8.8.8.8', '8.8.4.4'];

/** Where systemd-resolved keeps the servers behind its stub 127.0.0.53. */
const resolvedUpstreams = '/run/systemd/resolve/resolv.conf';

/** `--dns`, `--dns-search`, `--dns-option`; empty ones leave what the host has. A search domain `.` alone means none. */
export interface ResolverSettings {
  readonly servers: readonly string[];
  readonly search: readonly string[];
  readonly options: readonly string[];
}

/**
 * Text of /etc/resolv.conf for a container without our DNS server, from the host's. As Docker: servers on loopback go,
 * since that is the container's own loopback, and without IPv6 so do its servers, which have no route; with none left,
 * Google's. All else stays (search, options, comments), but for what the settings replace.
 */
export function resolvConfFile(
  host: string,
  {settings = hostSettings, ipv6 = false}: {readonly settings?: ResolverSettings; readonly ipv6?: boolean} = {},
): string {
  const kept = hostLines(host, settings).filter(line => isReachable(nameserver(line), ipv6));
  const named = settings.servers.length > 0 || kept.some(line => nameserver(line) !== null);
  return lines([...kept, ...(named ? [] : nameserverLines(publicNameservers)), ...settingLines(settings)]);
}

/**
 * Text of /etc/resolv.conf on a user network: our DNS server alone, which asks the host's or the given ones itself.
 * `ndots:0` unless the host or the settings say otherwise: names of containers have no dots.
 */
export function embeddedResolvConfFile(host: string, settings: ResolverSettings = hostSettings): string {
  const kept = hostLines(host, settings);
  const search = settings.search.length > 0 ? settings.search : wordsOf(kept, /^\s*(?:search|domain)\s+(.*)$/).at(-1);
  const options = settings.options.length > 0 ? settings.options : wordsOf(kept, /^\s*options\s+(.*)$/).flat();
  const ndots = options.some(option => option.startsWith('ndots:')) ? [] : ['ndots:0'];
  return lines([
    ...nameserverLines([dnsAddress]),
    ...settingLines({servers: [], search: search ?? [], options: [...options, ...ndots]}),
  ]);
}

/** The servers a resolv.conf names, for ours to ask; without those that are no plain address (`fe80::1%eth0`). */
export function nameserversOf(resolvConf: string): readonly Ip[] {
  return resolvConf
    .split('\n')
    .map(nameserver)
    .flatMap(text => {
      try {
        return text === null ? [] : [parseIp(text)];
      } catch {
        return [];
      }
    });
}

/** 0 when it does not say. */
export function ndotsOf(resolvConf: string): number {
  const options = wordsOf(resolvConf.split('\n'), /^\s*options\s+(.*)$/).flat();
  return Number(options.findLast(option => /^ndots:\d+$/.test(option))?.slice('ndots:'.length) ?? 0);
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

/** Nothing given: all as on the host. */
const hostSettings: ResolverSettings = {servers: [], search: [], options: []};

/** The host's lines but for those that the settings replace. */
function hostLines(host: string, {servers, search, options}: ResolverSettings): readonly string[] {
  const replaced = [
    ...(servers.length > 0 ? ['nameserver'] : []),
    ...(search.length > 0 ? ['search', 'domain'] : []),
    ...(options.length > 0 ? ['options'] : []),
  ];
  const text = host.replace(/\n+$/, '');
  return text === '' ? [] : text.split('\n').filter(line => !replaced.includes(line.trim().split(/\s/, 1)[0]!));
}

function settingLines({servers, search, options}: ResolverSettings): readonly string[] {
  const domains = search.filter(domain => domain !== '.');
  return [
    ...nameserverLines(servers),
    ...(domains.length > 0 ? [`search ${domains.map(word).join(' ')}`] : []),
    ...(options.length > 0 ? [`options ${options.map(word).join(' ')}`] : []),
  ];
}

function nameserverLines(servers: readonly string[]): readonly string[] {
  return servers.map(ip => `nameserver ${word(ip)}`);
}

/** A line break in an option would be a line of its own. */
function word(text: string): string {
  if (text === '' || /\s/.test(text))
    throw new SyntaxError(`invalid word "${text}" for resolv.conf: it has blanks or is empty`);
  return text;
}

/** What follows the keyword, of each line that has it. */
function wordsOf(all: readonly string[], keyword: RegExp): readonly (readonly string[])[] {
  return all.flatMap(line => {
    const words = keyword.exec(line)?.[1]?.trim().split(/\s+/);
    return words === undefined ? [] : [words];
  });
}

/** Null for a line that names no server. */
function nameserver(line: string): string | null {
  return /^\s*nameserver\s+(\S+)/.exec(line)?.[1] ?? null;
}

function isReachable(ip: string | null, ipv6: boolean): boolean {
  return ip === null || !(ip.startsWith('127.') || ip === '::1' || (ip.includes(':') && !ipv6));
}

function lines(each: readonly string[]): string {
  return each.map(line => `${line}\n`).join('');
}
