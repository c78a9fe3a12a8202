import type {Lease} from '../../../model/attachment.ts';
import {ipFamily, parseIp, parsePrefix, prefixContains, prefixLengthOf} from '../../../model/ip.ts';
import {joinPorts} from '../../../model/join-ports.ts';
import {parseMac} from '../../../model/mac.ts';
import {type PortMapping, portMapping} from '../../../model/port-mapping.ts';
import type {AttachSpec} from '../../../network/new-attachment.ts';
import {holderOption} from '../../../network/reservation.ts';
import {badRequest} from '../../failure.ts';
import {namesOption, serversOption} from '../sandbox-names.ts';
import {decodeRoutes} from './decode-network.ts';
import type {Joining, NetworkInfo, PerNetwork, PortInfo} from './input.ts';

/** One of a container's networks, in words of ours; ports apart. Throws ERR_BAD_REQUEST. */
export function decodeAttachment(
  {containerId, containerName, dnsServers}: Joining,
  {info, options}: Joining['networks'][number],
): Omit<AttachSpec, 'network' | 'sandbox'> {
  const routes = decodeRoutes(info);
  const hostIfname = options.options?.host_interface_name;
  return {
    owner: containerId,
    ifname: options.interface_name,
    addresses: [],
    leases: decodeLeases(info, options),
    ...(routes === undefined ? {} : {routes}),
    ...(hostIfname ? {hostIfname} : {}),
    mac: options.static_mac ? parseMac(options.static_mac) : null,
    ports: [],
    names: info.dns_enabled ? namesOf(containerName, containerId, options.aliases ?? []) : [],
    gatewayPriority: 0,
    options: {
      [holderOption]: 'caller',
      ...(info.dns_enabled ? {[namesOption]: 'true'} : {}),
      ...(dnsServers.length > 0 ? {[serversOption]: dnsServers.map(parseIp).join(',')} : {}),
    },
  };
}

/** What is no name of one line aardvark-dns leaves out, too. */
function namesOf(name: string, id: string, aliases: readonly string[]): readonly string[] {
  return [...new Set([name, ...aliases, id.slice(0, 12)])].filter(each => /^[^\s,]+$/.test(each));
}

function decodeLeases(info: NetworkInfo, {static_ips, interface_name}: PerNetwork): readonly Lease[] {
  const ips = (static_ips ?? []).map(parseIp);
  if ((info.ipam_options?.driver ?? 'host-local') === 'none') return [];
  if (ips.length === 0 && (info.subnets ?? []).length > 0)
    throw badRequest(`no static ips provided for "${interface_name}" of network "${info.name}"`);
  const prefixes = (info.subnets ?? []).map(({subnet}) => parsePrefix(subnet));
  return ips.map(address => {
    const prefix = prefixes.find(each => ipFamily(each) === ipFamily(address) && prefixContains(each, address));
    if (prefix === undefined) throw badRequest(`failed to match ip ${address} to a subnet of network "${info.name}"`);
    return {address, prefixLength: prefixLengthOf(prefix)};
  });
}

/** A range is one mapping. Throws ERR_BAD_REQUEST. */
export function decodePorts(ports: readonly PortInfo[]): readonly PortMapping[] {
  return joinPorts(ports.flatMap(port => port.protocol.split(',').map(proto => decodePort(port, proto))));
}

function decodePort({container_port, host_ip, host_port, range}: PortInfo, proto: string): PortMapping {
  const span = (first: number): string => (range > 1 ? `${first}-${first + range - 1}` : `${first}`);
  try {
    return portMapping({ip: host_ip, host: span(host_port), container: span(container_port), proto});
  } catch (cause) {
    throw badRequest(`invalid port mapping ${host_port} to ${container_port}: ${(cause as Error).message}`);
  }
}
