import {type Ip, ipFromNumber, type Prefix, prefixRange} from '../../../src/model/ip.ts';
import type {Family} from './steps.ts';

export interface Range {
  readonly family: Family;
  readonly first: bigint;
  readonly last: bigint;
  readonly length: number;
}

export function parse(prefix: string): Range {
  const {prefixLength, ...range} = prefixRange(prefix as Prefix);
  return {...range, length: prefixLength};
}

export function toText(value: bigint, family: Family): string {
  return ipFromNumber(value, family) as Ip;
}

export function overlaps(a: Range, b: Range): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

/** Docker's: 172.17.0.0/16 to 172.31.0.0/16, then sixteen /20 of 192.168.0.0/16. */
const pools4 = [
  ...Array.from({length: 15}, (_, i) => `172.${17 + i}.0.0/16`),
  ...Array.from({length: 16}, (_, i) => `192.168.${16 * i}.0/20`),
];

export function firstSubnet4(used: readonly Range[]): string | null {
  return pools4.find(prefix => !used.some(other => overlaps(other, parse(prefix)))) ?? null;
}

/** `fd` and 40 bits of the instance: a /48 of 65,536 networks. */
export function defaultPool6(instance: string): string {
  return `fd${instance.slice(0, 2)}:${instance.slice(2, 6)}:${instance.slice(6, 10)}`;
}

export function firstSubnet6(pool: string, used: readonly Range[]): string | null {
  const {first} = parse(`${pool}::/48`);
  for (let i = 0n; i < 64n; i++) {
    const prefix = `${toText(first + (i << 64n), 6)}/64`;
    if (!used.some(other => overlaps(other, parse(prefix)))) return prefix;
  }
  return null;
}
