import {TnetError} from '../errors.ts';
import {type Attachment, type Lease, leaseOf, type Route} from '../model/attachment.ts';
import {indexOf} from '../model/attachment-index.ts';
import {bandwidthOptions, parseBandwidth} from '../model/bandwidth.ts';
import {type Ip, ipFamily, prefixContains, prefixLengthOf} from '../model/ip.ts';
import {type Mac, macFromId, macFromIp} from '../model/mac.ts';
import {
  gatewayFor,
  isBehindHost,
  isRouted,
  type Network,
  type Subnet,
  subnetHolding,
  subnetOf,
  subnetSets,
} from '../model/network.ts';
import {formatPortMapping, type PortMapping, splitUnchosen} from '../model/port-mapping.ts';
import type {State} from '../model/state.ts';
import {attachmentsIn} from './gateway.ts';
import {allocate, type Taken} from './ipam.ts';
import {bridgeOptions} from './options.ts';
import {findConflict, type PortConflict} from './port-conflicts.ts';

export interface AttachSpec {
  /** Name, id or unique id prefix. */
  readonly network: string;
  /** Path of an existing network namespace. */
  readonly sandbox: string;
  readonly owner: string;
  /** null: the network's prefix and the lowest free number. */
  readonly ifname: string | null;
  /** At most one of each set of subnets; the others get the lowest free one. */
  readonly addresses: readonly Ip[];
  /** Chosen by somebody else's address management: nothing is allocated. */
  readonly leases?: readonly Lease[];
  /** Left out: the default route, where this attachment is the gateway. */
  readonly routes?: readonly RouteSpec[];
  /** Name of the end on the host, of a foreign network's link too; left out, one of our choice. */
  readonly hostIfname?: string;
  readonly mac: Mac | null;
  readonly ports: readonly PortMapping[];
  readonly names: readonly string[];
  readonly gatewayPriority: number | null;
  readonly options: Readonly<Record<string, string>>;
}

/** `gateway`: by that of the subnet its first address of the family is from. */
export interface RouteSpec extends Omit<Route, 'via'> {
  readonly via: Route['via'] | 'gateway';
}

/** The attachment as it will be, host ports not yet chosen. Throws ERR_PORT_IN_USE, ERR_ADDRESS_IN_USE, ERR_SUBNET_FULL, ERR_BAD_REQUEST, ERR_CONFLICT. */
export function planNewAttachment(spec: AttachSpec, network: Network, state: State, id: string): Attachment {
  const siblings = attachmentsIn(state, spec.sandbox);
  // Docker's endpoints are one a network; one with an interface name and routes of its own disturbs no other.
  if (spec.gatewayPriority !== null && siblings.some(sibling => sibling.network === network.id))
    throw new TnetError('ERR_FORBIDDEN', `endpoint with name ${spec.owner} already exists in network ${network.name}`);
  checkAttachmentOptions(spec.options, network);
  const ports = bindPorts(spec.ports, network);
  refuseConflicts(ports, network, state);
  const leases =
    spec.leases === undefined ? chooseLeases(spec.addresses, network, state) : claimLeases(spec.leases, network, state);
  return {
    id,
    network: network.id,
    sandbox: spec.sandbox,
    owner: spec.owner,
    ifname: chooseIfname(spec, network, siblings),
    hostIfname: spec.hostIfname ?? (isRouted(network) ? `veth${id.slice(0, 7)}` : ''),
    mac: chooseMac(spec.mac ?? defaultMac(leases, id), network, state),
    leases,
    ports,
    names: spec.names,
    gatewayPriority: spec.gatewayPriority,
    ...(spec.routes === undefined ? {} : {routes: spec.routes.map(route => withHop(route, leases, network))}),
    options: spec.options,
  };
}

/** Throws ERR_BAD_REQUEST for an option of ours that is wrong, or that the network's driver cannot obey. Foreign ones are kept. */
export function checkAttachmentOptions(
  options: Readonly<Record<string, string>>,
  {driver, mtu}: Pick<Network, 'driver' | 'mtu'>,
): void {
  const limit = bandwidthOptions.find(option => options[option] !== undefined);
  if (limit !== undefined && (driver === 'macvlan' || driver === 'ipvlan'))
    throw new TnetError('ERR_BAD_REQUEST', `option "${limit}" is not supported by the ${driver} driver`);
  try {
    parseBandwidth(options, mtu ?? undefined);
  } catch (cause) {
    throw new TnetError('ERR_BAD_REQUEST', (cause as Error).message, {cause});
  }
}

/** Docker's option of an endpoint, besides `--driver-opt`'s own of the drivers. */
const ifnameOption = 'com.docker.network.endpoint.ifname';

function chooseIfname(spec: AttachSpec, network: Network, siblings: readonly Attachment[]): string {
  const taken = new Set(siblings.map(({ifname}) => ifname));
  const wanted = spec.ifname ?? spec.options[ifnameOption];
  if (wanted !== undefined) {
    // dev_valid_name(), and IFNAMSIZ is 16 with the closing NUL.
    if (!/^[^/:\s]{1,15}$/.test(wanted) || wanted === '.' || wanted === '..' || wanted === 'lo')
      throw new TnetError('ERR_BAD_REQUEST', `invalid interface name "${wanted}"`);
    if (taken.has(wanted)) throw new TnetError('ERR_CONFLICT', `interface "${wanted}" exists already in the container`);
    return wanted;
  }
  const {prefix} = bridgeOptions(network);
  for (let i = 0; ; i++) if (!taken.has(`${prefix}${i}`)) return `${prefix}${i}`;
}

