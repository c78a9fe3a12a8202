import {itemKey, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';
import {type Attachment, leaseOf} from '../model/attachment.ts';
import type {Family} from '../model/ip.ts';
import type {Network} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {bridgeDriver} from './drivers/bridge.ts';
import type {Driver, Role} from './drivers/driver.ts';
import {toNft} from './firewall/nft.ts';
import {
  emptyRuleset,
  guardedNetworks,
  planFirewall,
  publishedPorts,
  type Ruleset,
  targetsOf,
} from './firewall/ruleset.ts';
import {attachmentsIn, bySandbox, gatewayOf} from './gateway.ts';

/** `host` and `none` need nothing from the kernel. */
const drivers: Readonly<Partial<Record<Network['driver'], Driver>>> = {bridge: bridgeDriver};

export function validateNetwork(network: Network): void {
  drivers[network.driver]?.validate(network);
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
    ...firewallItems({...emptyRuleset, networks: guardedNetworks(network)}),
  ];
}

/** Everything of one sandbox's attachments, on the host and inside, in the order in which it is made. */
export function planSandboxLinks(state: State, sandbox: string): readonly Item[] {
  return planAttached(attachmentsIn(state, sandbox), state.networks);
}

function planAttached(attachments: readonly Attachment[], networks: State['networks']): readonly Item[] {
  const targets = targetsOf(attachments, networks);
  const links = attachments.flatMap(attachment => {
    const network = networks.get(attachment.network)!;
    const role: Role = {
      defaultRoutes: ([4, 6] as const).filter(family => isGateway(attachment, {attachments, networks, family})),
      published: targets.has(attachment.id),
    };
    return drivers[network.driver]?.planAttachment(network, attachment, role) ?? [];
  });
  const {elements} = toNft({...emptyRuleset, ports: publishedPorts(attachments, networks)});
  return [...links, ...elements.map(elementItem)];
}

function isGateway(
  attachment: Attachment,
  {attachments, networks, family}: {attachments: readonly Attachment[]; networks: State['networks']; family: Family},
): boolean {
  if (attachment.gatewayPriority !== null) return gatewayOf(attachments, networks, family) === attachment;
  return leaseOf(attachment, family) !== undefined && !networks.get(attachment.network)?.internal;
}

/** Settings of the host that our networks need, and what keeps them from helping others. */
export function planForwarding(state: State): readonly Item[] {
  const {forwarding} = planFirewall({...state, attachments: new Map()});
  return [
    ...Array.from(state.sysctls.values(), sysctlItem),
    ...toNft({...emptyRuleset, forwarding}).elements.map(elementItem),
  ];
}

/** Everything wanted in the host's namespace. Without a network, the guard of what we made forward; without that, nothing at all. */
export function planHost(state: State): readonly Item[] {
  const networks = [...state.networks.values()].filter(network => isRealized(network, state));
  if (networks.length === 0 && state.sysctls.size === 0) return [];
  const realized = new Map(networks.map(network => [network.id, network]));
  return [
    ...networks.flatMap(network => drivers[network.driver]?.planNetwork(network) ?? []),
    ...[...bySandbox(state).values()].flatMap(attachments => planAttached(attachments, realized)).filter(isNoElement),
    ...firewallItems(planFirewall({...state, networks: realized})),
    ...Array.from(state.sysctls.values(), sysctlItem),
  ];
}

export function sysctlItem({path, value}: {readonly path: string; readonly value: string}): Item {
  return {ns: '', kind: 'sysctl', path, value};
}

function firewallItems(ruleset: Ruleset): readonly Item[] {
  const {table, elements} = toNft(ruleset);
  return [{ns: '', kind: 'table', table}, ...elements.map(elementItem)];
}

function elementItem(element: ReturnType<typeof toNft>['elements'][number]): Item {
  return {ns: '', kind: 'element', ...element};
}

const isNoElement = (item: Item): boolean => item.kind !== 'element';

/** What is inside a sandbox is its owner's, unless the link that it is on, or came with, is gone. */
export function withoutIntactSandboxes(items: readonly Item[], actual: World): readonly Item[] {
  const gone = new Set(
    items.flatMap(item =>
      item.kind === 'link' && item.peer !== null && !actual.has(itemKey(item))
        ? [`${item.peer.ns} ${item.peer.name}`, `${item.peer.ns} lo`]
        : [],
    ),
  );
  return items.filter(item => item.ns === '' || gone.has(`${item.ns} ${deviceOf(item)}`));
}

function deviceOf(item: Item): string | null {
  if (item.kind === 'sysctl') return item.path.split('/')[3] ?? null;
  return 'link' in item ? item.link : null;
}
