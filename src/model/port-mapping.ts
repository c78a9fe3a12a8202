import {type Family, type Ip, ipFamily, parseIp} from './ip.ts';

export type Proto = 'tcp' | 'udp' | 'sctp';

/**
 * `hostIp:hostPort/proto → containerPort`, `count` consecutive ports of it. `hostIp` null means every address of the
 * host, `0.0.0.0` and `::` every one of that family. `hostPort` 0 means that one is chosen at attach, and `hostPortEnd`
 * that it is chosen from `hostPort` to there (both only with `count` 1).
 */
export interface PortMapping {
  readonly proto: Proto;
  readonly hostIp: Ip | null;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly count: number;
  readonly hostPortEnd?: number;
}

/**
 * Parses Docker's `-p`: `c`, `h:c`, `ip:h:c`, `ip::c`, `[v6]:h:c`, ranges of equal length or `h1-h2:c`, each with `/tcp|udp|sctp`, and the
 * long form `target=80,published=8080,protocol=udp,host_ip=::1`.
 * Throws SyntaxError naming the text.
 */
export function parsePortMapping(text: string): PortMapping {
  if (text.includes('=')) return parseLongForm(text);
  const match =
    /^(?:(?:\[(?<v6>[^\]]*)\]|(?<v4>[^:/[\]]*)):)??(?:(?<host>[^:/[\]]*):)?(?<container>[^:/[\]]+)(?:\/(?<proto>[^/]*))?$/.exec(
      text,
    );
  if (!match?.groups)
    throw new SyntaxError(`invalid port mapping "${text}": want [[ip:]hostPort:]containerPort[/proto]`);
  const {v6, v4, host, container, proto} = match.groups;
  return portMapping({ip: v6 ?? v4 ?? '', host: host ?? '', container: container!, proto: proto ?? 'tcp'});
}

/** The same from separate fields, as the Engine API (`HostIp`, `HostPort`, `80/tcp`) and CNI carry them. */
export function portMapping(fields: {
  readonly ip: string;
  readonly host: string;
  readonly container: string;
  readonly proto: string;
}): PortMapping {
  const container = parsePortRange(fields.container);
  const host = fields.host === '' ? {first: 0, count: container.count} : parsePortRange(fields.host, 0);
  const chosen = container.count === 1 && host.count > 1;
  if (host.count !== container.count && !chosen)
    throw new SyntaxError(
      `invalid ranges specified for container and host Ports: ${fields.container} and ${fields.host}`,
    );
  return {
    proto: parseProto(fields.proto),
    hostIp: fields.ip === '' ? null : parseIp(fields.ip),
    hostPort: host.first,
    containerPort: container.first,
    count: container.count,
    ...(chosen ? {hostPortEnd: host.first + host.count - 1} : {}),
  };
}

/** One mapping a port: a range without host ports has them chosen one by one. */
export function splitUnchosen(mapping: PortMapping): readonly PortMapping[] {
  if (mapping.hostPort !== 0 || mapping.count === 1) return [mapping];
  return Array.from({length: mapping.count}, (_, i) => ({
    ...mapping,
    containerPort: mapping.containerPort + i,
    count: 1,
  }));
}

/** Families of the host addresses a mapping claims. */
export function familiesOf({hostIp}: PortMapping): readonly Family[] {
  return hostIp === null ? [4, 6] : [ipFamily(hostIp)];
}

/** Whether a mapping claims its port on every address of a family. */
export function isAnyHost({hostIp}: PortMapping): boolean {
  return hostIp === null || hostIp === '0.0.0.0' || hostIp === '::';
}

/** `127.0.0.1:8080->80/tcp`, as `docker ps` shows it. */
export function formatPortMapping({proto, hostIp, hostPort, hostPortEnd, containerPort, count}: PortMapping): string {
  const range = (first: number, last: number): string => (last === first ? `${first}` : `${first}-${last}`);
  const host = range(hostPort, hostPortEnd ?? hostPort + count - 1);
  return `${formatHost(hostIp)}:${host}->${range(containerPort, containerPort + count - 1)}/${proto}`;
}

/** Whether two mappings claim the same host port. */
export function portMappingsConflict(a: PortMapping, b: PortMapping): boolean {
  if (a.proto !== b.proto || a.hostPort === 0 || b.hostPort === 0 || a.hostPortEnd || b.hostPortEnd) return false;
  const family = familiesOf(a).some(each => familiesOf(b).includes(each));
  if (!family || (!isAnyHost(a) && !isAnyHost(b) && a.hostIp !== b.hostIp)) return false;
  return a.hostPort < b.hostPort + b.count && b.hostPort < a.hostPort + a.count;
}

function formatHost(ip: Ip | null): string {
  if (ip === null) return '0.0.0.0';
  return ipFamily(ip) === 6 ? `[${ip}]` : ip;
}

function parseProto(text: string): Proto {
  const proto = text.toLowerCase();
  if (proto === 'tcp' || proto === 'udp' || proto === 'sctp') return proto;
  throw new SyntaxError(`invalid proto: ${text}`);
}

const longForm: Readonly<Record<string, 'ip' | 'host' | 'container' | 'proto' | null>> = {
  target: 'container',
  published: 'host',
  protocol: 'proto',
  host_ip: 'ip',
  // Swarm's ingress or host; without a swarm there is one way.
  mode: null,
};

function parseLongForm(text: string): PortMapping {
  const fields = {ip: '', host: '', container: '', proto: 'tcp'};
  for (const part of text.split(',')) {
    const [key = '', value = ''] = part.split('=', 2);
    if (!Object.hasOwn(longForm, key) || value === '')
      throw new SyntaxError(
        `invalid field "${part}" of port mapping "${text}": want ${Object.keys(longForm).join(', ')}`,
      );
    const field = longForm[key];
    if (field) fields[field] = value;
  }
  if (fields.container === '') throw new SyntaxError(`invalid port mapping "${text}": target is missing`);
  return portMapping(fields);
}

function parsePortRange(text: string, lowest = 1): {first: number; count: number} {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < lowest || last > 65535) throw new SyntaxError(`invalid port "${text}": want 1-65535`);
  if (last < first) throw new SyntaxError(`invalid port range "${text}": it ends before it starts`);
  return {first, count: last - first + 1};
}
