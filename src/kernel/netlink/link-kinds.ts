import type {Ip} from '../../model/ip.ts';
import type {LinkMessage} from './link-message.ts';

/** IFLA_MACVLAN_MODE, include/uapi/linux/if_link.h. `vepa`: everything goes out to the switch, which sends it back. */
export const macvlanModes = {private: 1, vepa: 2, bridge: 4, passthru: 8} as const;
export type MacvlanMode = keyof typeof macvlanModes;

/** IFLA_IPVLAN_MODE and IFLA_IPVLAN_FLAGS. */
export const ipvlanModes = {l2: 0, l3: 1, l3s: 2} as const;
export type IpvlanMode = keyof typeof ipvlanModes;
export const ipvlanFlags = {bridge: 0, private: 1, vepa: 2} as const;
export type IpvlanFlag = keyof typeof ipvlanFlags;

/** Links that stand on another one: `lower` is its ifindex, in the namespace of the socket that asks. */
export type LowerLink =
  | {readonly kind: 'macvlan'; readonly lower: number; readonly mode: MacvlanMode}
  | {readonly kind: 'ipvlan'; readonly lower: number; readonly mode: IpvlanMode; readonly flag: IpvlanFlag}
  | {readonly kind: 'vlan'; readonly lower: number; readonly vlanId: number};

export interface VxlanSettings {
  readonly vni: number;
  /** Source of outer packets; it decides the outer family, IPv4 when null. */
  readonly local: Ip | null;
  /** UDP; 4789 is IANA's, the kernel's own default is not. */
  readonly port: number;
  /** Remembers which peer a MAC was seen from; without it every frame goes to every peer. */
  readonly learning: boolean;
}

export type OtherLink = {readonly kind: 'dummy' | 'ifb'} | {readonly kind: 'vxlan'; readonly vxlan: VxlanSettings};

type KindData = NonNullable<LinkMessage['attributes']['linkInfo']>['data'];

/** IFLA_INFO_DATA in the order in which iproute2 writes it. */
export function kindDataOf(link: LowerLink | OtherLink): KindData {
  switch (link.kind) {
    case 'macvlan':
      return {mode: macvlanModes[link.mode]};
    case 'ipvlan':
      return {mode: ipvlanModes[link.mode], flags: ipvlanFlags[link.flag]};
    case 'vlan':
      return {id: link.vlanId};
    case 'vxlan':
      return vxlanData(link.vxlan);
    case 'dummy':
      return undefined;
  }
}

function vxlanData({vni, local, port, learning}: VxlanSettings): KindData {
  const source = local === null ? {} : local.includes(':') ? {local6: local} : {local};
  return {id: vni, ...source, learning: learning ? 1 : 0, port};
}
