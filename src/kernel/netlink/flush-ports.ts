import {deleteConntrack, deleteConntracks} from './conntrack.ts';
import type {NetlinkSocket} from './socket.ts';

/** `count` host ports from `hostPort` on. */
export interface PortRange {
  readonly proto: 'tcp' | 'udp' | 'sctp';
  readonly hostPort: number;
  readonly count: number;
}

/** A filtered delete walks all buckets (0.3 ms), and is needed for each port; a dump takes 9 ms, for any number. */
const maxFiltered = 16;

/** Forgets the connections to host ports of both families, whose number does not matter: one by one, or with one dump a protocol. */
export function flushPorts(socket: NetlinkSocket, ranges: readonly PortRange[]): void {
  const total = ranges.reduce((sum, {count}) => sum + count, 0);
  for (const [proto, ports] of byProto(ranges)) {
    if (total > maxFiltered) deleteConntracks(socket, proto, ports);
    else for (const port of ports) deleteConntrack(socket, {proto, port});
  }
}

function byProto(ranges: readonly PortRange[]): ReadonlyMap<PortRange['proto'], ReadonlySet<number>> {
  const found = new Map<PortRange['proto'], Set<number>>();
  for (const {proto, hostPort, count} of ranges) {
    const ports = found.get(proto) ?? new Set<number>();
    for (let i = 0; i < count; i++) ports.add(hostPort + i);
    found.set(proto, ports);
  }
  return found;
}
