import type {NetworkContainer, NetworkResource} from '../api/engine-types.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Network} from '../model/network.ts';

/** GET /networks/{id}; the list has no containers, as Docker's. `nameOf` names the owner of an attachment. */
export function encodeNetwork(
  network: Network,
  attachments: readonly Attachment[],
  nameOf: (owner: string) => string,
): NetworkResource {
  return {
    Name: network.name,
    Id: network.id,
    Created: network.created,
    Scope: 'local',
    Driver: encodeDriver(network),
    EnableIPv4: true,
    EnableIPv6: false,
    IPAM: {Driver: 'default', Options: {}, Config: network.subnets.map(encodeSubnet)},
    Internal: network.internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: {Network: ''},
    ConfigOnly: false,
    Containers: Object.fromEntries(
      attachments.map(attachment => [attachment.owner, encodeAttachment(attachment, nameOf(attachment.owner))]),
    ),
    Options: network.options,
    Labels: network.labels,
  };
}

/** Docker calls the driver of the network `none` null. */
export function encodeDriver({driver}: Network): string {
  return driver === 'none' ? 'null' : driver;
}

function encodeSubnet({prefix, gateway, range}: Network['subnets'][number]): NetworkResource['IPAM']['Config'][number] {
  return {Subnet: prefix, ...(range === null ? {} : {IPRange: range}), Gateway: gateway};
}

function encodeAttachment({id, mac, leases}: Attachment, name: string): NetworkContainer {
  const [lease] = leases;
  return {
    Name: name,
    EndpointID: id,
    MacAddress: mac,
    IPv4Address: lease === undefined ? '' : `${lease.address}/${lease.prefixLength}`,
    IPv6Address: '',
  };
}
