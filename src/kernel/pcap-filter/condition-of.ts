import {addressBits, type Ip, ipToNumber} from '../../model/ip.ts';
import {
  all,
  always,
  any,
  anyBit,
  atLeast,
  atMost,
  type Condition,
  code,
  equal,
  load,
  never,
  type Step,
} from './condition.ts';
import type {Direction, Filter, Layer} from './filter.ts';
import {maskNumber} from './values.ts';

/** `raw` begins with the IP header, as on a tun device. */
export type LinkType = 'ethernet' | 'raw';

const ethertypes = {ip: 0x0800, arp: 0x0806, rarp: 0x8035, ip6: 0x86dd} as const;
const etherHeaderBytes = 14;
const ip6HeaderBytes = 40;
/** Next header of an IPv6 fragment; libpcap looks behind this one, and so do we. */
const fragmentHeader = 44;

/** Where things lie in RFC 791, 826 and 8200, from the beginning of the network header; [source, destination]. */
const addressOffsets: Readonly<Record<Layer, readonly [number, number]>> = {
  ip: [12, 16],
  ip6: [8, 24],
  arp: [14, 24],
  rarp: [14, 24],
};

/** What a filter asks of the bytes of a packet. */
export function conditionOf(filter: Filter, link: LinkType): Condition {
  switch (filter.kind) {
    case 'all':
      return always;
    case 'and':
    case 'or':
      return {kind: filter.kind, left: conditionOf(filter.left, link), right: conditionOf(filter.right, link)};
    case 'not':
      return {kind: 'not', of: conditionOf(filter.of, link)};
    case 'ethertype':
      return isEthertype(filter.value, link);
    case 'transport':
      return isTransport(filter, link);
    case 'address':
      return isAddress(filter, link);
    case 'port':
      return isPort(filter, link);
    case 'mac':
      return link === 'raw' ? never : inDirection(filter.direction, offset => isMac(filter.mac, offset), [6, 0]);
    case 'multicast':
      return isMulticast(filter.layer, link);
    case 'length':
      return (filter.bound === 'least' ? atLeast : atMost)(filter.bytes, {code: code.loadLength, k: 0});
  }
}

function isEthertype(value: number, link: LinkType): Condition {
  if (link === 'ethernet') return equal(value, load(12, 2));
  const version = value === ethertypes.ip ? 4 : value === ethertypes.ip6 ? 6 : null;
  return version === null ? never : equal(version << 4, load(0, 1), and(0xf0));
}

function isTransport({layer, protocol}: Filter & {kind: 'transport'}, link: LinkType): Condition {
  const at = networkOffset(link);
  const inIp = all(isEthertype(ethertypes.ip, link), equal(protocol, load(at + 9, 1)));
  const fragment = all(equal(fragmentHeader, load(at + 6, 1)), equal(protocol, load(at + ip6HeaderBytes, 1)));
  const inIp6 = all(isEthertype(ethertypes.ip6, link), any(equal(protocol, load(at + 6, 1)), fragment));
  if (layer === null) return any(inIp, inIp6);
  return layer === 'ip' ? inIp : inIp6;
}

function isAddress(filter: Filter & {kind: 'address'}, link: LinkType): Condition {
  const layers: readonly Layer[] =
    filter.layer !== null ? [filter.layer] : filter.address.includes(':') ? ['ip6'] : ['ip', 'arp', 'rarp'];
  const at = networkOffset(link);
  const inLayer = (layer: Layer): Condition => {
    const matches = inDirection(filter.direction, offset => isIp(filter, at + offset), addressOffsets[layer]);
    return all(isEthertype(ethertypes[layer], link), matches);
  };
  return any(...layers.map(inLayer));
}

/** Word by word, without those that the prefix leaves open. */
function isIp(
  {address, prefixLength}: {readonly address: Ip; readonly prefixLength: number},
  offset: number,
): Condition {
  const bits = addressBits(address);
  const word = (value: bigint, i: number): number => Number((value >> BigInt(bits - 32 * (i + 1))) & 0xffff_ffffn);
  const [value, mask] = [ipToNumber(address), maskNumber(prefixLength, bits)];
  const tests = Array.from({length: bits / 32}, (_, i) => {
    const wanted = word(mask, i);
    if (wanted === 0) return always;
    return equal(word(value, i), load(offset + 4 * i, 4), ...(wanted === 0xffff_ffff ? [] : [and(wanted)]));
  });
  return all(...tests);
}

/** Ports of IPv4 are read in first fragments only, those of IPv6 when they follow the header at once. */
function isPort({protocols, direction, ranges}: Filter & {kind: 'port'}, link: LinkType): Condition {
  const at = networkOffset(link);
  const isProtocol = (offset: number): Condition => any(...protocols.map(number => equal(number, load(offset, 1))));
  const isIn = (...steps: readonly Step[]): Condition =>
    any(
      ...ranges.map(({first, last}) =>
        first === last ? equal(first, ...steps) : all(atLeast(first, ...steps), atMost(last, ...steps)),
      ),
    );
  const port = (offset: number): Condition =>
    isIn({code: code.loadHeaderLength, k: at}, {code: code.loadHalfAtX, k: at + offset});
  const notFragment: Condition = {kind: 'not', of: anyBit(0x1fff, load(at + 6, 2))};
  const inIp = all(isProtocol(at + 9), notFragment, inDirection(direction, port, [0, 2]));
  const port6 = (offset: number): Condition => isIn(load(at + ip6HeaderBytes + offset, 2));
  const inIp6 = all(isProtocol(at + 6), inDirection(direction, port6, [0, 2]));
  return any(all(isEthertype(ethertypes.ip, link), inIp), all(isEthertype(ethertypes.ip6, link), inIp6));
}

function isMac(mac: string, offset: number): Condition {
  const value = Number.parseInt(mac.replaceAll(':', ''), 16);
  return all(equal(value % 2 ** 32, load(offset + 2, 4)), equal(Math.floor(value / 2 ** 32), load(offset, 2)));
}

function isMulticast(layer: 'ether' | 'ip' | 'ip6', link: LinkType): Condition {
  const at = networkOffset(link);
  if (layer === 'ether') return link === 'raw' ? never : anyBit(1, load(0, 1));
  if (layer === 'ip') return all(isEthertype(ethertypes.ip, link), atLeast(224, load(at + 16, 1)));
  return all(isEthertype(ethertypes.ip6, link), equal(0xff, load(at + 24, 1)));
}

function inDirection(
  direction: Direction,
  condition: (offset: number) => Condition,
  [source, destination]: readonly [number, number],
): Condition {
  if (direction === 'src') return condition(source);
  if (direction === 'dst') return condition(destination);
  return (direction === 'either' ? any : all)(condition(source), condition(destination));
}

function networkOffset(link: LinkType): number {
  return link === 'ethernet' ? etherHeaderBytes : 0;
}

function and(mask: number): Step {
  return {code: code.and, k: mask};
}
