import type {IdMaps} from '../model/id-map.ts';
import type {Family, Ip, Prefix} from '../model/ip.ts';
import type {Mac} from '../model/mac.ts';
import type {VlanMembership} from './netlink/bridge-vlan.ts';
import type {IpvlanFlag, IpvlanMode, MacvlanMode, VxlanSettings} from './netlink/link-kinds.ts';
import type {NftElement, NftTable} from './netlink/nftables/types.ts';

/** Path of a pinned network namespace, or '' for the one the daemon was started in. */
export type NamespacePath = string;

export interface NetnsItem {
  readonly kind: 'netns';
  /** The one of another runtime that is held; left out, a new one. */
  readonly of?: NamespacePath;
  /** Owned by a new user namespace with these maps; without, by ours. */
  readonly ids?: IdMaps;
}

export interface LinkItem {
  readonly kind: 'link';
  readonly name: string;
  readonly type: 'bridge' | 'veth' | 'ifb' | 'loopback' | 'dummy' | LinkDetail['type'];
  readonly up: boolean;
  /** IFLA_GROUP; ours has `linkGroupBase` in its high half. */
  readonly group: number;
  readonly mtu: number | null;
  readonly mac: Mac | null;
  readonly altname: string | null;
  /** Name of the bridge this link is a port of. */
  readonly master: string | null;
  /** The bridge is another program's: it has not our group. */
  readonly foreignMaster?: true;
  /** Bridge port: frames may leave through the port they came by. */
  readonly hairpin: boolean;
  /** Bridge port: no frames to or from other isolated ports. */
  readonly isolated: boolean;
  /** veth: where the other end is made, in the same request; '' leaves it on the host, down, for another runtime to take. */
  readonly peer: {
    readonly ns: NamespacePath;
    readonly name: string;
    readonly mac: Mac | null;
    readonly mtu: number | null;
    /** Stays down, for its owner to bring up. */
    readonly down?: true;
  } | null;
  /** Bridge port: ARP for the bridge's own addresses does not leave by it. */
  readonly neighSuppress?: boolean;
  /** Bridge port, veth: frames from another MAC than its peer's are dropped. */
  readonly locked?: boolean;
  /** Left out: as somebody has set it. */
  readonly promiscuous?: boolean;
  /** A bridge that looks at VLAN tags; left out: as somebody has set it. */
  readonly filtersVlans?: boolean;
  /** Of the types that have one, and of those only. */
  readonly detail?: LinkDetail;
}

/**
 * What a link is made with and never changed in: a link that is there is not compared in it. `lower` is a link of the
 * host's namespace, wherever the link itself is.
 */
export type LinkDetail =
  | {readonly type: 'macvlan'; readonly lower: string; readonly mode: MacvlanMode}
  | {readonly type: 'ipvlan'; readonly lower: string; readonly mode: IpvlanMode; readonly flag: IpvlanFlag}
  | {readonly type: 'vlan'; readonly lower: string; readonly vlanId: number}
  | TapDetail
  | ({readonly type: 'vxlan'} & VxlanSettings);

/** Stands on nothing: a program in its namespace is the other end, of one that is this user's or group's (null: anybody's). */
export interface TapDetail {
  readonly type: 'tun';
  /** Several files may have it open at once. */
  readonly multiQueue: boolean;
  readonly owner: number | null;
  readonly group: number | null;
}

/** A link of the host's that is lent to a sandbox: it has another name there, and its own again when it comes back. */
export interface LentItem {
  readonly kind: 'lent';
  /** In the sandbox. */
  readonly link: string;
  readonly hostName: string;
  /** By which it is found again, whatever it is called then. */
  readonly altname: string;
  /** What it is again when it comes back, whatever was done to it; left out, it comes back down. */
  readonly home?: LinkHome;
}

export interface LinkHome {
  readonly up: boolean;
  /** Bytes. */
  readonly mtu: number;
  readonly mac: Mac | null;
  readonly addresses: readonly {readonly address: Ip; readonly prefixLength: number}[];
  /** Those by it that others have made, of whatever table; left out, they are not known. */
  readonly routes?: readonly HomeRoute[];
}

export interface HomeRoute extends Pick<RouteItem, 'to' | 'via' | 'metric'> {
  readonly table: number;
  readonly protocol: number;
}

/** The name that a link gets last: one without it was cut off while it was made. */
export interface AltnameItem {
  readonly kind: 'altname';
  readonly link: string;
  readonly altname: string;
}

export interface AddressItem {
  readonly kind: 'address';
  readonly link: string;
  readonly address: Ip;
  readonly prefixLength: number;
  /** The kernel makes no route to the others of its prefix. Only said when it is added. */
  readonly noPrefixRoute?: true;
  /** IPv6: not before nobody else on the link has answered for it. Only said when it is added. */
  readonly dad?: true;
}

