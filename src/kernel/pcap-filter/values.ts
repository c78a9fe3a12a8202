import {addressBits, type Ip, ipFromNumber, ipToNumber, parseIp} from '../../model/ip.ts';
import type {Range} from './filter.ts';

/** Returned when a text is no such value: the parser knows the place and says so. */
type Parsed<T> = T | null;

/** The names people type; others are in /etc/services, which differs from machine to machine. */
const services: Readonly<Record<string, number>> = {
  ssh: 22,
  smtp: 25,
  domain: 53,
  bootps: 67,
  bootpc: 68,
  http: 80,
  ntp: 123,
  https: 443,
  mdns: 5353,
  postgresql: 5432,
};

export const protocolNumbers: Readonly<Record<string, number>> = {
  icmp: 1,
  igmp: 2,
  tcp: 6,
  udp: 17,
  esp: 50,
  ah: 51,
  icmp6: 58,
  sctp: 132,
};

export const ethertypes: Readonly<Record<string, number>> = {ip: 0x0800, ip6: 0x86dd, arp: 0x0806, rarp: 0x8035};

/** `80` or `http`. */
export function parsePort(text: string): Parsed<number> {
  const known = Object.hasOwn(services, text) ? services[text]! : null;
  return known ?? parseNumber(text, 0xffff);
}

/** `80-90`; as libpcap, the ends may come in any order. */
export function parsePortRange(text: string): Parsed<Range> {
  const [first = null, last = null, more] = text.split('-').map(parsePort);
  if (first === null || last === null || more !== undefined) return null;
  return {first: Math.min(first, last), last: Math.max(first, last)};
}

/** `6` or `tcp`; libpcap wants `\tcp`, which is understood too. */
export function parseProtocol(text: string): Parsed<number> {
  const name = text.replace(/^\\/, '');
  return Object.hasOwn(protocolNumbers, name) ? protocolNumbers[name]! : parseNumber(text, 0xff);
}

/** `0x0806` or `arp`, `\\arp`. */
export function parseEthertype(text: string): Parsed<number> {
  const name = text.replace(/^\\/, '');
  return Object.hasOwn(ethertypes, name) ? ethertypes[name]! : parseNumber(text, 0xffff);
}

/** Decimal or `0x…`. */
export function parseNumber(text: string, max: number): Parsed<number> {
  if (!/^(\d{1,10}|0x[\da-f]{1,8})$/i.test(text)) return null;
  const value = Number(text);
  return value <= max ? value : null;
}

export function parseAddress(text: string): Parsed<Ip> {
  try {
    return parseIp(text);
  } catch {
    return null;
  }
}

export interface Net {
  readonly address: Ip;
  readonly prefixLength: number;
}

/** `10.0.0.0/8`, `fd00::/8`, `10.1` (`10.1.0.0/16`, as libpcap) or one address. Host bits are kept, for the parser to refuse. */
export function parseNet(text: string): Parsed<Net> {
  const [start = '', length, more] = text.split('/');
  const octets = start.split('.');
  const short = /^\d+(\.\d+){0,2}$/.test(start);
  const address = parseAddress(short ? [...octets, '0', '0', '0'].slice(0, 4).join('.') : start);
  if (address === null || more !== undefined) return null;
  const whole = short ? octets.length * 8 : addressBits(address);
  const prefixLength = length === undefined ? whole : parseNumber(length, addressBits(address));
  return prefixLength === null ? null : {address, prefixLength};
}

/** Prefix length of `255.255.0.0`; null when ones follow zeros. */
export function parseMask(text: string): Parsed<number> {
  const mask = parseAddress(text);
  if (mask === null || mask.includes(':')) return null;
  const ones = ipToNumber(mask).toString(2).padStart(32, '0').indexOf('0');
  const length = ones < 0 ? 32 : ones;
  return ipFromNumber(maskNumber(length, 32), 4) === mask ? length : null;
}

/** `maskNumber(8, 32)` is 0xff000000. */
export function maskNumber(length: number, bits: number): bigint {
  return ((1n << BigInt(length)) - 1n) << BigInt(bits - length);
}

export function hasHostBits({address, prefixLength}: Net): boolean {
  const bits = addressBits(address);
  return (ipToNumber(address) & ~maskNumber(prefixLength, bits)) !== 0n;
}
