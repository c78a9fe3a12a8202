import {type Family, type Ip, ipFamily, type Prefix} from './ip.ts';

export type NetworkDriver = 'bridge' | 'macvlan' | 'ipvlan' | 'vxlan' | 'host' | 'none';

export interface Subnet {
  readonly prefix: Prefix;
  readonly gateway: Ip;
  /** Addresses are chosen from here when it is set; an explicit address may be outside it. */
  readonly range: Prefix | null;
  /** Addresses of other machines, by name: never given away. Docker's `--aux-address`. */
  readonly reserved: Readonly<Record<string, Ip>>;
}

/** A named L2/L3 domain. `bridge`, `host` and `none` are predefined. */
export interface Network {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: NetworkDriver;
  /** RFC 3339. */
  readonly created: string;
  /** At most one of each family. */
  readonly subnets: readonly Subnet[];
  /** No way out: nothing is masqueraded, nothing is published. */
  readonly internal: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** In bytes; null leaves the kernel's 1500. */
  readonly mtu: number | null;
  /** The link on the host that is the network's own: the bridge, or what a macvlan stands on if we made it; else ''. */
  readonly device: string;
  /** 1–65535, unique among the networks of a daemon: the low half of the link group of everything on this network. */
  readonly index: number;
}

/** The host is a router of these: it has a bridge with the gateway's address, translates addresses and publishes ports. */
export function isBridged({driver}: Pick<Network, 'driver'>): boolean {
  return driver === 'bridge' || driver === 'vxlan';
}

export const predefinedNetworks = ['bridge', 'host', 'none'] as const;

export function isPredefined(name: string): boolean {
  return (predefinedNetworks as readonly string[]).includes(name);
}

export function subnetOf({subnets}: Network, family: Family): Subnet | undefined {
  return subnets.find(({prefix}) => ipFamily(prefix) === family);
}
