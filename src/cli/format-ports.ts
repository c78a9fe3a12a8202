import type {PortMap, PortSummary} from '../api/engine-types.ts';

/** `0.0.0.0:8080->80/tcp, 9000/udp`; consecutive ports are one range, as `docker ps` shows them. */
export function formatPorts(ports: readonly PortSummary[]): string {
  return joinRanges(ports)
    .map(({port, count}) => formatRange(port, count))
    .join(', ');
}

/** Lines of `tnet port`: `80/tcp -> 0.0.0.0:8080`. */
export function formatPortMap(ports: PortMap): readonly string[] {
  const entries = Object.entries(ports).sort(([a], [b]) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  return entries.flatMap(([port, bindings]) =>
    (bindings ?? []).map(({HostIp, HostPort}) => `${port} -> ${bracket(HostIp)}:${HostPort}`),
  );
}

export function bracket(ip: string): string {
  return ip.includes(':') ? `[${ip}]` : ip;
}

interface Range {
  readonly port: PortSummary;
  readonly count: number;
}

function joinRanges(ports: readonly PortSummary[]): readonly Range[] {
  const ranges: Range[] = [];
  for (const port of ports) {
    const last = ranges.at(-1);
    if (last !== undefined && follows(last, port)) ranges[ranges.length - 1] = {...last, count: last.count + 1};
    else ranges.push({port, count: 1});
  }
  return ranges;
}

function follows({port, count}: Range, next: PortSummary): boolean {
  if (port.IP !== next.IP || port.Type !== next.Type || port.PrivatePort + count !== next.PrivatePort) return false;
  return port.PublicPort === undefined ? next.PublicPort === undefined : port.PublicPort + count === next.PublicPort;
}

function formatRange({IP, PublicPort, PrivatePort, Type}: PortSummary, count: number): string {
  const range = (first: number): string => (count === 1 ? `${first}` : `${first}-${first + count - 1}`);
  const container = `${range(PrivatePort)}/${Type}`;
  return PublicPort === undefined ? container : `${bracket(IP ?? '')}:${range(PublicPort)}->${container}`;
}
