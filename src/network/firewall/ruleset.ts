import {type Attachment, leaseOf} from '../../model/attachment.ts';
import {type Family, formatPrefix, type Ip, ipFamily, type Prefix} from '../../model/ip.ts';
import {isBehindHost, isBridged, isRouted, type Network, subnetOf} from '../../model/network.ts';
import {familiesOf, isAnyHost, type PortMapping, type Proto} from '../../model/port-mapping.ts';
import type {State} from '../../model/state.ts';
import {homesOf, linkOf} from '../foreign-homes.ts';
import {bySandbox, gatewayOf} from '../gateway.ts';
import {bridgeOptions, type GatewayMode} from '../options.ts';

/** What the firewall must know of one family of a network, without a word of nft or iptables. */
export interface GuardedNetwork {
  readonly device: string;
  readonly prefix: Prefix;
  /** Where the device leads to one address of the prefix alone: that one. */
  readonly only: Ip | null;
  readonly internal: boolean;
  /** Its containers reach each other. */
  readonly icc: boolean;
  /** `foreign`: another program's. What may pass there is for that one to say, besides what we publish. */
  readonly mode: GatewayMode | 'foreign';
  /** Its traffic leaves under another address: that of the outgoing link, or the one given; null: under its own. */
  readonly source: 'link' | Ip | null;
}

/** `count` host ports that lead to as many of `address`, which decides the family. */
export interface PublishedPort {
  /** As it was asked for, for both families. */
  readonly mapping: PortMapping;
  readonly proto: Proto;
  /** null: every address of the host of that family. */
  readonly hostIp: Ip | null;
  readonly hostPort: number;
  readonly address: Ip;
  readonly containerPort: number;
  readonly count: number;
  /** `routed`: nothing is translated, the container's own port is open. */
  readonly mode: 'nat' | 'routed';
  readonly masquerade: PortMasquerade;
}

/** Who is hidden from the container behind the host: who must be, for answers to come back this way; every client; nobody. */
export type PortMasquerade = 'needed' | 'all' | 'none';

/** Option of an attachment, about all its ports; left out, `needed`. */
export const portMasquerade = 'tnet.ports.masquerade';

export interface Ruleset {
  /** In which there are networks, be they without devices of their own for now. */
  readonly families: readonly Family[];
  readonly networks: readonly GuardedNetwork[];
  readonly ports: readonly PublishedPort[];
  /** Devices that forward only because we said so, by family: for our networks and nothing else. */
  readonly forwarding: Readonly<Record<Family, readonly string[]>>;
}

export const emptyRuleset: Ruleset = {families: [], networks: [], ports: [], forwarding: {4: [], 6: []}};

export function planFirewall(state: State): Ruleset {
  return {
    families: familiesIn([...state.networks.values()]),
    networks: [
      ...[...state.networks.values()].flatMap(guardedNetworks),
      ...guardedLinks([...state.attachments.values()], state.networks),
    ],
    ports: [...bySandbox(state).values()].flatMap(attachments => publishedPorts(attachments, state.networks)),
    forwarding: forwardingDevices(state),
  };
}

export function guardedNetworks(network: Network): readonly GuardedNetwork[] {
  if (network.driver === 'foreign') return homesOf(network).map(guardedForeign);
  if (!isBridged(network)) return [];
  const {device, internal, subnets} = network;
  const {icc, masquerade, mode, snat} = bridgeOptions(network);
  return subnets.map(({prefix}) => {
    const family = ipFamily(prefix);
    const translated = !internal && masquerade && mode[family] !== 'routed';
    const source = translated ? (snat[family] ?? 'link') : null;
    return {device, prefix, only: null, internal, icc, mode: mode[family], source};
  });
}

function guardedForeign({device, prefix}: Pick<GuardedNetwork, 'device' | 'prefix'>): GuardedNetwork {
  return {device, prefix, only: null, internal: false, icc: false, mode: 'foreign', source: null};
}

