import {type Family, type Ip, ipFamily, type Prefix} from './ip.ts';

/** `ptp`: a link between the host and each sandbox, and routes. `host-device`: links of the host's are lent. `foreign`: the links are another program's; we give addresses, publish ports and limit what is there. */
export type NetworkDriver =
  | 'bridge'
  | 'macvlan'
  | 'ipvlan'
  | 'vxlan'
  | 'ptp'
  | 'host-device'
  | 'foreign'
  | 'host'
  | 'none';

/** Both ends included. */
export interface AddressSpan {
  readonly first: Ip;
  readonly last: Ip;
}

export interface Subnet {
  readonly prefix: Prefix;
  readonly gateway: Ip;
  /** Addresses are chosen from here when it is set; an explicit address may be outside it. */
  readonly range: Prefix | null;
  /** The same where a prefix cannot say it; the first with a free address gives it. */
  readonly spans?: readonly AddressSpan[];
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
  /** At most one of each family; none where addresses are somebody else's matter. */
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

/** They have a bridge on the host. */
export function isBridged({driver}: Pick<Network, 'driver'>): boolean {
  return driver === 'bridge' || driver === 'vxlan';
}

/** The host is their router: it has the gateway's address, on a bridge or on each link, translates addresses and publishes ports. */
export function isRouted(network: Pick<Network, 'driver'>): boolean {
  return isBridged(network) || network.driver === 'ptp';
}

/** Packets from elsewhere come to their attachments through the host, so ports can be published. */
export function isBehindHost(network: Pick<Network, 'driver'>): boolean {
  return isRouted(network) || network.driver === 'foreign';
}

export const predefinedNetworks = ['bridge', 'host', 'none'] as const;

export function isPredefined(name: string): boolean {
  return (predefinedNetworks as readonly string[]).includes(name);
}

export function subnetOf({subnets}: Network, family: Family): Subnet | undefined {
  return subnets.find(({prefix}) => ipFamily(prefix) === family);
}
