import type {NetworkResource} from '../api/engine-types.ts';
import {type ListOptions, shortId} from './listing.ts';

/** What `network ls --format` may name (docker/cli formatter/network.go), and our Subnet. */
export const networkTitles = {
  ID: 'NETWORK ID',
  Name: 'NAME',
  Driver: 'DRIVER',
  Scope: 'SCOPE',
  IPv4: 'IPV4',
  IPv6: 'IPV6',
  Internal: 'INTERNAL',
  Labels: 'LABELS',
  Label: (name: unknown) => String(name),
  CreatedAt: 'CREATED AT',
  Subnet: 'SUBNET',
} as const;

export function networkRow(network: NetworkResource, options: ListOptions): Readonly<Record<string, unknown>> {
  const {Id, Name, Driver, Scope, EnableIPv4, EnableIPv6, Internal, Labels, Created, IPAM} = network;
  const labels = Object.entries(Labels).map(([name, value]) => `${name}=${value}`);
  return {
    ID: shortId(Id, options),
    Name,
    Driver,
    Scope,
    IPv4: EnableIPv4,
    IPv6: EnableIPv6,
    Internal,
    Labels: labels.join(','),
    Label: (name: unknown) => Labels[String(name)] ?? '',
    CreatedAt: Created,
    Subnet: IPAM.Config.map(({Subnet}) => Subnet).join(','),
  };
}
