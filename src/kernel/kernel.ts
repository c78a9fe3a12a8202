import type {Family, Prefix} from '../model/ip.ts';
import type {SysctlChange} from '../model/state.ts';
import type {World} from './diff.ts';
import type {Item, LinkHome, NamespacePath, Op} from './item.ts';
import type {QueuedLinkStats} from './link-stats.ts';
import type {PortRange} from './netlink/flush-ports.ts';
import type {LowerLink, OtherLink} from './netlink/link-kinds.ts';
import type {NftElement} from './netlink/nftables/types.ts';
import type {IptablesReading} from './read-iptables.ts';
import type {SandboxView} from './read-sandbox.ts';

/** `undo` takes everything back and throws the cause; `continue` does all it can and throws what failed. */
export type OnError = 'undo' | 'continue';

export interface HostLink extends LinkHome {
  readonly name: string;
  /** `bridge`, `veth` …; null for lo and real devices. */
  readonly kind: string | null;
  /** IFLA_GROUP. */
  readonly group: number;
  /** Name of the bridge that it is a port of. */
  readonly master: string | null;
  /** A bridge that looks at VLAN tags. */
  readonly filtersVlans: boolean;
}

/** The kernel as the rooms above see it: read, execute, and the few questions and effects that are no items. */
export interface Kernel {
  /** The present version of everything in `want`, and every link and nft element of ours that is not in it. */
  read(want: Iterable<Item>): World;
  /** The present version of everything in `want`, and nothing else. */
  find(want: readonly Item[]): World;
  /** All that is ours in iptables, and whom it lets through. Apart from `read` because it asks a program, where iptables is in use. */
  readIptables(): Promise<IptablesReading>;
  execute(ops: readonly Op[], onError: OnError): Promise<void>;
  /** Links, addresses and routes inside a sandbox. */
  readSandbox(ns: NamespacePath): World;
  viewSandbox(ns: NamespacePath): SandboxView;
  /** Whether a sandbox is there, and still the one that is meant. */
  hasNamespace(ns: NamespacePath): boolean;
  /** Resolves when the link can carry frames: a bridge port forwards only after the carrier event, ~1 ms after its creation. */
  awaitCarrier(link: string): Promise<void>;
  /** Resolves when no address of a sandbox's link is tentative any more. Throws ERR_ADDRESS_IN_USE when somebody has answered for one. */
  awaitUnique(ns: NamespacePath, link: string): Promise<void>;
  /** What must be set so that packets of a family that come in by the host's links, or by `bridges`, are forwarded; empty when they are. */
  forwardingChanges(family: Family, bridges: readonly string[]): readonly SysctlChange[];
  /** With their permanent addresses of global scope. */
  hostLinks(): readonly HostLink[];
  /** Of every link of the host, loopback and ours included. */
  linkNames(): readonly string[];
  /** Whether this kernel can make such links; it may load a module to answer. */
  hasLinkType(type: LowerLink['kind'] | OtherLink['kind']): boolean;
  /** Prefixes of the host's on-link routes, without ours. */
  connectedPrefixes(): readonly Prefix[];
  /** MTU in bytes of the link of the host's default route, IPv4 before IPv6; null without one. */
  defaultMtu(): number | null;
  /** Forgets the connections to host ports, so that their next owners do not inherit them. */
  flushPorts(ranges: readonly PortRange[]): void;
  /** Counters of host links, by name; what is not there is left out. */
  linkStats(names: Iterable<string>): ReadonlyMap<string, QueuedLinkStats>;
  /** Elements of the counting sets of our table, with their counters. */
  counters(): readonly NftElement[];
  /** Calls back when one of these nft tables (`tnet`, `ip filter`) was touched by somebody else, or a host address came or went. */
  watch(tables: readonly string[], onChange: () => void): () => void;
  close(): void;
}
