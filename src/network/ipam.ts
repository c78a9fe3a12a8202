import {TnetError} from '../errors.ts';
import {
  type Family,
  formatPrefix,
  type Ip,
  ipFamily,
  ipFromNumber,
  ipToNumber,
  type Prefix,
  parsePrefix,
  prefixContains,
  prefixesOverlap,
  prefixRange,
} from '../model/ip.ts';
import type {Subnet} from '../model/network.ts';

/** A pool is cut into networks of `size`: `{base: '192.168.0.0/16', size: 20}` gives sixteen of them. */
export interface AddressPool {
  readonly base: Prefix;
  readonly size: number;
}

/** Docker's default address pools (libnetwork ipamutils), in its order: 31 networks. */
export const defaultPools: readonly AddressPool[] = [
  ['172.17.0.0/16', 16],
  ['172.18.0.0/16', 16],
  ['172.19.0.0/16', 16],
  ['172.20.0.0/14', 16],
  ['172.24.0.0/14', 16],
  ['172.28.0.0/14', 16],
  ['192.168.0.0/16', 20],
].map(([base, size]) => ({base: base as Prefix, size: size as number}));

/** Addresses that cannot be given. */
export interface Taken {
  has(ip: Ip): boolean;
  /** Per range of a subnet, a number below which none is free; `allocate` raises it. Left out: all are looked at. */
  floors?(subnet: Subnet): bigint[];
}

/**
 * The lowest free address of `subnet`, or `want` itself. Never the network, broadcast or gateway address (a /31 or /32
 * has no broadcast). Throws ERR_SUBNET_FULL, ERR_ADDRESS_IN_USE, ERR_BAD_REQUEST.
 */
export function allocate(subnet: Subnet, taken: Taken, want?: Ip): Ip {
  if (want !== undefined) return claim(subnet, taken, want);
  const {family, first, last} = usableRange(subnet.prefix);
  const floors = taken.floors?.(subnet) ?? [];
  for (const [i, range] of (rangesOf(subnet) ?? [{first, last}]).entries()) {
    const floor = floors[i];
    const start = floor === undefined || floor < range.first ? range.first : floor;
    for (let value = start; value <= range.last; value++) {
      floors[i] = value;
      const ip = ipFromNumber(value, family);
      if (!taken.has(ip) && value >= first && value <= last && !isReserved(subnet, ip)) return ip;
    }
  }
  throw new TnetError(
    'ERR_SUBNET_FULL',
    `no available IPv${family} addresses on this network's address pools: ${subnet.range ?? subnet.prefix}`,
  );
}

/**
 * Pool of IPv6 networks of one daemon: `fd`, 40 bits that nobody else is likely to have (RFC 4193), cut into /64.
 * `seed` is 10 or more hex digits.
 */
export function uniqueLocalPool(seed: string): AddressPool {
  const [a, b, c] = [seed.slice(0, 2), seed.slice(2, 6), seed.slice(6, 10)];
  return {base: parsePrefix(`fd${a}:${b}:${c}::/48`), size: 64};
}

/** The first network of the pools that overlaps none of `used`. Throws ERR_SUBNET_FULL. */
export function choosePrefix(pools: readonly AddressPool[], used: readonly Prefix[]): Prefix {
  for (const pool of pools) {
    const {family, first, last} = prefixRange(pool.base);
    const step = 1n << BigInt((family === 4 ? 32 : 128) - pool.size);
    for (let value = first; value <= last; value += step) {
      const prefix = formatPrefix(ipFromNumber(value, family), pool.size);
      if (!used.some(other => prefixesOverlap(prefix, other))) return prefix;
    }
  }
  throw new TnetError(
    'ERR_SUBNET_FULL',
    'all predefined address pools have been fully subnetted: give --subnet, or remove unused networks',
  );
}

/** Docker's choice: the first usable address of the network. */
export function defaultGateway(prefix: Prefix): Ip {
  const {family, first} = usableRange(prefix);
  return ipFromNumber(first, family);
}

/** Where addresses are chosen from; null: anywhere in the subnet. */
function rangesOf({range, spans}: Subnet): readonly {readonly first: bigint; readonly last: bigint}[] | null {
  if (spans !== undefined) return spans.map(({first, last}) => ({first: ipToNumber(first), last: ipToNumber(last)}));
  return range === null ? null : [prefixRange(range)];
}

function claim(subnet: Subnet, taken: Taken, want: Ip): Ip {
  const {first, last} = usableRange(subnet.prefix);
  const value = ipFamily(want) === ipFamily(subnet.prefix) ? ipToNumber(want) : -1n;
  if (!prefixContains(subnet.prefix, want))
    throw new TnetError('ERR_BAD_REQUEST', `no configured subnet contains IP address ${want}`);
  if (value < first || value > last)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `IP address ${want} is the network or broadcast address of ${subnet.prefix}`,
    );
  if (taken.has(want) || isReserved(subnet, want))
    throw new TnetError('ERR_ADDRESS_IN_USE', `Address already in use: ${want}`);
  return want;
}

/** For the gateway, or by `--aux-address` for another machine. */
function isReserved({gateway, reserved}: Subnet, ip: Ip): boolean {
  return ip === gateway || Object.values(reserved).includes(ip);
}

function usableRange(prefix: Prefix): {family: Family; first: bigint; last: bigint} {
  const {family, first, last} = prefixRange(prefix);
  const reserve = last - first > 1n ? 1n : 0n;
  return {family, first: first + reserve, last: last - reserve};
}
