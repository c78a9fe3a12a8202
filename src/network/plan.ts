import type {Item} from '../kernel/item.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Network} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {bridgeDriver} from './drivers/bridge.ts';
import type {Driver} from './drivers/driver.ts';
import {ipvlanDriver} from './drivers/ipvlan.ts';
import {macvlanDriver} from './drivers/macvlan.ts';
import {vxlanDriver} from './drivers/vxlan.ts';
import {toNft} from './firewall/nft.ts';
import {guardedNetworks, planFirewall, publishedPorts, type Ruleset} from './firewall/ruleset.ts';

/** `host` and `none` need nothing from the kernel. */
const drivers: Readonly<Partial<Record<Network['driver'], Driver>>> = {
  bridge: bridgeDriver,
  macvlan: macvlanDriver,
  ipvlan: ipvlanDriver,
  vxlan: vxlanDriver,
};

const nothing: Ruleset = {networks: [], ports: [], forwarding: []};

/** Throws ERR_BAD_REQUEST and ERR_CONFLICT. */
export function validateNetwork(network: Network, state: State): void {
  drivers[network.driver]?.validate(network, [...state.networks.values()]);
}

/** Throws ERR_CONFLICT when the network takes no further attachment. */
export function validateAttachment(network: Network, state: State): void {
  const driver = drivers[network.driver];
  if (driver?.validateAttachment === undefined) return;
  const attached = [...state.attachments.values()].filter(attachment => attachment.network === network.id);
  driver.validateAttachment(network, attached);
}

/** A network of the user's always has its device; the predefined one only while something is attached to it. */
export function isRealized(network: Network, state: State): boolean {
  if (drivers[network.driver] === undefined) return false;
  if (network.name !== 'bridge') return true;
  for (const attachment of state.attachments.values()) if (attachment.network === network.id) return true;
  return false;
}

/** What a network needs on the host, the firewall's table included. */
export function planNetwork(network: Network): readonly Item[] {
  return [
    ...(drivers[network.driver]?.planNetwork(network) ?? []),
    ...firewallItems({...nothing, networks: guardedNetworks(network)}),
  ];
}

/** What an attachment adds, in the order in which it is made. */
export function planAttachment(network: Network, attachment: Attachment): readonly Item[] {
  const {elements} = toNft({...nothing, ports: publishedPorts(attachment)});
  return [...(drivers[network.driver]?.planAttachment(network, attachment) ?? []), ...elements.map(elementItem)];
}

/** What forwarding through `devices`, which had it off, needs. */
export function planForwarding(devices: readonly string[]): readonly Item[] {
  return [...devices.map(forwardingSysctl), ...toNft({...nothing, forwarding: devices}).elements.map(elementItem)];
}

/** Everything wanted in the host's namespace; nothing at all when no network is realized. */
export function planHost(state: State): readonly Item[] {
  const networks = [...state.networks.values()].filter(network => isRealized(network, state));
  if (networks.length === 0) return [];
  const realized = new Map(networks.map(network => [network.id, network]));
  const attached = [...state.attachments.values()].flatMap(attachment => {
    const network = realized.get(attachment.network);
    return network === undefined ? [] : (drivers[network.driver]?.planAttachment(network, attachment) ?? []);
  });
  return [
    ...networks.flatMap(network => drivers[network.driver]?.planNetwork(network) ?? []),
    ...attached,
    ...firewallItems(planFirewall({...state, networks: realized})),
    ...[...state.forwarding].map(forwardingSysctl),
  ];
}

export function forwardingSysctl(device: string): Item {
  return {ns: '', kind: 'sysctl', path: `net/ipv4/conf/${device}/forwarding`, value: '1'};
}

function firewallItems(ruleset: Ruleset): readonly Item[] {
  const {table, elements} = toNft(ruleset);
  return [{ns: '', kind: 'table', table}, ...elements.map(elementItem)];
}

function elementItem(element: ReturnType<typeof toNft>['elements'][number]): Item {
  return {ns: '', kind: 'element', ...element};
}
