import {TnetError} from '../errors.ts';
import {diff, toWorld} from '../kernel/diff.ts';
import type {Item, Op} from '../kernel/item.ts';
import type {Attachment} from '../model/attachment.ts';
import {prefixContains} from '../model/ip.ts';
import type {Network} from '../model/network.ts';
import type {State} from '../model/state.ts';
import {isAdopted} from './drivers/adopted.ts';
import {vlansOf} from './drivers/bridge-vlan.ts';
import type {Firewall} from './firewall/renderer.ts';
import {type NetworkSeed, type NetworkSpec, planNewNetwork} from './new-network.ts';
import {planNetwork} from './plan.ts';

/** A network as it will be, with other options or subnets. Throws as planNewNetwork, and ERR_NETWORK_IN_USE where its attachments stand in the way. */
export function planAltered(network: Network, spec: NetworkSpec, state: State, seed: NetworkSeed): Network {
  const networks = new Map([...state.networks].filter(([id]) => id !== network.id));
  // Its own addresses are on the host already, and no obstacle.
  const own = new Set<string>(network.subnets.map(({prefix}) => prefix));
  const connected = seed.connected.filter(prefix => !own.has(prefix));
  const planned = planNewNetwork(spec, {...state, networks}, {...seed, id: network.id, connected});
  const next = {...planned, created: network.created, index: network.index};
  refuseStrange(network, next, state);
  return next;
}

/** What stands on a network stays where it is. */
function refuseStrange(network: Network, next: Network, {attachments}: State): void {
  const attached = [...attachments.values()].filter(attachment => attachment.network === network.id);
  if (attached.length === 0) return;
  const change =
    network.driver !== next.driver
      ? `its driver from ${network.driver} to ${next.driver}`
      : network.device !== next.device
        ? `its device from "${network.device}" to "${next.device}"`
        : getsVlans(network, next)
          ? `its bridge "${network.device}" to one with VLANs`
          : strandedBy(next, attached);
  if (change === undefined) return;
  throw new TnetError(
    'ERR_NETWORK_IN_USE',
    `Cannot change network "${network.name}", ${change}: ${attached.length} attached; detach them first`,
  );
}

function strandedBy({subnets}: Network, attached: readonly Attachment[]): string | undefined {
  const addresses = attached.flatMap(({leases}) => leases.map(({address}) => address));
  const lost = addresses.find(address => !subnets.some(({prefix}) => prefixContains(prefix, address)));
  return lost && `its subnets: ${lost} is in none of the new ones`;
}

const isBridge = (item: Item): boolean => item.kind === 'link' && item.type === 'bridge';

const getsVlans = (network: Network, next: Network): boolean => vlansOf(network) === null && vlansOf(next) !== null;

/** What nothing else would take away: repair does not look for the addresses of yesterday. */
export function leftBehind(network: Network, next: Network, firewall: Firewall): readonly Op[] {
  const was = planNetwork(network, firewall);
  const ops = diff(toWorld(was), toWorld(planNetwork(next, firewall)));
  // One that others may share bears no network's name: it is made anew.
  const isOurs = !isAdopted(network) && !vlansOf(next)?.isPlugged;
  const remade = getsVlans(network, next) && isOurs ? was.filter(isBridge) : [];
  const gone = ops.filter(
    // Another program's bridge may have taken the place of ours.
    ({do: verb, item}) =>
      verb === 'del' &&
      (item.kind === 'address' || item.kind === 'port-vlan' || (item.kind === 'link' && !isAdopted(next))),
  );
  return [...gone, ...remade.map((item): Op => ({do: 'del', item}))];
}
