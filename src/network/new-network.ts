import {TnetError} from '../errors.ts';
import {
  type Family,
  type Ip,
  ipFamily,
  type Prefix,
  prefixContains,
  prefixesOverlap,
  prefixLengthOf,
} from '../model/ip.ts';
import {
  type AddressSpan,
  isBridged,
  isPredefined,
  isRouted,
  type Network,
  type NetworkDriver,
  predefinedNetworks,
  type Subnet,
} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {refuseSharedBridge, vlanDevice, vlansOf} from './drivers/bridge-vlan.ts';
import {tunnelMtu} from './drivers/tunnel.ts';
import {type AddressPool, choosePrefix, defaultGateway, defaultPools, uniqueLocalPool} from './ipam.ts';
import {bridgeFound, bridgeName, bridgePlugged, driverMtu} from './options.ts';

export interface NetworkSpec {
  readonly name: string;
  readonly driver: NetworkDriver;
  /** Whether it has addresses of a family; a subnet that is not given is chosen from the pools. */
  readonly ipv4: boolean;
  readonly ipv6: boolean;
  readonly subnets: readonly SubnetSpec[];
  readonly internal: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** Made for a configuration of another runtime's, and called `cni:NAME`, as no network of the user's can be. It may be without addresses. */
  readonly plugin?: 'cni' | 'docker' | 'oci' | 'podman';
}

export interface SubnetSpec {
  /** `0.0.0.0/24` and `::/64`: any subnet of that size. */
  readonly prefix: Prefix;
  readonly gateway: Ip | null;
  readonly range: Prefix | null;
  readonly spans?: readonly AddressSpan[];
  readonly reserved: Readonly<Record<string, Ip>>;
  readonly overflow?: true;
}

export interface NetworkSeed {
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  /** Prefixes that a subnet must not overlap: the host's on-link routes. */
  readonly connected: readonly Prefix[];
  /** Addresses a chosen subnet avoids besides: the host's resolvers. */
  readonly avoided: readonly Prefix[];
  /** MTU of the link of the host's default route; null without one. */
  readonly mtu: number | null;
  /** 12 hex digits of this store: they make its IPv6 pool. */
  readonly instance: string;
  /** The daemon's `--default-address-pool`; Docker's own without it. */
  readonly pools?: readonly AddressPool[];
}

const defaultBridge = 'com.docker.network.bridge.default_bridge';
const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** A network from what was asked, what is there already and a seed. Throws ERR_NAME_IN_USE, ERR_SUBNET_IN_USE, ERR_SUBNET_FULL, ERR_BAD_REQUEST. */
export function planNewNetwork(spec: NetworkSpec, state: State, seed: NetworkSeed): Network {
  checkName(spec, state);
  if (spec.driver === 'host' || spec.driver === 'none')
    throw new TnetError(
      'ERR_FORBIDDEN',
      `only one instance of "${spec.driver === 'none' ? 'null' : spec.driver}" networks is allowed`,
    );
  return newNetwork(spec, state, seed);
}

/** `bridge`, `host` and `none`, as far as `state` lacks them; `bridge` is on the device named by the daemon's `--bridge`. */
export function planPredefined(state: State, device: string, seeds: () => NetworkSeed): readonly Network[] {
  const have = new Set(Array.from(state.networks.values(), network => network.name));
  const networks = new Map(state.networks);
  const made: Network[] = [];
  for (const name of predefinedNetworks) {
    if (have.has(name)) continue;
    const options = name === 'bridge' ? {[defaultBridge]: 'true', [bridgeName]: device} : {};
    const spec = {name, driver: name, ipv4: true, ipv6: false, subnets: [], internal: false, options, labels: {}};
    const network = newNetwork(spec, {...state, networks}, seeds());
    networks.set(network.id, network);
    made.push(network);
  }
  return made;
}