export interface RouteItem {
  readonly kind: 'route';
  readonly to: Prefix;
  readonly via: Ip | null;
  readonly link: string | null;
  /** `local`: for this host, in the table `local`, when it comes in by `link`. Left out: unicast, in the table `main`. */
  readonly type?: 'local';
  readonly metric?: number;
  /** Left out: `main`, or `local` for those of that type. */
  readonly table?: number;
  /** RTPROT_*, who made it; left out: we. */
  readonly protocol?: number;
}

/** What comes from `from` looks in `table`, before it looks in `main`. */
export interface RuleItem {
  readonly kind: 'rule';
  readonly from: Prefix;
  readonly table: number;
}

export interface NeighItem {
  readonly kind: 'neigh';
  readonly link: string;
  readonly address: Ip;
  readonly mac: Mac;
}

/** A token bucket at the root of a link: limits what leaves by it. */
export interface TbfItem {
  readonly kind: 'qdisc';
  readonly type: 'tbf';
  readonly link: string;
  readonly rateBitsPerS: number;
  readonly burstBytes: number;
  readonly limitBytes: number;
}

/** Where a link's incoming packets can be filtered. */
export interface IngressItem {
  readonly kind: 'qdisc';
  readonly type: 'ingress';
  readonly link: string;
}

/** Sends everything that comes in by `link` through the egress queue of another link first. Ours is the only one of a link. */
export interface FilterItem {
  readonly kind: 'filter';
  readonly link: string;
  /** '' when the link it led to is gone: the kernel then drops everything. */
  readonly redirectTo: string;
}

/** A peer of a vxlan link: frames for `mac` are sent to `to`, those for nobody else when it is 00:00:00:00:00:00. */
export interface FdbItem {
  readonly kind: 'fdb';
  readonly link: string;
  readonly mac: Mac;
  readonly to: Ip;
}

export interface SysctlItem {
  readonly kind: 'sysctl';
  /** Below /proc/sys, with slashes: `net/ipv4/conf/docker0/route_localnet`. */
  readonly path: string;
  readonly value: string;
}

/** What a link that is there is set to; null and what is left out stay as they are. Taken back with the link alone. */
export interface SettingsItem {
  readonly kind: 'settings';
  readonly link: string;
  readonly mtu: number | null;
  readonly mac: Mac | null;
  readonly promiscuous: boolean | null;
  readonly allMulticast: boolean | null;
  /** Packets. */
  readonly txQueueLength: number | null;
}

/** The nft table `inet tnet`: everything but the elements of its sets, recognised by a fingerprint in its comment. */
export interface TableItem {
  readonly kind: 'table';
  readonly table: NftTable;
}

/** One element of a set or map of our table. */
export interface ElementItem extends NftElement {
  readonly kind: 'element';
}

export type IptablesTable = 'raw' | 'nat' | 'filter';

/** The frame of one table of iptables: our chains and the rules that never vary, recognised by a fingerprint in their comments. */
export interface IptablesChainsItem {
  readonly kind: 'iptables-chains';
  readonly family: Family;
  readonly table: IptablesTable;
  /** Others may have made them before, and keep rules in them. */
  readonly chains: readonly string[];
  /** At the head of their chains, in this order. */
  readonly rules: readonly {readonly chain: string; readonly spec: string}[];
  readonly fingerprint: string;
}

/** One rule of iptables. Its comment holds `key`, a hash of its text: rules are told apart by keys, never by expressions. */
export interface IptablesRuleItem {
  readonly kind: 'iptables-rule';
  readonly family: Family;
  readonly table: IptablesTable;
  readonly chain: string;
  readonly key: string;
  /** What follows `-A CHAIN`. */
  readonly spec: string;
  /** Goes to the head of its chain; otherwise to the end. */
  readonly head?: boolean;
}

/** How a bridge port, or the bridge itself, takes part in some VLANs. */
export interface PortVlanItem {
  readonly kind: 'port-vlan';
  readonly link: string;
  readonly first: number;
  readonly last: number;
  /** `none` where the kernel would have made it a member: each new port is one of VLAN 1. */
  readonly membership: VlanMembership;
  /** The link is the bridge itself. */
  readonly self: boolean;
}

/** One thing of the kernel that we want or have read. Operations name things; they never hold an ifindex across calls. */
export type Item = {readonly ns: NamespacePath} & (
  | NetnsItem
  | LinkItem
  | AltnameItem
  | LentItem
  | AddressItem
  | RouteItem
  | RuleItem
  | NeighItem
  | TbfItem
  | IngressItem
  | FilterItem
  | FdbItem
  | PortVlanItem
  | SysctlItem
  | SettingsItem
  | TableItem
  | ElementItem
  | IptablesChainsItem
  | IptablesRuleItem
);

export type Op =
  | {readonly do: 'add' | 'del'; readonly item: Item}
  | {readonly do: 'set'; readonly item: Item; readonly was: Item};
