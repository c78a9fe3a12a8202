import {type Family, type Ip, ipFamily, ipToNumber, type Prefix, prefixContains} from './ip.ts';

/** `ptp`: a link between the host and each sandbox, and routes. `host-device`: links of the host's are lent. `vlan`: one VLAN of a link of the host's, for one sandbox. `tap`: a program in the sandbox is the other end. `foreign`: the links are another program's; we give addresses, publish ports and limit what is there. */
export type NetworkDriver =
  | 'bridge'
  | 'macvlan'
  | 'ipvlan'
  | 'vxlan'
  | 'ptp'
  | 'host-device'
  | 'vlan'
  | 'tap'
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
  /** Gives its addresses when the subnets before it, as far as the last one without this, have no more: they are one set, and give one. */
  readonly overflow?: true;
}

/** A named L2/L3 domain. `bridge`, `host` and `none` are predefined. */
export interface Network {
  /** 64 hex digits. */
  readonly id: string;
  readonly name: string;
  readonly driver: NetworkDriver;
  /** RFC 3339. */
  readonly created: string;
  /** One of each family; several only where CNI's `host-local` names them. None where addresses are somebody else's matter. */
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

/** The subnet an address is from: of those that hold it, that whose spans do. */
export function subnetHolding({subnets}: Pick<Network, 'subnets'>, address: Ip): Subnet | undefined {
  const holding = subnets.filter(({prefix}) => prefixContains(prefix, address));
  return holding.find(({spans}) => spans?.some(span => isWithin(span, address)) ?? true) ?? holding[0];
}

/** The next hop of one that has this address; a subnet of its family has to do where none holds it. */
export function gatewayFor(network: Network, address: Ip): Ip | undefined {
  return (subnetHolding(network, address) ?? subnetOf(network, ipFamily(address)))?.gateway;
}

function isWithin({first, last}: AddressSpan, address: Ip): boolean {
  const value = ipToNumber(address);
  return value >= ipToNumber(first) && value <= ipToNumber(last);
}

/** Subnets that give one address together, the first that has one. */
export function subnetSets({subnets}: Pick<Network, 'subnets'>): readonly (readonly Subnet[])[] {
  const sets: Subnet[][] = [];
  for (const subnet of subnets) {
    if (subnet.overflow) sets.at(-1)?.push(subnet);
    else sets.push([subnet]);
  }
  return sets;
}