function withHop({via, ...route}: RouteSpec, leases: readonly Lease[], network: Network): Route {
  if (via !== 'gateway') return {...route, via};
  const family = ipFamily(route.to);
  const lease = leaseOf({leases}, family);
  const hop = lease === undefined ? subnetOf(network, family)?.gateway : gatewayFor(network, lease.address);
  return {...route, via: hop ?? null};
}

function defaultMac([lease]: readonly Lease[], id: string): Mac {
  return lease === undefined ? macFromId(id) : macFromIp(lease.address);
}

/** Links that are lent are as they are: those of one parent may share theirs. */
function chooseMac(mac: Mac, network: Network, state: State): Mac {
  if (network.driver === 'host-device' || network.driver === 'vlan') return mac;
  if (!indexOf(state.attachments).hasMac(network.id, mac)) return mac;
  throw new TnetError('ERR_ADDRESS_IN_USE', `MAC address ${mac} is already in use on network "${network.name}"`);
}

/** Ports that name no host address go where the network's `host_binding_ipv4` says. */
export function bindPorts(ports: readonly PortMapping[], network: Network): readonly PortMapping[] {
  const {hostBinding} = bridgeOptions(network);
  return ports.flatMap(splitUnchosen).map(port => (port.hostIp === null ? {...port, hostIp: hostBinding} : port));
}

function chooseLeases(wanted: readonly Ip[], network: Network, state: State): readonly Lease[] {
  if (network.subnets.length === 0)
    throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" (${network.driver}) has no addresses to give`);
  const sets = subnetSets(network);
  const leased = indexOf(state.attachments).leased(network.id);
  const gateways = new Set(network.subnets.map(({gateway}) => gateway));
  const chosen = new Set<Ip>();
  const taken: Taken = {
    has: ip => leased.has(ip) || gateways.has(ip) || chosen.has(ip),
    // What is only chosen may be free again.
    floors: subnet => (isAnyIn(chosen, subnet) ? [] : leased.floors(network, subnet)),
  };
  const asked = new Set(wanted);
  const leases = sets.map(set => {
    const want = [...asked].find(ip => set.some(({prefix}) => prefixContains(prefix, ip)));
    if (want !== undefined) asked.delete(want);
    const lease = want === undefined ? leaseIn(set, taken) : claimIn(set, taken, want);
    chosen.add(lease.address);
    return lease;
  });
  for (const ip of asked) throw new TnetError('ERR_BAD_REQUEST', `no configured subnet contains IP address ${ip}`);
  return leases;
}

function isAnyIn(ips: Iterable<Ip>, {prefix}: Subnet): boolean {
  return [...ips].some(ip => prefixContains(prefix, ip));
}

/** The first subnet with a free address gives it; what the last one says, when none has. */
function leaseIn([subnet, ...rest]: readonly Subnet[], taken: Taken): Lease {
  try {
    return {address: allocate(subnet!, taken), prefixLength: prefixLengthOf(subnet!.prefix)};
  } catch (error) {
    if (rest.length === 0 || !(error instanceof TnetError) || error.code !== 'ERR_SUBNET_FULL') throw error;
    return leaseIn(rest, taken);
  }
}

function claimIn(set: readonly Subnet[], taken: Taken, want: Ip): Lease {
  const subnet = subnetHolding({subnets: set}, want)!;
  return {address: allocate(subnet, taken, want), prefixLength: prefixLengthOf(subnet.prefix)};
}

function claimLeases(leases: readonly Lease[], network: Network, state: State): readonly Lease[] {
  const taken = indexOf(state.attachments).leased(network.id);
  const held = leases.find(({address}) => taken.has(address));
  if (held === undefined) return leases;
  throw new TnetError('ERR_ADDRESS_IN_USE', `Address already in use: ${held.address}`);
}

/** Throws ERR_SUBNET_FULL when the next attachment would not get an address. */
export function refuseFull(network: Network, state: State): void {
  if (network.subnets.length > 0) chooseLeases([], network, state);
}

/** Throws ERR_PORT_IN_USE for ports that are taken, ERR_BAD_REQUEST where nothing can be published. */
export function refuseConflicts(ports: readonly PortMapping[], network: Network, state: State): void {
  if (ports.length > 0 && !isBehindHost(network))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Cannot publish ports on network "${network.name}": ${network.driver} containers are on the wire themselves, reach them at their own address`,
    );
  if (network.internal && ports.length > 0)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot publish ports on network "${network.name}": it is internal`);
  const conflict = findConflict(ports, numbers => indexOf(state.attachments).near(numbers));
  if (conflict) throw portInUse(conflict);
}

/** Docker's words, so that people find its help. */
function portInUse({port, other}: PortConflict): TnetError {
  const host = `${port.hostIp?.includes(':') ? `[${port.hostIp}]` : (port.hostIp ?? '0.0.0.0')}:${port.hostPort}`;
  return new TnetError(
    'ERR_PORT_IN_USE',
    `Bind for ${host} failed: port is already allocated (${formatPortMapping(other)})`,
  );
}
