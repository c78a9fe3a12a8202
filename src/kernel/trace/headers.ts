import type {Ip} from '../../model/ip.ts';
import {ipFromBytes} from '../netlink/address-bytes.ts';
import {toBuffer} from '../netlink/format.ts';

/** Who talks to whom, as one packet's headers say it. */
export interface PacketHeaders {
  readonly family: 4 | 6;
  /** IPPROTO_* */
  readonly protocol: number;
  readonly saddr: Ip;
  readonly daddr: Ip;
  /** Of TCP and UDP; null of others, and of what was cut off. */
  readonly sport: number | null;
  readonly dport: number | null;
  /** Identifier of an ICMP echo, request or reply. */
  readonly echoId: number | null;
  readonly echo: 'request' | 'reply' | null;
}

const IPPROTO_ICMP = 1;
const IPPROTO_TCP = 6;
const IPPROTO_UDP = 17;
const IPPROTO_ICMPV6 = 58;

/** Decodes an IPv4 or IPv6 header and the first bytes after it; null for what is neither. Extension headers of IPv6 are not followed. */
export function decodeHeaders(network: Uint8Array, transport: Uint8Array | null): PacketHeaders | null {
  const bytes = toBuffer(network);
  const version = bytes.length === 0 ? 0 : bytes.readUInt8(0) >> 4;
  if (version === 4 && bytes.length >= 20) {
    const protocol = bytes.readUInt8(9);
    const addresses = {saddr: ipFromBytes(bytes, 12, 16), daddr: ipFromBytes(bytes, 16, 20)};
    return {family: 4, protocol, ...addresses, ...decodePorts(protocol, transport)};
  }
  if (version !== 6 || bytes.length < 40) return null;
  const protocol = bytes.readUInt8(6);
  const addresses = {saddr: ipFromBytes(bytes, 8, 24), daddr: ipFromBytes(bytes, 24, 40)};
  return {family: 6, protocol, ...addresses, ...decodePorts(protocol, transport)};
}

/** Bytes of the whole packet, IP header included. */
export function packetLength(network: Uint8Array): number | null {
  const bytes = toBuffer(network);
  const version = bytes.length < 6 ? 0 : bytes.readUInt8(0) >> 4;
  if (version === 4) return bytes.readUInt16BE(2);
  return version === 6 ? bytes.readUInt16BE(4) + 40 : null;
}

type Ports = Pick<PacketHeaders, 'sport' | 'dport' | 'echoId' | 'echo'>;

/** ICMP type by protocol. */
const echoTypes = new Map<number, ReadonlyMap<number, 'request' | 'reply'>>([
  [
    IPPROTO_ICMP,
    new Map<number, 'request' | 'reply'>([
      [8, 'request'],
      [0, 'reply'],
    ]),
  ],
  [
    IPPROTO_ICMPV6,
    new Map<number, 'request' | 'reply'>([
      [128, 'request'],
      [129, 'reply'],
    ]),
  ],
]);

function decodePorts(protocol: number, transport: Uint8Array | null): Ports {
  const none: Ports = {sport: null, dport: null, echoId: null, echo: null};
  if (transport === null || transport.length < 8) return none;
  const bytes = toBuffer(transport);
  if (protocol === IPPROTO_TCP || protocol === IPPROTO_UDP)
    return {...none, sport: bytes.readUInt16BE(0), dport: bytes.readUInt16BE(2)};
  const echo = echoTypes.get(protocol)?.get(bytes.readUInt8(0));
  return echo === undefined ? none : {...none, echo, echoId: bytes.readUInt16BE(4)};
}