/** Without a look at its name. */
export function newNetwork(spec: NetworkSpec, state: State, seed: NetworkSeed): Network {
  const own = [bridgeFound, bridgePlugged].find(option => spec.options[option] !== undefined);
  if (own !== undefined) throw new TnetError('ERR_BAD_REQUEST', `option "${own}" is for tnet itself to set`);
  const networks = [...state.networks.values()];
  const network: Network = {
    id: seed.id,
    created: seed.created,
    name: networkName(spec),
    driver: spec.driver,
    subnets: planSubnets(spec, networks, seed),
    internal: spec.internal,
    options: spec.options,
    labels: spec.labels,
    mtu: planMtu(spec, seed),
    device: isBridged(spec) ? deviceOf(spec, seed) : '',
    index: lowestFreeIndex(networks),
  };
  if (isBridged(network)) refuseSharedBridge(network, networks);
  return network;
}

function deviceOf(spec: NetworkSpec, {id}: NetworkSeed): string {
  const vlans = vlansOf(spec);
  return vlans === null ? (spec.options[bridgeName] ?? `br-${id.slice(0, 12)}`) : vlanDevice(vlans);
}

/** As it is known by here. */
export function networkName({plugin, name}: Pick<NetworkSpec, 'plugin' | 'name'>): string {
  return plugin === undefined ? name : `${plugin}:${name}`;
}

function checkName(spec: NetworkSpec, state: State): void {
  const {name} = spec;
  if (!validName.test(name))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid network name "${name}": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed`,
    );
  const whole = networkName(spec);
  if (isPredefined(whole))
    throw new TnetError('ERR_FORBIDDEN', `operation is not permitted on predefined ${name} network`);
  if ([...state.networks.values()].some(network => network.name === whole))
    throw new TnetError('ERR_NAME_IN_USE', `network with name ${whole} already exists`);
}

/** Like the links that traffic leaves by: a larger one would be cut or, in a tunnel, silently dropped on the way. */
function planMtu(spec: NetworkSpec, {mtu}: NetworkSeed): number | null {
  const asked = spec.options[driverMtu];
  if (asked !== undefined) return Number(asked);
  if (spec.driver === 'vxlan') return tunnelMtu(spec, mtu);
  return spec.driver === 'bridge' ? mtu : null;
}

function planSubnets(spec: NetworkSpec, networks: readonly Network[], seed: NetworkSeed): readonly Subnet[] {
  if (spec.driver === 'host' || spec.driver === 'none') return [];
  // One of our choice is nobody else's, also where links that are not ours may share one that was asked for.
  const used = ({prefix}: SubnetSpec): readonly Prefix[] =>
    isAny(prefix)
      ? networks.flatMap(({subnets}) => subnets.map(subnet => subnet.prefix))
      : spec.driver === 'foreign'
        ? []
        : prefixesOf(networks);
  const families = ([4, 6] as const).filter(family => (family === 4 ? spec.ipv4 : spec.ipv6));
  if (families.length === 0 && spec.plugin !== undefined) return [];
  if (families.length === 0) throw new TnetError('ERR_BAD_REQUEST', 'IPv4 or IPv6 must be enabled');
  for (const {prefix} of spec.subnets)
    if (!families.includes(ipFamily(prefix)))
      throw new TnetError('ERR_BAD_REQUEST', `subnet ${prefix}: IPv${ipFamily(prefix)} is not enabled on the network`);
  return askedSubnets(spec, families).map(subnet =>
    planSubnet(subnet, [...used(subnet), ...foreignTo(spec, subnet, seed)], seed),
  );
}

function askedSubnets(spec: NetworkSpec, families: readonly Family[]): readonly SubnetSpec[] {
  const asked = (family: Family) => spec.subnets.filter(({prefix}) => ipFamily(prefix) === family);
  const isSingle = families.every(family => asked(family).length < 2);
  if (isSingle) return families.map(family => asked(family)[0] ?? anySubnet(family));
  if (spec.plugin !== 'cni')
    throw new TnetError('ERR_BAD_REQUEST', `${spec.driver} driver doesn't support multiple subnets`);
  for (const [i, {prefix}] of spec.subnets.entries()) refuseOverlap(prefix, spec.subnets.slice(0, i));
  return spec.subnets;
}

