import {TnetError} from '../errors.ts';
import type {Attachment, Lease} from '../model/attachment.ts';
import {type Ip, prefixLengthOf} from '../model/ip.ts';
import {macFromIp} from '../model/mac.ts';
import {isBridged, type Network} from '../model/network.ts';
import {formatPortMapping, type PortMapping, portMappingsConflict} from '../model/port-mapping.ts';
import type {State} from '../model/state.ts';
import {allocate} from './ipam.ts';

export interface AttachSpec {
  /** Name, id or unique id prefix. */
  readonly network: string;
  /** Path of an existing network namespace. */
  readonly sandbox: string;
  readonly owner: string;
  readonly ifname: string;
  readonly address: Ip | null;
  readonly ports: readonly PortMapping[];
}

/** The attachment as it will be, host ports not yet chosen. Throws ERR_PORT_IN_USE, ERR_ADDRESS_IN_USE, ERR_SUBNET_FULL, ERR_BAD_REQUEST. */
export function planNewAttachment(spec: AttachSpec, network: Network, state: State, id: string): Attachment {
  refuseConflicts(spec.ports, network, state);
  const lease = chooseLease(spec.address, network, state);
  return {
    id,
    network: network.id,
    sandbox: spec.sandbox,
    owner: spec.owner,
    ifname: spec.ifname,
    hostIfname: isBridged(network) ? `veth${id.slice(0, 7)}` : '',
    mac: macFromIp(lease.address),
    leases: [lease],
    ports: spec.ports,
  };
}

function chooseLease(want: Ip | null, network: Network, state: State): Lease {
  const [subnet] = network.subnets;
  if (subnet === undefined)
    throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" (${network.driver}) has no addresses to give`);
  const address = allocate(subnet, leasedAddresses(network, state), want ?? undefined);
  return {address, prefixLength: prefixLengthOf(subnet.prefix)};
}

/** Plain loops, here and below: with a thousand attachments, arrays of them would cost more than the kernel's work. */
function leasedAddresses(network: Network, state: State): ReadonlySet<Ip> {
  const taken = new Set<Ip>();
  for (const attachment of state.attachments.values()) {
    if (attachment.network === network.id) for (const lease of attachment.leases) taken.add(lease.address);
  }
  return taken;
}

/** Throws ERR_PORT_IN_USE for ports that are taken, ERR_BAD_REQUEST where nothing can be published. */
export function refuseConflicts(ports: readonly PortMapping[], network: Network, state: State): void {
  if (ports.length > 0 && !isBridged(network))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Cannot publish ports on network "${network.name}": ${network.driver} containers are on the wire themselves, reach them at their own address`,
    );
  if (network.internal && ports.length > 0)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot publish ports on network "${network.name}": it is internal`);
  for (const [i, port] of ports.entries()) refuseConflict(port, ports.slice(0, i), state);
}

/** Docker's words, so that people find its help. */
function refuseConflict(port: PortMapping, before: readonly PortMapping[], state: State): void {
  const other = before.find(held => portMappingsConflict(held, port)) ?? findHolder(port, state);
  if (other === undefined) return;
  const host = `${port.hostIp ?? '0.0.0.0'}:${port.hostPort}`;
  throw new TnetError(
    'ERR_PORT_IN_USE',
    `Bind for ${host} failed: port is already allocated (${formatPortMapping(other)})`,
  );
}

function findHolder(port: PortMapping, state: State): PortMapping | undefined {
  for (const {ports} of state.attachments.values()) {
    for (const held of ports) if (portMappingsConflict(held, port)) return held;
  }
  return undefined;
}
