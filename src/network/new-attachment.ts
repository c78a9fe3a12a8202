import {TnetError} from '../errors.ts';
import type {Attachment, Lease} from '../model/attachment.ts';
import type {Ip} from '../model/ip.ts';
import {macFromIp} from '../model/mac.ts';
import type {Network} from '../model/network.ts';
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
  const attachments = [...state.attachments.values()];
  refuseConflicts(spec.ports, attachments);
  const lease = chooseLease(spec.address, network, attachments);
  return {
    id,
    network: network.id,
    sandbox: spec.sandbox,
    owner: spec.owner,
    ifname: spec.ifname,
    hostIfname: `veth${id.slice(0, 7)}`,
    mac: macFromIp(lease.address),
    leases: [lease],
    ports: spec.ports,
  };
}

function chooseLease(want: Ip | null, network: Network, attachments: readonly Attachment[]): Lease {
  const [subnet] = network.subnets;
  if (subnet === undefined)
    throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" (${network.driver}) has no addresses to give`);
  const taken = new Set(
    attachments
      .filter(other => other.network === network.id)
      .flatMap(other => other.leases.map(lease => lease.address)),
  );
  return {address: allocate(subnet, taken, want ?? undefined), prefixLength: Number(subnet.prefix.split('/')[1])};
}

/** Docker's words, so that people find its help. */
function refuseConflicts(ports: readonly PortMapping[], attachments: readonly Attachment[]): void {
  const taken = attachments.flatMap(attachment => attachment.ports);
  ports.forEach((port, i) => {
    const other = [...taken, ...ports.slice(0, i)].find(held => portMappingsConflict(held, port));
    if (other)
      throw new TnetError(
        'ERR_PORT_IN_USE',
        `Bind for ${port.hostIp ?? '0.0.0.0'}:${port.hostPort} failed: port is already allocated (${formatPortMapping(other)})`,
      );
  });
}