/** Point-to-point links: each is a network with one address on it. */
export function guardedLinks(
  attachments: readonly Attachment[],
  networks: State['networks'],
): readonly GuardedNetwork[] {
  return attachments.flatMap(attachment => {
    const {network: id, hostIfname: device, leases} = attachment;
    const network = networks.get(id);
    if (network?.driver === 'foreign') return foreignLinks(attachment);
    if (network?.driver !== 'ptp') return [];
    const {masquerade, mode} = bridgeOptions(network);
    return leases.map(({address, prefixLength}): GuardedNetwork => {
      const prefix = formatPrefix(address, prefixLength);
      const source = masquerade ? 'link' : null;
      return {device, prefix, only: address, internal: false, icc: false, mode: mode[ipFamily(address)], source};
    });
  });
}

function foreignLinks(attachment: Attachment): readonly GuardedNetwork[] {
  const device = linkOf(attachment);
  if (device === null) return [];
  return attachment.leases.map(({address, prefixLength}) => ({
    ...guardedForeign({device, prefix: formatPrefix(address, prefixLength)}),
    only: address,
  }));
}

/** Of the networks that the host is a router of, and of those that ports lead to. */
export function familiesIn(networks: readonly Network[]): readonly Family[] {
  const has = (network: Network, family: Family): boolean =>
    network.driver === 'foreign'
      ? family === 4 || homesOf(network).some(({prefix}) => ipFamily(prefix) === family)
      : isRouted(network) && subnetOf(network, family) !== undefined;
  return ([4, 6] as const).filter(family => networks.some(network => has(network, family)));
}

/** Of all attachments of one sandbox: where each port of theirs leads, a family a piece. */
export function publishedPorts(
  attachments: readonly Attachment[],
  networks: State['networks'],
): readonly PublishedPort[] {
  // What is on the wire itself is not reached through the host.
  const behind = attachments.filter(({network: id}) => isBehindHost(networks.get(id)!));
  return attachments.flatMap(attachment =>
    attachment.ports.flatMap(mapping =>
      familiesOf(mapping).flatMap(family => {
        const target = attachment.gatewayPriority === null ? attachment : gatewayOf(behind, networks, family);
        return target === undefined ? [] : publishedPort(mapping, target, {family, networks});
      }),
    ),
  );
}

/** The attachments that published ports end at. */
export function targetsOf(attachments: readonly Attachment[], networks: State['networks']): ReadonlySet<string> {
  const addresses = new Set(publishedPorts(attachments, networks).map(({address}) => address));
  return new Set(
    attachments.filter(({leases}) => leases.some(({address}) => addresses.has(address))).map(({id}) => id),
  );
}

function publishedPort(
  mapping: PortMapping,
  target: Attachment,
  {family, networks}: {readonly family: Family; readonly networks: State['networks']},
): readonly PublishedPort[] {
  const lease = leaseOf(target, family);
  const network = networks.get(target.network);
  if (lease === undefined || network === undefined || network.internal) return [];
  const {proto, hostPort, containerPort, count} = mapping;
  const hostIp = isAnyHost(mapping) ? null : mapping.hostIp;
  const mode = bridgeOptions(network).mode[family] === 'routed' ? 'routed' : 'nat';
  const masquerade = (target.options[portMasquerade] as PortMasquerade | undefined) ?? 'needed';
  return [{mapping, proto, hostIp, hostPort, address: lease.address, containerPort, count, mode, masquerade}];
}

/** From the paths of the settings we changed: `net/ipv4/conf/eth0/forwarding`. Our own bridges and links are not meant. */
function forwardingDevices({sysctls, networks, attachments}: State): Ruleset['forwarding'] {
  const bridges = Array.from(networks.values(), ({device}) => device);
  const ours = new Set([...bridges, ...Array.from(attachments.values(), ({hostIfname}) => hostIfname)]);
  const devices = (family: Family): readonly string[] =>
    [...sysctls.keys()]
      .map(path => /^net\/ipv([46])\/conf\/([^/]+)\/(?:force_)?forwarding$/.exec(path))
      .flatMap(match => (match?.[1] === String(family) ? [match[2]!] : []))
      .filter(device => device !== 'all' && !ours.has(device));
  return {4: devices(4), 6: devices(6)};
}
