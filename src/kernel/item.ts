import type {Family, Ip, Prefix} from '../model/ip.ts';
import type {Mac} from '../model/mac.ts';
import type {NftElement, NftTable} from './netlink/nftables/types.ts';

/** Path of a pinned network namespace, or '' for the one the daemon was started in. */
export type NamespacePath = string;

export interface NetnsItem {
  readonly kind: 'netns';
}

export interface LinkItem {
  readonly kind: 'link';
  readonly name: string;
  readonly type: 'bridge' | 'veth' | 'loopback';
  readonly up: boolean;
  /** IFLA_GROUP; ours has `linkGroupBase` in its high half. */
  readonly group: number;
  readonly mtu: number | null;
  readonly mac: Mac | null;
  readonly altname: string | null;
  /** Name of the bridge this link is a port of. */
  readonly master: string | null;
  /** Bridge port: frames may leave through the port they came by. */
  readonly hairpin: boolean;
  /** Bridge port: no frames to or from other isolated ports. */
  readonly isolated: boolean;
  /** veth: where the other end is made, in the same request. */
  readonly peer: {
    readonly ns: NamespacePath;
    readonly name: string;
    readonly mac: Mac | null;
    readonly mtu: number | null;
  } | null;
}

export interface AddressItem {
  readonly kind: 'address';
  readonly link: string;
  readonly address: Ip;
  readonly prefixLength: number;
}

export interface RouteItem {
  readonly kind: 'route';
  readonly to: Prefix;
  readonly via: Ip | null;
  readonly link: string | null;
  /** `local`: for this host, in the table `local`, when it comes in by `link`. Left out: unicast, in the table `main`. */
  readonly type?: 'local';
  readonly metric?: number;
}

export interface NeighItem {
  readonly kind: 'neigh';
  readonly link: string;
  readonly address: Ip;
  readonly mac: Mac;
}

export interface SysctlItem {
  readonly kind: 'sysctl';
  /** Below /proc/sys, with slashes: `net/ipv4/conf/docker0/route_localnet`. */
  readonly path: string;
  readonly value: string;
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

/** One thing of the kernel that we want or have read. Operations name things; they never hold an ifindex across calls. */
export type Item = {readonly ns: NamespacePath} & (
  | NetnsItem
  | LinkItem
  | AddressItem
  | RouteItem
  | NeighItem
  | SysctlItem
  | TableItem
  | ElementItem
  | IptablesChainsItem
  | IptablesRuleItem
);

export type Op =
  | {readonly do: 'add' | 'del'; readonly item: Item}
  | {readonly do: 'set'; readonly item: Item; readonly was: Item};
