import {TnetError} from '../errors.ts';
import {type Ip, type Prefix, prefixContains, prefixesOverlap} from '../model/ip.ts';
import {
  isBridged,
  isPredefined,
  type Network,
  type NetworkDriver,
  predefinedNetworks,
  type Subnet,
} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {choosePrefix, defaultGateway, defaultPools} from './ipam.ts';

export interface NetworkSpec {
  readonly name: string;
  readonly driver: NetworkDriver;
  /** Empty: a subnet is chosen from the default pools. */
  readonly subnets: readonly SubnetSpec[];
  readonly internal: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface SubnetSpec {
  readonly prefix: Prefix;
  readonly gateway: Ip | null;
  readonly range: Prefix | null;
}

export interface NetworkSeed {
  readonly id: string;
  /** RFC 3339. */
  readonly created: string;
  /** Prefixes of the host's on-link routes: a chosen subnet avoids them. */
  readonly connected: readonly Prefix[];
}

const defaultBridge = 'com.docker.network.bridge.default_bridge';
const bridgeName = 'com.docker.network.bridge.name';
const validName = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** A network from what was asked, what is there already and a seed. Throws ERR_NAME_IN_USE, ERR_SUBNET_IN_USE, ERR_SUBNET_FULL, ERR_BAD_REQUEST. */
export function planNewNetwork(spec: NetworkSpec, state: State, seed: NetworkSeed): Network {
  checkName(spec.name, state);
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
    const spec: NetworkSpec = {name, driver: name, subnets: [], internal: false, options, labels: {}};
    const network = newNetwork(spec, {...state, networks}, seeds());
    networks.set(network.id, network);
    made.push(network);
  }
  return made;
}

function newNetwork(spec: NetworkSpec, state: State, seed: NetworkSeed): Network {
  const networks = [...state.networks.values()];
  const bridge = isBridged(spec);
  const device = bridge ? (spec.options[bridgeName] ?? `br-${seed.id.slice(0, 12)}`) : '';
  const holder = networks.find(other => bridge && other.device === device);
  if (holder)
    throw new TnetError('ERR_CONFLICT', `bridge name "${device}" is already used by network "${holder.name}"`);
  return {
    id: seed.id,
    created: seed.created,
    name: spec.name,
    driver: spec.driver,
    subnets: spec.driver === 'host' || spec.driver === 'none' ? [] : planSubnets(spec, networks, seed.connected),
    internal: spec.internal,
    options: spec.options,
    labels: spec.labels,
    device,
    index: lowestFreeIndex(networks),
  };
}

function checkName(name: string, state: State): void {
  if (!validName.test(name))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid network name "${name}": only [a-zA-Z0-9][a-zA-Z0-9_.-]* is allowed`,
    );
  if (isPredefined(name))
    throw new TnetError('ERR_FORBIDDEN', `operation is not permitted on predefined ${name} network`);
  if ([...state.networks.values()].some(network => network.name === name))
    throw new TnetError('ERR_NAME_IN_USE', `network with name ${name} already exists`);
}

function planSubnets(spec: NetworkSpec, networks: readonly Network[], connected: readonly Prefix[]): readonly Subnet[] {
  const used = networks.flatMap(network => network.subnets.map(subnet => subnet.prefix));
  if (spec.subnets.length > 1)
    throw new TnetError('ERR_BAD_REQUEST', `${spec.driver} driver doesn't support multiple subnets`);
  const [asked] = spec.subnets;
  if (asked === undefined)
    return [subnetOf({prefix: choosePrefix(defaultPools, [...used, ...connected]), gateway: null, range: null})];
  // The subnet of a macvlan or ipvlan network is that of the wire its parent is on, so the host has a route to it.
  const foreign = isBridged(spec) ? connected : [];
  const overlap = [...used, ...foreign].find(other => prefixesOverlap(other, asked.prefix));
  if (overlap)
    throw new TnetError(
      'ERR_SUBNET_IN_USE',
      `invalid pool request: Pool overlaps with other one on this address space: ${asked.prefix} and ${overlap}`,
    );
  return [subnetOf(asked)];
}

function subnetOf({prefix, gateway, range}: SubnetSpec): Subnet {
  for (const [what, ip] of [
    ['gateway', gateway],
    ['ip-range', range?.split('/')[0] ?? null],
  ] as const) {
    if (ip !== null && !prefixContains(prefix, ip as Ip))
      throw new TnetError('ERR_BAD_REQUEST', `no matching subnet for ${what} ${ip}: ${prefix} does not hold it`);
  }
  return {prefix, gateway: gateway ?? defaultGateway(prefix), range};
}

function lowestFreeIndex(networks: readonly Network[]): number {
  const taken = new Set(networks.map(network => network.index));
  for (let index = 1; index < 0x1_0000; index++) if (!taken.has(index)) return index;
  throw new TnetError('ERR_SUBNET_FULL', 'Cannot create network: 65535 networks exist');
}