/** The same subnet again is another span of it. */
function refuseOverlap(prefix: Prefix, others: readonly SubnetSpec[]): void {
  const other = others.find(each => each.prefix !== prefix && prefixesOverlap(each.prefix, prefix));
  if (other !== undefined) throw overlapping(prefix, other.prefix);
}

const overlapping = (prefix: Prefix, other: Prefix): TnetError =>
  new TnetError(
    'ERR_SUBNET_IN_USE',
    `invalid pool request: Pool overlaps with other one on this address space: ${prefix} and ${other}`,
  );

/** The links of foreign networks may be where ours are not. */
function prefixesOf(networks: readonly Network[]): readonly Prefix[] {
  return networks.filter(({driver}) => driver !== 'foreign').flatMap(({subnets}) => subnets.map(({prefix}) => prefix));
}

/** A subnet that is given to macvlan or ipvlan is mostly that of the parent's wire: the host has a route to it. */
function foreignTo(spec: NetworkSpec, {prefix}: SubnetSpec, {connected}: NetworkSeed): readonly Prefix[] {
  return isRouted(spec) || isAny(prefix) ? connected : [];
}

const isAny = (prefix: Prefix): boolean => /^(0\.0\.0\.0|::)\//.test(prefix);

const anySubnet = (family: Family): SubnetSpec => ({
  prefix: (family === 4 ? '0.0.0.0/0' : '::/0') as Prefix,
  gateway: null,
  range: null,
  reserved: {},
});

function planSubnet(asked: SubnetSpec, used: readonly Prefix[], seed: NetworkSeed): Subnet {
  if (isAny(asked.prefix)) {
    const pools = poolsOf(ipFamily(asked.prefix), prefixLengthOf(asked.prefix), seed);
    return checkSubnet({...asked, prefix: choosePrefix(pools, [...used, ...seed.avoided])});
  }
  const overlap = used.find(other => prefixesOverlap(other, asked.prefix));
  if (overlap) throw overlapping(asked.prefix, overlap);
  return checkSubnet(asked);
}

/** `size` 0 is the pools' own. */
function poolsOf(family: Family, size: number, {instance, pools: given = []}: NetworkSeed): readonly AddressPool[] {
  const named = given.filter(({base}) => ipFamily(base) === family);
  const pools = named.length > 0 ? named : family === 4 ? defaultPools : [uniqueLocalPool(instance)];
  if (size === 0) return pools;
  return pools.filter(({base}) => prefixLengthOf(base) <= size).map(({base}) => ({base, size}));
}

function checkSubnet({prefix, gateway, range, spans, reserved, overflow}: SubnetSpec): Subnet {
  const inside: readonly (readonly [string, string | null])[] = [
    ['gateway', gateway],
    ['ip-range', range?.split('/')[0] ?? null],
    ...(spans ?? []).flatMap(({first, last}) => [['range', first] as const, ['range', last] as const]),
    ...Object.entries(reserved).map(([name, ip]) => [`aux-address ${name}`, ip] as const),
  ];
  for (const [what, ip] of inside) {
    if (ip !== null && !prefixContains(prefix, ip as Ip))
      throw new TnetError('ERR_BAD_REQUEST', `no matching subnet for ${what} ${ip}: ${prefix} does not hold it`);
  }
  const more = {...(spans ? {spans} : {}), ...(overflow ? {overflow} : {})};
  return {prefix, gateway: gateway ?? defaultGateway(prefix), range, ...more, reserved};
}

function lowestFreeIndex(networks: readonly Network[]): number {
  const taken = new Set(networks.map(network => network.index));
  for (let index = 1; index < 0x1_0000; index++) if (!taken.has(index)) return index;
  throw new TnetError('ERR_SUBNET_FULL', 'Cannot create network: 65535 networks exist');
}
