import type {Ip, Prefix} from '../../model/ip.ts';
import type {Impairment} from '../impair/impairment.ts';

/** What a topology file means: every node by name, every interface with its address. */
export interface Topology {
  readonly name: string;
  readonly networks: readonly TopologyNetwork[];
  /** `host`, the lab's own namespace, is not among them unless the file says something of it. */
  readonly nodes: readonly TopologyNode[];
  readonly links: readonly TopologyLink[];
}

export interface TopologyNetwork {
  readonly name: string;
  readonly bridge: string;
  readonly subnet: Prefix | null;
  /** The subnet is not the file's. */
  readonly automatic?: true;
  /** `host`, a node, or nobody. */
  readonly gateway: {readonly node: string; readonly address: Ip} | null;
  /** Bytes; null: the kernel's 1500. */
  readonly mtu: number | null;
}

export interface TopologyNode {
  readonly name: string;
  readonly router: boolean;
  readonly interfaces: readonly TopologyInterface[];
  readonly routes: readonly TopologyRoute[];
  /** By path below /proc/sys. */
  readonly sysctls: readonly {readonly path: string; readonly value: string}[];
  readonly up: boolean;
  /** Of the container that the node is. */
  readonly image?: string;
  /** Shell commands, started in this order, in the background; a container's one, in its image's place. */
  readonly run: readonly string[];
}

/** A node's port of a network. */
export interface TopologyInterface {
  readonly name: string;
  readonly network: string;
  readonly address: InterfaceAddress | null;
  /** The address is not the file's. */
  readonly automatic?: true;
  readonly mtu: number | null;
  /** Of what the node sends by it, and of what it gets. */
  readonly impair?: {readonly out: Impairment; readonly in: Impairment};
}

export interface InterfaceAddress {
  readonly address: Ip;
  readonly prefixLength: number;
}

export interface TopologyRoute {
  readonly to: Prefix;
  readonly via: Ip | null;
  readonly link: string | null;
  readonly metric: number | null;
}

/** A cable between two nodes. */
export interface TopologyLink {
  readonly ends: readonly [TopologyEnd, TopologyEnd];
  readonly mtu: number | null;
}

export interface TopologyEnd {
  readonly node: string;
  readonly name: string;
  readonly address: InterfaceAddress | null;
  /** Of what leaves by this end. */
  readonly impair?: Impairment;
}

/** The lab's own network namespace, in which the bridges are. */
export const hostNode = 'host';
