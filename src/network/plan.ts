import {itemKey} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';
import {type Attachment, leaseOf} from '../model/attachment.ts';
import {indexOf} from '../model/attachment-index.ts';
import type {Family} from '../model/ip.ts';
import type {Mac} from '../model/mac.ts';
import type {Network} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {bridgeDriver} from './drivers/bridge.ts';
import type {Driver, Role} from './drivers/driver.ts';
import {foreignDriver} from './drivers/foreign.ts';
import {hostDeviceDriver} from './drivers/host-device.ts';
import {ipvlanDriver} from './drivers/ipvlan.ts';
import {macvlanDriver} from './drivers/macvlan.ts';
import {ptpDriver} from './drivers/ptp.ts';
import {tapDriver} from './drivers/tap.ts';
import {vlanDriver} from './drivers/vlan.ts';
import {vxlanDriver} from './drivers/vxlan.ts';
import type {Firewall} from './firewall/renderer.ts';
import {
  emptyRuleset,
  familiesIn,
  guardedLinks,
  guardedNetworks,
  planFirewall,
  publishedPorts,
  targetsOf,
} from './firewall/ruleset.ts';
import {attachmentsIn, bySandbox, gatewayOf} from './gateway.ts';

/** `host` and `none` need nothing from the kernel. */
const drivers: Readonly<Partial<Record<Network['driver'], Driver>>> = {
  bridge: bridgeDriver,
  macvlan: macvlanDriver,
  ipvlan: ipvlanDriver,
  vxlan: vxlanDriver,
  ptp: ptpDriver,
  'host-device': hostDeviceDriver,
  vlan: vlanDriver,
  tap: tapDriver,
  foreign: foreignDriver,
};

/** Throws ERR_BAD_REQUEST and ERR_CONFLICT. */
export function validateNetwork(network: Network, state: State): void {
  drivers[network.driver]?.validate(network, [...state.networks.values()]);
}

/** Throws ERR_CONFLICT when the network takes no further attachment, ERR_BAD_REQUEST when it cannot have the MAC that is asked for. */
export function validateAttachment(network: Network, state: State, mac: Mac | null): void {
  const driver = drivers[network.driver];
  if (driver?.validateAttachment === undefined) return;
  driver.validateAttachment(network, indexOf(state.attachments).on(network.id), mac);
}

/** A network of the user's always has its device; the predefined one only while something is attached to it. */
export function isRealized(network: Network, state: State): boolean {
  if (drivers[network.driver] === undefined) return false;
  return network.name !== 'bridge' || indexOf(state.attachments).isUsed(network.id);
}

/** What a network needs on the host, the firewall's table included. */
export function planNetwork(network: Network, firewall: Firewall): readonly Item[] {
  const ruleset = {...emptyRuleset, families: familiesIn([network]), networks: guardedNetworks(network)};
  return [...planDevice(network, firewall), ...firewall.whole(ruleset)];
}

function planDevice(network: Network, firewall: Firewall): readonly Item[] {
  const items = drivers[network.driver]?.planNetwork(network) ?? [];
  return firewall.name === 'none' ? items.map(withoutLocalnet) : items;
}

/** Where nobody refuses 127/8 on a wire, the kernel must. */
function withoutLocalnet(item: Item): Item {
  return item.kind === 'sysctl' && item.path.endsWith('/route_localnet') ? {...item, value: '0'} : item;
}

/** Everything of one sandbox's attachments, on the host and inside, in the order in which it is made. */
export function planSandboxLinks(state: State, sandbox: string, firewall: Firewall): readonly Item[] {
  const attachments = attachmentsIn(state, sandbox);
  return [
    ...planLinks(attachments, state.networks),
    ...firewall.changes({
      ...emptyRuleset,
      networks: guardedLinks(attachments, state.networks),
      ports: publishedPorts(attachments, state.networks),
    }),
  ];
}

function planLinks(attachments: readonly Attachment[], networks: State['networks']): readonly Item[] {
  const targets = targetsOf(attachments, networks);
  const items = attachments.flatMap(attachment => {
    const network = networks.get(attachment.network)!;
    const role: Role = {
      defaultRoutes: ([4, 6] as const).filter(family => isGateway(attachment, {attachments, networks, family})),
      published: targets.has(attachment.id),
    };
    return namedLast(drivers[network.driver]?.planAttachment(network, attachment, role) ?? []);
  });
  return firstRoutes(items);
}

/** Two attachments with routes of their own may both lead out: the earlier does, and the other takes over from it. */
function firstRoutes(items: readonly Item[]): readonly Item[] {
  const seen = new Set<string>();
  return items.filter(item => {
    if (item.kind !== 'route' || item.ns === '') return true;
    const key = itemKey(item);
    return !seen.has(key) && seen.add(key);
  });
}

/**
 * A link in a sandbox gets its altname when all that belongs to it is there, and so tells a later daemon whether this one came
 * to the end: what is inside a sandbox cannot be compared, it is its owner's.
 */
function namedLast(items: readonly Item[]): readonly Item[] {
  const names = items.flatMap(({ns, ...item}): readonly Item[] =>
    item.kind === 'link' && item.altname !== null
      ? [{ns, kind: 'altname', link: item.name, altname: item.altname}]
      : [],
  );
  return [...items.map(item => (item.kind === 'link' ? {...item, altname: null} : item)), ...names];
}

function isGateway(
  attachment: Attachment,
  {attachments, networks, family}: {attachments: readonly Attachment[]; networks: State['networks']; family: Family},
): boolean {
  if (attachment.gatewayPriority !== null) return gatewayOf(attachments, networks, family) === attachment;
  return leaseOf(attachment, family) !== undefined && !networks.get(attachment.network)?.internal;
}

/** Settings of the host that our networks need, and what keeps them from helping others. */
export function planForwarding(state: State, firewall: Firewall): readonly Item[] {
  const {forwarding} = planFirewall({...state, attachments: new Map()});
  return [...Array.from(state.sysctls.values(), sysctlItem), ...firewall.changes({...emptyRuleset, forwarding})];
}

/** Everything wanted in the host's namespace. Without a network, the guard of what we made forward; without that, nothing at all. */
export function planHost(state: State, firewall: Firewall): readonly Item[] {
  const networks = [...state.networks.values()].filter(network => isRealized(network, state));
  if (networks.length === 0 && state.sysctls.size === 0) return [];
  const realized = new Map(networks.map(network => [network.id, network]));
  return [
    ...networks.flatMap(network => planDevice(network, firewall)),
    ...[...bySandbox(state).values()].flatMap(attachments => planLinks(attachments, realized)),
    ...firewall.whole(planFirewall({...state, networks: realized})),
    ...Array.from(state.sysctls.values(), sysctlItem),
  ];
}

export function sysctlItem({path, value}: {readonly path: string; readonly value: string}): Item {
  return {ns: '', kind: 'sysctl', path, value};
}
