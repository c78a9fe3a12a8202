import type {Ip} from '../../model/ip.ts';
import {ipFromBytes} from '../netlink/address-bytes.ts';
import {decodeHeaders, type PacketHeaders} from './headers.ts';

/** What a raw ICMP socket heard. */
export type IcmpMessage =
  | {readonly kind: 'echo reply'; readonly from: Ip | null; readonly id: number}
  /** Somebody on the way says that a packet cannot be delivered; `about` are that packet's headers. */
  | {readonly kind: 'error'; readonly from: Ip | null; readonly what: string; readonly about: PacketHeaders};

/** include/uapi/linux/icmp.h, icmpv6.h */
const echoRequest = {4: 8, 6: 128} as const;
const echoReply = {4: 0, 6: 129} as const;

/** An echo request of `length` bytes, header included. The kernel fills in the checksum of ICMPv6, that of ICMP is ours. */
export function encodeEchoRequest(family: 4 | 6, id: number, length: number): Uint8Array {
  const bytes = Buffer.alloc(length);
  bytes.writeUInt8(echoRequest[family], 0);
  bytes.writeUInt16BE(id, 4);
  bytes.writeUInt16BE(1, 6);
  if (family === 4) bytes.writeUInt16BE(checksum(bytes), 2);
  return bytes;
}

/** Of what read(2) gave: IPv4 with its header, IPv6 without (so nobody knows from whom). Null for what is neither reply nor error. */
export function decodeIcmp(packet: Buffer, family: 4 | 6): IcmpMessage | null {
  const start = family === 4 ? (packet.readUInt8(0) & 0xf) * 4 : 0;
  if (packet.length < start + 8) return null;
  const from = family === 4 ? ipFromBytes(packet, 12, 16) : null;
  const [type, code] = [packet.readUInt8(start), packet.readUInt8(start + 1)];
  if (type === echoReply[family]) return {kind: 'echo reply', from, id: packet.readUInt16BE(start + 4)};
  const what = (family === 4 ? errors4 : errors6).get(type)?.(code);
  const about = what === undefined ? null : decodeQuoted(packet.subarray(start + 8), family);
  return what === undefined || about === null ? null : {kind: 'error', from, what, about};
}

function decodeQuoted(packet: Buffer, family: 4 | 6): PacketHeaders | null {
  const length = family === 6 ? 40 : packet.length === 0 ? 0 : (packet.readUInt8(0) & 0xf) * 4;
  return packet.length < length ? null : decodeHeaders(packet.subarray(0, length), packet.subarray(length));
}

const unreachable4 = new Map([
  [0, 'network unreachable'],
  [1, 'host unreachable'],
  [2, 'protocol unreachable'],
  [3, 'port unreachable'],
  [4, 'packet too big'],
  [9, 'network prohibited'],
  [10, 'host prohibited'],
  [13, 'administratively prohibited'],
]);
const unreachable6 = new Map([
  [0, 'no route'],
  [1, 'administratively prohibited'],
  [3, 'address unreachable'],
  [4, 'port unreachable'],
  [5, 'source address refused'],
  [6, 'route refused'],
]);
const errors4: ReadonlyMap<number, (code: number) => string> = new Map([
  [3, (code: number) => unreachable4.get(code) ?? `unreachable (code ${code})`],
  [11, () => 'time to live exceeded'],
]);
const errors6: ReadonlyMap<number, (code: number) => string> = new Map([
  [1, (code: number) => unreachable6.get(code) ?? `unreachable (code ${code})`],
  [2, () => 'packet too big'],
  [3, () => 'hop limit exceeded'],
]);

/** RFC 1071: the complement of the ones' complement sum of 16-bit words. */
function checksum(bytes: Buffer): number {
  let sum = 0;
  for (let at = 0; at < bytes.length; at += 2) sum += bytes.readUInt8(at) * 256 + (bytes[at + 1] ?? 0);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}
