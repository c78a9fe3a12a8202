import type {IpamConfig} from '../api/engine-types.ts';
import {type Ip, type Prefix, parseIp, parsePrefix, prefixContains} from '../model/ip.ts';
import {parsePairs} from './parse.ts';

export interface PoolOptions {
  readonly subnet?: readonly string[];
  readonly gateway?: readonly string[];
  readonly ipRange?: readonly string[];
  readonly auxAddress?: readonly string[];
}

/** Gateways, ranges and auxiliary addresses, each with the subnet that holds it. Throws SyntaxError, as Docker's client in its words. */
export function poolsOf(options: PoolOptions): readonly Partial<IpamConfig>[] {
  const subnets = (options.subnet ?? []).map(parsePrefix);
  const gateways = bySubnet(subnets, options.gateway ?? [], 'gateway');
  const ranges = bySubnet(subnets, options.ipRange ?? [], 'ip-range');
  const reserved = Object.entries(parsePairs(options.auxAddress ?? []));
  for (const [name, address] of reserved) holderOf(subnets, address, `aux-address ${name}`);
  return subnets.map(subnet => {
    const inside = reserved.filter(([, address]) => prefixContains(subnet, parseIp(address)));
    return {
      Subnet: subnet,
      ...(gateways.has(subnet) ? {Gateway: gateways.get(subnet)!} : {}),
      ...(ranges.has(subnet) ? {IPRange: ranges.get(subnet)!} : {}),
      ...(inside.length > 0 ? {AuxiliaryAddresses: Object.fromEntries(inside)} : {}),
    };
  });
}

function bySubnet(subnets: readonly Prefix[], values: readonly string[], what: string): ReadonlyMap<Prefix, string> {
  const found = new Map<Prefix, string>();
  for (const value of values) {
    const subnet = holderOf(subnets, value, what);
    if (found.has(subnet))
      throw new SyntaxError(
        `cannot configure multiple ${what}s (${value}, ${found.get(subnet)}) on the same subnet (${subnet})`,
      );
    found.set(subnet, value);
  }
  return found;
}

function holderOf(subnets: readonly Prefix[], value: string, what: string): Prefix {
  const ip: Ip = parseIp(value.split('/')[0]!);
  const subnet = subnets.find(each => prefixContains(each, ip));
  if (subnet === undefined) throw new SyntaxError(`no matching subnet for ${what} ${value}`);
  return subnet;
}
