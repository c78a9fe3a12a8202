import {type Ip, ipFamily, parseIp} from './ip.ts';

export type Proto = 'tcp' | 'udp' | 'sctp';

/**
 * `hostIp:hostPort/proto → containerPort`, `count` consecutive ports of it. `hostIp` null means every address of the
 * host; `hostPort` 0 means one is chosen at attach (only with `count` 1).
 */
export interface PortMapping {
  readonly proto: Proto;
  readonly hostIp: Ip | null;
  readonly hostPort: number;
  readonly containerPort: number;
  readonly count: number;
}

/**
 * Parses Docker's `-p`: `c`, `h:c`, `ip:h:c`, `ip::c`, `[v6]:h:c`, ranges of equal length, each with `/tcp|udp|sctp`.
 * Throws SyntaxError naming the text.
 */
export function parsePortMapping(text: string): PortMapping {
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
  const host = fields.host === '' ? {first: 0, count: 1} : parsePortRange(fields.host, 0);
  if (host.count !== container.count)
    throw new SyntaxError(
      `invalid ranges specified for container and host Ports: ${fields.container} and ${fields.host}`,
    );
  return {
    proto: parseProto(fields.proto),
    hostIp: parseHostIp(fields.ip),
    hostPort: host.first,
    containerPort: container.first,
    count: container.count,
  };
}

/** `127.0.0.1:8080->80/tcp`, as `docker ps` shows it. */
export function formatPortMapping({proto, hostIp, hostPort, containerPort, count}: PortMapping): string {
  const range = (first: number): string => (count === 1 ? `${first}` : `${first}-${first + count - 1}`);
  return `${formatHost(hostIp)}:${range(hostPort)}->${range(containerPort)}/${proto}`;
}

/** Whether two mappings claim the same host port. A mapping without a host address claims the port on every address. */
export function portMappingsConflict(a: PortMapping, b: PortMapping): boolean {
  if (a.proto !== b.proto || a.hostPort === 0 || b.hostPort === 0) return false;
  if (a.hostIp !== null && b.hostIp !== null && a.hostIp !== b.hostIp) return false;
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

/** The unspecified address means "every address", as no address does. */
function parseHostIp(text: string): Ip | null {
  if (text === '' || text === '0.0.0.0') return null;
  return parseIp(text);
}

function parsePortRange(text: string, lowest = 1): {first: number; count: number} {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < lowest || last > 65535) throw new SyntaxError(`invalid port "${text}": want 1-65535`);
  if (last < first) throw new SyntaxError(`invalid port range "${text}": it ends before it starts`);
  return {first, count: last - first + 1};
}
