import type {Attachment} from '../../model/attachment.ts';
import type {Ip, Prefix} from '../../model/ip.ts';
import {isBridged, type Network} from '../../model/network.ts';
import type {PortMapping} from '../../model/port-mapping.ts';
import type {State} from '../../model/state.ts';

/** What the firewall must know of a network, without a word of nft or iptables. */
export interface GuardedNetwork {
  readonly device: string;
  readonly prefix: Prefix;
  readonly internal: boolean;
  /** Its containers reach each other. */
  readonly icc: boolean;
  /** Its traffic leaves under the address of the outgoing link. */
  readonly masquerade: boolean;
}

/** `mapping` leads to `address`. */
export interface PublishedPort {
  readonly mapping: PortMapping;
  readonly address: Ip;
}

export interface Ruleset {
  readonly networks: readonly GuardedNetwork[];
  readonly ports: readonly PublishedPort[];
  /** Devices that forward only because we said so: for our networks and nothing else. */
  readonly forwarding: readonly string[];
}

export function planFirewall(state: State): Ruleset {
  return {
    networks: [...state.networks.values()].flatMap(guardedNetworks),
    ports: [...state.attachments.values()].flatMap(publishedPorts),
    forwarding: [...state.forwarding],
  };
}

export function guardedNetworks(network: Network): readonly GuardedNetwork[] {
  if (!isBridged(network)) return [];
  const {device, internal, options} = network;
  const flag = (name: string): boolean => options[`com.docker.network.bridge.${name}`] !== 'false';
  return network.subnets.map(({prefix}) => ({
    device,
    prefix,
    internal,
    icc: flag('enable_icc'),
    masquerade: !internal && flag('enable_ip_masquerade'),
  }));
}

export function publishedPorts({ports, leases}: Attachment): readonly PublishedPort[] {
  const address = leases[0]?.address;
  return address === undefined ? [] : ports.map(mapping => ({mapping, address}));
}
