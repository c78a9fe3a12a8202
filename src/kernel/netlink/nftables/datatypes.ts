import {ipFromBytes, ipToBytes} from '../address-bytes.ts';
import {toBuffer} from '../format.ts';
import type {NftType} from './types.ts';

/** How nft(8) knows a type (include/datatype.h enum datatypes, its byte order) and how one value reads and writes. */
interface DataType {
  readonly id: number;
  /** Bytes. */
  readonly length: number;
  /** 1 host, 2 network. */
  readonly byteOrder: 1 | 2;
  encode(text: string): Uint8Array;
  /** The value at byte `at`. */
  decode(bytes: Uint8Array, at: number): string;
}

const protocols: Readonly<Record<string, number>> = {icmp: 1, tcp: 6, udp: 17, 'ipv6-icmp': 58, sctp: 132};
const protocolNames = new Map(Object.entries(protocols).map(([name, number]) => [number, name]));
/** enum ip_conntrack_dir */
const directions: readonly string[] = ['original', 'reply'];
const IFNAMSIZ = 16;

export const dataTypes: Readonly<Record<NftType, DataType>> = {
  ipv4_addr: {
    id: 7,
    length: 4,
    byteOrder: 2,
    encode: text => address(text, 4),
    decode: (bytes, at) => ipFromBytes(bytes, at, at + 4),
  },
  ipv6_addr: {
    id: 8,
    length: 16,
    byteOrder: 2,
    encode: text => address(text, 16),
    decode: (bytes, at) => ipFromBytes(bytes, at, at + 16),
  },
  inet_proto: {
    id: 12,
    length: 1,
    byteOrder: 2,
    encode: text => Uint8Array.of(number(String(protocols[text] ?? text), 0xff, 'protocol')),
    decode: (bytes, at) => protocolNames.get(bytes[at]!) ?? `${bytes[at]}`,
  },
  inet_service: {
    id: 13,
    length: 2,
    byteOrder: 2,
    encode: text => {
      const port = number(text, 0xffff, 'port');
      return Uint8Array.of(port >> 8, port & 0xff);
    },
    decode: (bytes, at) => `${bytes[at]! * 256 + bytes[at + 1]!}`,
  },
  ifname: {
    id: 41,
    length: IFNAMSIZ,
    byteOrder: 1,
    encode: linkName,
    decode: linkNameAt,
  },
  ct_dir: {
    id: 27,
    length: 1,
    byteOrder: 1,
    encode: text => Uint8Array.of(directionNumber(text)),
    decode: (bytes, at) => directions[bytes[at]!] ?? `${bytes[at]}`,
  },
  mark: {
    id: 19,
    length: 4,
    byteOrder: 1,
    encode: text => new Uint8Array(Uint32Array.of(number(text, 0xffff_ffff, 'mark')).buffer),
    decode: (bytes, at) => `0x${toBuffer(bytes).readUInt32LE(at).toString(16).padStart(8, '0')}`,
  },
};

/** Bits of one type in a concatenation's number. */
const TYPE_BITS = 6;

/** NFTA_SET_KEY_TYPE, NFTA_SET_DATA_TYPE: nft's number of a type, or of a concatenation, first type in the highest bits. */
export function typeNumber(types: readonly NftType[]): number {
  return types.reduce((sum, type) => (sum << TYPE_BITS) | dataTypes[type].id, 0) >>> 0;
}

/** Bytes of a key or of data: one type as it is, the parts of a concatenation in 4-byte registers. */
export function typeLength(types: readonly NftType[]): number {
  return types.length === 1 ? dataTypes[types[0]!].length : types.reduce((sum, type) => sum + fieldLength(type), 0);
}

/** Of nft's enum byteorder; 0 for concatenations. */
export function typeByteOrder(types: readonly NftType[]): number {
  return types.length === 1 ? dataTypes[types[0]!].byteOrder : 0;
}

/** Bytes a part of a concatenation takes, padding included. */
export function fieldLength(type: NftType): number {
  return (dataTypes[type].length + 3) & ~3;
}

function address(text: string, length: number): Uint8Array {
  const bytes = ipToBytes(text);
  if (bytes.length !== length) throw new SyntaxError(`invalid IP address "${text}": want ${length} bytes`);
  return bytes;
}

function number(text: string, max: number, what: string): number {
  const value = Number(text || Number.NaN);
  if (!Number.isInteger(value) || value < 0 || value > max) throw new RangeError(`invalid ${what} "${text}"`);
  return value;
}

function directionNumber(text: string): number {
  const at = directions.indexOf(text);
  if (at < 0) throw new RangeError(`invalid direction "${text}"`);
  return at;
}

function linkName(name: string): Uint8Array {
  const bytes = new Uint8Array(IFNAMSIZ);
  const {written, read} = new TextEncoder().encodeInto(name, bytes);
  if (read !== name.length || written >= IFNAMSIZ)
    throw new RangeError(`link name "${name}" is longer than ${IFNAMSIZ - 1} bytes`);
  return bytes;
}

function linkNameAt(bytes: Uint8Array, at: number): string {
  const nul = bytes.indexOf(0, at);
  const end = nul < 0 ? at + IFNAMSIZ : Math.min(nul, at + IFNAMSIZ);
  return toBuffer(bytes).toString('utf8', at, end);
}
