import {itemKey} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import {formatPrefix, ipFamily, type Prefix} from '../model/ip.ts';
import type {Network} from '../model/network.ts';
import type {State, SysctlChange} from '../model/state.ts';
import {isAdopted, replaceOps} from './drivers/adopted.ts';
import {deviceSysctls, routesLoopback} from './drivers/bridge.ts';
import {bridgeOf, vlansOf} from './drivers/bridge-vlan.ts';
import {withoutDevices} from './foreign.ts';
import {homesOf} from './foreign-homes.ts';
import type {NetworkSpec} from './new-network.ts';
import {bridgeAdopts, bridgeName} from './options.ts';
import {settingBack, settingsOf} from './settings-of.ts';

/** Without the prefixes of the bridge that a network will stand on, if it is there: its own are in nobody's way. */
export function connectedBeside(
  {driver, options}: NetworkSpec,
  kernel: Pick<Kernel, 'connectedPrefixes' | 'hostLinks'>,
) {
  const connected = kernel.connectedPrefixes();
  if (driver !== 'bridge' || options[bridgeAdopts] === undefined) return connected;
  const link = kernel.hostLinks().find(({name}) => name === options[bridgeName]);
  const own = new Set<Prefix>(link?.addresses.map(({address, prefixLength}) => formatPrefix(address, prefixLength)));
  return connected.filter(prefix => !own.has(prefix));
}

/** What must be set on a bridge that we only use, and what it was. */
export function adoptedChanges(networks: readonly Network[], kernel: Pick<Kernel, 'find'>): readonly SysctlChange[] {
  const wanted = [
    ...networks
      .filter(isAdopted)
      .flatMap(network => network.subnets.flatMap(({prefix}) => deviceSysctls(network, ipFamily(prefix)))),
    ...networks
      .flatMap(homesOf)
      .flatMap(({device, prefix}) => (ipFamily(prefix) === 4 ? [routesLoopback(device)] : [])),
  ];
  if (wanted.length === 0) return [];
  const actual = kernel.find(wanted);
  return wanted.flatMap(item => {
    const was = actual.get(itemKey(item));
    return was?.kind !== 'sysctl' || was.value === item.value
      ? []
      : [{path: item.path, value: item.value, was: was.value}];
  });
}

/** A bridge that we only used, as it was: its settings, and the addresses that ours took the place of. */
export function leaveAdopted(
  network: Network,
  state: State,
  kernel: Pick<Kernel, 'linkNames' | 'find'>,
): readonly Op[] {
  const links = new Set(kernel.linkNames());
  const settings = usedAlone(network, state)
    .filter(device => links.has(device))
    .flatMap(device => settingsOf(device, state))
    .map(path => settingBack(state.sysctls.get(path)!));
  const addresses = links.has(network.device) ? missing(replaceOps(network, 'leave'), kernel) : [];
  return [...settings, ...addresses];
}

/** Paths of the settings that a network takes along when it goes. */
export function settingsWith(network: Network, state: State): readonly string[] {
  return [network.device, ...usedAlone(network, state)].flatMap(device => settingsOf(device, state));
}

/** Bridges of other programs' that this network uses, and no other: nor it itself, as it has become. */
function usedAlone(network: Network, {networks}: State): readonly string[] {
  const used = (each: Network): readonly string[] =>
    isAdopted(each) ? [each.device] : homesOf(each).map(({device}) => device);
  const others = new Set([...networks.values()].filter(other => other !== network).flatMap(used));
  return [...new Set(used(network))].filter(device => !others.has(device));
}

/** What must go from it for our addresses. */
export function takeAdopted(network: Network, kernel: Pick<Kernel, 'find'>): readonly Op[] {
  const ops = replaceOps(network, 'take');
  const actual = kernel.find(ops.map(({item}) => item));
  return ops.filter(({item}) => actual.has(itemKey(item)));
}

function missing(ops: readonly Op[], kernel: Pick<Kernel, 'find'>): readonly Op[] {
  const actual = kernel.find(ops.map(({item}): Item => item));
  return ops.filter(({item}) => !actual.has(itemKey(item)));
}

/** Without the networks whose bridge its owner has deleted: it is not ours to make again. */
export function withoutLostBridges(state: State, kernel: Pick<Kernel, 'linkNames'>): State {
  const adopted = [...state.networks.values()].filter(each => isAdopted(each) || vlansOf(each)?.isPlugged);
  if (adopted.length === 0) return state;
  const links = new Set(kernel.linkNames());
  const lost = new Set(adopted.filter(network => !links.has(bridgeOf(network))).map(({device}) => device));
  return lost.size === 0 ? state : withoutDevices(state, lost);
}
