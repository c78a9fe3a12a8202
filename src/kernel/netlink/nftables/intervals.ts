import {dataTypes} from './datatypes.ts';
import type {NftType} from './types.ts';

/** First and last value of an interval, both included; big-endian bytes order as the values do. */
export interface Interval {
  readonly first: Uint8Array;
  readonly last: Uint8Array;
}

/** `172.17.0.0/16`, `8000-8010`, or one value; names and marks, whose bytes do not order as values, only the last. */
export function parseInterval(text: string, type: NftType): Interval {
  const {encode} = dataTypes[type];
  if (type === 'ifname' || type === 'mark') return single(encode(text));
  const slash = text.indexOf('/');
  if (slash >= 0) return prefixInterval(encode(text.slice(0, slash)), text.slice(slash + 1), text);
  const dash = text.indexOf('-', 1);
  if (dash < 0 || type === 'inet_proto') return single(encode(text));
  const interval = {first: encode(text.slice(0, dash)), last: encode(text.slice(dash + 1))};
  if (Buffer.compare(interval.first, interval.last) > 0)
    throw new RangeError(`interval "${text}" ends before it starts`);
  return interval;
}

/** The text parseInterval() takes: one value, a prefix where addresses make one, else a range. */
export function formatInterval({first, last}: Interval, type: NftType): string {
  const {decode} = dataTypes[type];
  const start = decode(first, 0);
  if (Buffer.compare(first, last) === 0) return start;
  const length = type === 'ipv4_addr' || type === 'ipv6_addr' ? prefixLength(first, last) : null;
  return length === null ? `${start}-${decode(last, 0)}` : `${start}/${length}`;
}

/** The next value, null after the highest. */
export function successor(bytes: Uint8Array): Uint8Array | null {
  const next = Uint8Array.from(bytes);
  for (let i = next.length - 1; i >= 0; i--) {
    next[i] = next[i]! + 1;
    if (next[i] !== 0) return next;
  }
  return null;
}

/** The value before; of zero, the highest. */
export function predecessor(bytes: Uint8Array): Uint8Array {
  const previous = Uint8Array.from(bytes);
  for (let i = previous.length - 1; i >= 0; i--) {
    previous[i] = previous[i]! - 1;
    if (previous[i] !== 0xff) break;
  }
  return previous;
}

function single(value: Uint8Array): Interval {
  return {first: value, last: value};
}

function prefixInterval(address: Uint8Array, lengthText: string, text: string): Interval {
  const length = Number(lengthText || Number.NaN);
  if (!Number.isInteger(length) || length < 0 || length > address.length * 8)
    throw new RangeError(`invalid prefix "${text}"`);
  const hostBits = (i: number): number => 0xff >> Math.min(8, Math.max(0, length - i * 8));
  return {
    first: address.map((byte, i) => byte & ~hostBits(i)),
    last: address.map((byte, i) => byte | hostBits(i)),
  };
}

/** Bits that first and last share, if they are 0 and 1 throughout in the rest. */
function prefixLength(first: Uint8Array, last: Uint8Array): number | null {
  const differing = first.map((byte, i) => byte ^ last[i]!);
  const length = leadingZeroBits(differing);
  const rest = (i: number): number => 0xff >> Math.min(8, Math.max(0, length - i * 8));
  const whole = first.every((byte, i) => (byte & rest(i)) === 0 && differing[i] === rest(i));
  return whole ? length : null;
}

function leadingZeroBits(bytes: Uint8Array): number {
  const at = bytes.findIndex(byte => byte !== 0);
  return at < 0 ? bytes.length * 8 : at * 8 + Math.clz32(bytes[at]!) - 24;
}
