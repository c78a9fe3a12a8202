import {formatIpv4Address, formatIpv6Address, formatMac} from './addresses.ts';
import {formatTransport} from './transport-line.ts';

/** Next headers that are followed by another: hop-by-hop, routing, destination options. RFC 8200 §4. */
const extensions = [0, 43, 60];
const fragment = 44;

/** `IP 172.17.0.2.40000 > 172.17.0.3.80: …`; what was cut off is `[|ip]`, as tcpdump marks it. */
export function formatIp(packet: Buffer, family: 4 | 6): string {
  return family === 4 ? formatIpv4(packet) : formatIpv6(packet);
}

function formatIpv4(packet: Buffer): string {
  const header = ((packet[0] ?? 0) & 15) * 4;
  if (packet.length < 20 || header < 20) return 'IP [|ip]';
  const [total, field, protocol] = [packet.readUInt16BE(2), packet.readUInt16BE(6), packet[9]!];
  const offset = (field & 0x1fff) * 8;
  // 0 is what a card that cuts large packets itself (TSO) is given.
  const size = Math.max(0, (total === 0 ? packet.length : total) - header);
  return `IP ${formatTransport({
    source: formatIpv4Address(packet, 12),
    destination: formatIpv4Address(packet, 16),
    protocol,
    payload: packet.subarray(header, total === 0 ? undefined : total),
    size,
    fragment: offset > 0 ? offset : null,
  })}`;
}

function formatIpv6(packet: Buffer): string {
  if (packet.length < 40) return 'IP6 [|ip6]';
  const [address, size] = [(at: number) => formatIpv6Address(packet, at), packet.readUInt16BE(4)];
  const found = skipExtensions(packet, packet[6]!);
  const end = size === 0 ? undefined : 40 + size;
  return `IP6 ${formatTransport({
    source: address(8),
    destination: address(24),
    protocol: found.protocol,
    payload: packet.subarray(found.at, end),
    size: Math.max(0, (size === 0 ? packet.length - 40 : size) - (found.at - 40)),
    fragment: found.fragment,
  })}`;
}

/** Where the payload begins behind extension headers, and of what protocol it is. */
function skipExtensions(packet: Buffer, first: number): {protocol: number; at: number; fragment: number | null} {
  let [protocol, at, offset]: [number, number, number | null] = [first, 40, null];
  while (at + 8 <= packet.length && (extensions.includes(protocol) || protocol === fragment)) {
    if (protocol === fragment) offset = packet.readUInt16BE(at + 2) & ~7 || offset;
    const size = protocol === fragment ? 8 : 8 * (packet[at + 1]! + 1);
    protocol = packet[at]!;
    at += size;
  }
  return {protocol, at, fragment: offset};
}

/** `ARP, Request who-has 172.17.0.1 tell 172.17.0.2, length 28`. */
export function formatArp(packet: Buffer): string {
  if (packet.length < 28 || packet.readUInt16BE(2) !== 0x0800) return `ARP, length ${packet.length}`;
  const [sender, target] = [formatIpv4Address(packet, 14), formatIpv4Address(packet, 24)];
  if (packet.readUInt16BE(6) === 1) return `ARP, Request who-has ${target} tell ${sender}, length 28`;
  return `ARP, Reply ${sender} is-at ${formatMac(packet, 8)}, length 28`;
}
