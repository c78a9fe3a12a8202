import {type Ip, ipFamily, ipToNumber} from './ip.ts';
import type {Network, Subnet} from './network.ts';

/** The addresses that a network has given, and from where on to look for a free one. */
export interface Leased {
  has(ip: Ip): boolean;
  /**
   * Of each range that `subnet` gives addresses of, a number below which none is free. Who looks on from there raises it; an
   * address that comes back lowers it. Without it, the thousandth attachment would look at all that the others have.
   */
  floors(network: Network, subnet: Subnet): bigint[];
}

export interface LeasedBook extends Leased {
  give(ip: Ip): void;
  takeBack(ip: Ip): void;
}

export function createLeased(): LeasedBook {
  const given = new Set<Ip>();
  // Another version of the network may have other gateways and ranges, so all is open again.
  let known: Network | undefined;
  const floors = new Map<Subnet, bigint[]>();
  return {
    has: ip => given.has(ip),
    floors(network, subnet) {
      if (network !== known) floors.clear();
      known = network;
      const found = floors.get(subnet) ?? [];
      floors.set(subnet, found);
      return found;
    },
    give: ip => void given.add(ip),
    takeBack(ip) {
      given.delete(ip);
      for (const [{prefix}, starts] of floors) if (ipFamily(prefix) === ipFamily(ip)) lower(starts, ipToNumber(ip));
    },
  };
}

/** Below a range's first number it is as good as none. */
function lower(starts: bigint[], value: bigint): void {
  for (const [i, start] of starts.entries()) if (value < start) starts[i] = value;
}
