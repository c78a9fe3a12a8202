import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {Network} from '../../model/network.ts';
import {linkGroup, plainLink} from './driver.ts';

/** What must be known of the host to choose a parent. */
export interface ParentHost {
  linkNames(): readonly string[];
  hasLinkType(type: 'macvlan' | 'ipvlan' | 'vlan' | 'dummy'): boolean;
}

/** Name of an 802.1Q sub-interface, as Docker reads it: `eth0.50` is VLAN 50 on eth0. */
const subInterface = /^([^/:\s]{1,13})\.(\d{1,4})$/;
const maxNameLength = 15;

/** The link that the attachments of a macvlan or ipvlan network stand on. */
export function parentOf({options, device}: Pick<Network, 'options' | 'device'>): string {
  return options.parent ?? device;
}

/**
 * Decides what a new macvlan or ipvlan network stands on; `device` is then what we make for it. As Docker: without a
 * parent a dummy link, and the network is internal; `eth0.50` is made when it is not there, and left alone when it is.
 * Throws ERR_BAD_REQUEST, ERR_UNSUPPORTED.
 */
export function chooseParent(network: Network, host: ParentHost): Network {
  const {driver} = network;
  if (driver !== 'macvlan' && driver !== 'ipvlan') return network;
  if (!host.hasLinkType(driver)) throw noLinkType(network, driver);
  const {parent} = network.options;
  if (parent === undefined) {
    if (!host.hasLinkType('dummy')) throw noLinkType(network, 'dummy');
    return {...network, device: `dm-${network.id.slice(0, 12)}`, internal: true};
  }
  return {...network, device: makesParent(network, parent, host) ? parent : ''};
}

function makesParent(network: Network, parent: string, host: ParentHost): boolean {
  const refuse = (why: string) =>
    new TnetError('ERR_BAD_REQUEST', `Cannot use parent "${parent}" for network "${network.name}": ${why}`);
  if (parent === 'lo') throw refuse('the loopback link cannot carry a network, choose a real one (ip link)');
  const names = host.linkNames();
  if (names.includes(parent)) return false;
  const vlan = vlanOf(parent);
  if (vlan === null) throw refuse('there is no such link on this host (ip link shows what there is)');
  if (!names.includes(vlan.lower)) throw refuse(`there is no link "${vlan.lower}" to make VLAN ${vlan.vlanId} on`);
  if (!host.hasLinkType('vlan')) throw noLinkType(network, 'vlan');
  return true;
}

/** `{lower: 'eth0', vlanId: 50}` of `eth0.50`; null when the name says no such thing. 0 and 4095 are reserved (802.1Q). */
function vlanOf(name: string): {readonly lower: string; readonly vlanId: number} | null {
  const [, lower, id] = subInterface.exec(name) ?? [];
  const vlanId = Number(id);
  return lower !== undefined && name.length <= maxNameLength && vlanId > 0 && vlanId < 4095 ? {lower, vlanId} : null;
}

/** The parent as far as it is ours. */
export function planParent(network: Network): readonly Item[] {
  const {device: name, id} = network;
  if (name === '') return [];
  const vlan = network.options.parent === undefined ? null : vlanOf(name);
  const link = {...plainLink, ns: '', name, group: linkGroup(network), altname: `tnet-${id.slice(0, 12)}`} as const;
  return [vlan === null ? {...link, type: 'dummy'} : {...link, type: 'vlan', detail: {type: 'vlan', ...vlan}}];
}

/** Two networks on one parent would be one to each other, and macvlan and ipvlan cannot share one at all (EBUSY). */
export function refuseSharedParent(network: Network, others: readonly Network[]): void {
  const parent = parentOf(network);
  const holder = others.find(
    other =>
      other.id !== network.id &&
      (other.driver === 'macvlan' || other.driver === 'ipvlan') &&
      parentOf(other) === parent,
  );
  if (holder === undefined) return;
  throw new TnetError(
    'ERR_CONFLICT',
    `network ${holder.name} is already using parent interface ${parent}: give each network a VLAN of its own, as -o parent=${parent}.10`,
  );
}

function noLinkType({name, options: {parent}}: Network, type: string): TnetError {
  const config = type === 'vlan' ? 'VLAN_8021Q' : type.toUpperCase();
  const why = {dummy: ', which stands in for -o parent=LINK', vlan: `, for -o parent=${parent}`}[type] ?? '';
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot create network "${name}": this kernel has no link type "${type}" (CONFIG_${config})${why}`,
  );
}
