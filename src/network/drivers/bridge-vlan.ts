import {createHash} from 'node:crypto';
import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {HostLink} from '../../kernel/kernel.ts';
import {macFromId} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {parseSpan, type Span} from '../../model/span.ts';
import {bridgeAddress, bridgeName, bridgePlugged, bridgeTrunk, bridgeVlan, keepsDefaultVlan} from '../options.ts';
import {isOurGroup, linkGroup, linkGroupBase, plainLink} from './driver.ts';

/**
 * Networks that share a bridge which looks at VLAN tags. Containers have a port in one VLAN (`access`), or in several with tags
 * (`trunk`). The host takes part by a VLAN link on the bridge, as router of that VLAN: that is the network's device; of a trunk it is
 * the bridge itself, untagged.
 */
export interface BridgeVlans {
  readonly bridge: string;
  /** null: a trunk. */
  readonly vlanId: number | null;
  readonly trunk: readonly Span[];
  /** Ports are in VLAN 1 besides, as the kernel makes them. */
  readonly keepsDefault: boolean;
  /** The bridge is another program's: neither made nor deleted. */
  readonly isPlugged: boolean;
}

/** Index of no network: the group of bridges that several have. */
const sharedGroup = linkGroupBase;

const defaultVlan = 1;

/** null for a network whose bridge is its own. */
export function vlansOf({options}: Pick<Network, 'options'>): BridgeVlans | null {
  const [vlan, trunk] = [options[bridgeVlan], options[bridgeTrunk]];
  const bridge = options[bridgeName];
  if ((vlan === undefined && trunk === undefined) || bridge === undefined) return null;
  return {
    bridge,
    vlanId: vlan === undefined ? null : Number(vlan),
    trunk: trunk === undefined ? [] : trunk.split(',').map(parseSpan),
    keepsDefault: options[keepsDefaultVlan] !== 'false',
    isPlugged: options[bridgePlugged] === 'true',
  };
}

/** Name of the link that the host is in the network by. */
export function vlanDevice({bridge, vlanId}: BridgeVlans): string {
  return vlanId === null ? bridge : `${bridge}.${vlanId}`;
}

/** The bridge that the ports of a network are on. */
export function bridgeOf(network: Pick<Network, 'options' | 'device'>): string {
  return vlansOf(network)?.bridge ?? network.device;
}

/** Throws ERR_CONFLICT: VLANs share a bridge among themselves, and each device is one network's. */
export function refuseSharedBridge(network: Network, others: readonly Network[]): void {
  const conflict = (name: string, holder: string, why = ''): TnetError =>
    new TnetError('ERR_CONFLICT', `bridge name "${name}" is already used by network "${holder}"${why}`);
  for (const other of others) {
    if (other.device === network.device) throw conflict(network.device, other.name);
    const isMixed = (vlansOf(other) === null) !== (vlansOf(network) === null);
    if (isMixed && bridgeOf(other) === bridgeOf(network))
      throw conflict(bridgeOf(network), other.name, ', and only one of the two has VLANs: give them a bridge each');
  }
}

/** Decides whether the bridge is one that is there. Throws ERR_CONFLICT where it cannot serve. */
export function plugInto(network: Network, link: HostLink | undefined): Network {
  if (link === undefined || isOurGroup(link.group)) return network;
  const refuse = (why: string) => new TnetError('ERR_CONFLICT', `"${link.name}" already exists but ${why}`);
  if (link.kind !== 'bridge') throw refuse('is not a bridge');
  if (!link.filtersVlans) throw refuse('looks at no VLAN tags (ip link set NAME type bridge vlan_filtering 1)');
  if (vlansOf(network)?.vlanId === null && network.options[bridgeAddress] !== 'false')
    throw refuse("is another program's: a trunk's gateway would be on it untagged, make it there");
  return {...network, options: {...network.options, [bridgePlugged]: 'true'}};
}

/** What the host is in it by, and the bridge, unless it is another program's. */
export function planVlanDevice(network: Network, vlans: BridgeVlans): readonly Item[] {
  const {bridge, vlanId, isPlugged} = vlans;
  const shared: Item = {
    ...plainLink,
    ns: '',
    name: bridge,
    type: 'bridge',
    group: sharedGroup,
    // One that all its networks agree on.
    mac: macFromId(createHash('sha256').update(bridge).digest('hex')),
    filtersVlans: true,
  };
  const made = isPlugged ? [] : [shared];
  if (vlanId === null) return made;
  return [
    ...made,
    {ns: '', kind: 'port-vlan', link: bridge, first: vlanId, last: vlanId, membership: 'tagged', self: true},
    {
      ...plainLink,
      ns: '',
      name: network.device,
      type: 'vlan',
      group: linkGroup(network),
      // The bridge's, which follows its ports.
      mtu: null,
      altname: `tnet-${network.id.slice(0, 12)}`,
      detail: {type: 'vlan', lower: bridge, vlanId},
    },
  ];
}

/** How the end of a container's link on the host is in them. */
export function planPortVlans(link: string, {vlanId, trunk, keepsDefault}: BridgeVlans): readonly Item[] {
  const port = {ns: '', kind: 'port-vlan', link, self: false} as const;
  const spans = vlanId === null ? trunk : [{first: vlanId, last: vlanId}];
  const has = (id: number): boolean => spans.some(({first, last}) => first <= id && id <= last);
  const without = keepsDefault || has(defaultVlan) ? [] : [{first: defaultVlan, last: defaultVlan}];
  const membership = vlanId === null ? 'tagged' : 'access';
  return [
    ...without.map((span): Item => ({...port, ...span, membership: 'none'})),
    ...spans.map((span): Item => ({...port, ...span, membership})),
  ];
}
