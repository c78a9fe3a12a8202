import type {NetworkContainer, NetworkResource} from '../api/engine-types.ts';
import {type Attachment, leaseOf} from '../model/attachment.ts';
import type {Family} from '../model/ip.ts';
import {type Network, type Subnet, subnetOf} from '../model/network.ts';

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
    EnableIPv4: subnetOf(network, 4) !== undefined,
    EnableIPv6: subnetOf(network, 6) !== undefined,
    IPAM: {Driver: 'default', Options: {}, Config: network.subnets.map(encodeSubnet)},
    Internal: network.internal,
    Attachable: false,
    Ingress: false,
    ConfigFrom: {Network: ''},
    ConfigOnly: false,
    Containers: Object.fromEntries(
      attachments.map(attachment => [attachment.owner, encodeAttachment(attachment, nameOf(attachment.owner))]),
    ),
    Options: encodeOptions(network),
    Labels: network.labels,
  };
}

/** Docker says of docker0 what others have silently. */
function encodeOptions({name, driver, options, mtu}: Network): NetworkResource['Options'] {
  if (driver !== 'bridge' || name !== 'bridge') return options;
  return {
    'com.docker.network.bridge.default_bridge': 'true',
    'com.docker.network.bridge.enable_icc': 'true',
    'com.docker.network.bridge.enable_ip_masquerade': 'true',
    'com.docker.network.bridge.host_binding_ipv4': '0.0.0.0',
    'com.docker.network.driver.mtu': String(mtu ?? 1500),
    ...options,
  };
}

/** Docker calls the driver of the network `none` null. */
export function encodeDriver({driver}: Network): string {
  return driver === 'none' ? 'null' : driver;
}

function encodeSubnet({prefix, gateway, range, reserved}: Subnet): NetworkResource['IPAM']['Config'][number] {
  return {
    Subnet: prefix,
    ...(range === null ? {} : {IPRange: range}),
    Gateway: gateway,
    ...(Object.keys(reserved).length > 0 ? {AuxiliaryAddresses: reserved} : {}),
  };
}

function encodeAttachment(attachment: Attachment, name: string): NetworkContainer {
  const address = (family: Family): string => {
    const lease = leaseOf(attachment, family);
    return lease === undefined ? '' : `${lease.address}/${lease.prefixLength}`;
  };
  return {
    Name: name,
    EndpointID: attachment.id,
    MacAddress: attachment.mac,
    IPv4Address: address(4),
    IPv6Address: address(6),
  };
}
