import type {AddressInfo} from '../../kernel/netlink/address.ts';
import type {ConntrackInfo} from '../../kernel/netlink/conntrack.ts';
import type {LinkInfo} from '../../kernel/netlink/link.ts';
import type {NeighInfo} from '../../kernel/netlink/neigh.ts';
import type {RouteInfo} from '../../kernel/netlink/route.ts';
import type {WaitingSocket} from '../../kernel/netlink/sock-diag.ts';
import type {RouteFact} from '../../kernel/trace/facts.ts';
import type {Answer} from '../../kernel/trace/probe.ts';
import type {Ip} from '../../model/ip.ts';

/**
 * What checks can see and try in a lab; a node is any network namespace in its /run/netns, `host`, or that of a container that
 * runs, `container:NAME`. Everything but `exists` throws NoNodeError where the node is missing.
 */
export interface Eyes {
  /** As it was when the check run began. */
  readonly daemon: DaemonView;
  exists(node: string): boolean;
  /** Of the topology, and `host`. */
  readonly nodes: readonly string[];
  /** `device:inode` of its network namespace. */
  identity(node: string): string;
  links(node: string): readonly LinkInfo[];
  addresses(node: string): readonly AddressInfo[];
  /** The entry of the table that a packet sent from the node would take. */
  lookUp(node: string, to: Ip, from?: Ip): RouteFact;
  routes(node: string): readonly RouteInfo[];
  neighs(node: string): readonly NeighInfo[];
  forwarding(node: string): readonly ForwardingEntry[];
  listening(node: string, proto: 'tcp' | 'udp'): readonly WaitingSocket[];
  /** Below /proc/sys; null where there is no such setting. */
  sysctl(node: string, path: string): string | null;
  rules(node: string): readonly RuleView[];
  connections(node: string): readonly ConntrackInfo[];
  /** `Ip.InReceives`, `IcmpMsg.InType3` …: /proc/net/snmp and netstat. */
  snmp(node: string): ReadonlyMap<string, number>;
  /** Names of the programs that run in the node's network namespace. */
  processes(node: string): readonly string[];
  probe(from: string, probe: ProbeWish): Promise<Answer>;
  http(from: string, request: HttpWish): Promise<HttpView>;
  dns(from: string, question: DnsWish): Promise<DnsView>;
  /** Bits a second of a TCP connection; null when next to nothing arrived. */
  bandwidth(wish: BandwidthWish): Promise<number | null>;
  /** Packets that pass an interface while `job` runs, by a filter of pcap-filter(7). */
  count(
    tap: {readonly node: string; readonly dev: string; readonly filter: string},
    job: () => Promise<unknown>,
  ): Promise<number>;
  run(node: string, script: string, timeoutMs: number): Promise<{readonly code: number; readonly output: string}>;
  /** What a node looked like when the exercise began; null: nobody looked. */
  atStart(node: string, what: Aspect): readonly string[] | null;
  /** What the learner answered to a question; null: nothing yet. */
  answer(id: string): string | null;
}

/** What `unchanged` can compare. */
export const aspects = ['links', 'addresses', 'routes', 'nft'] as const;
export type Aspect = (typeof aspects)[number];

/** What the lab's own daemon manages, by name. */
export interface DaemonView {
  readonly containers: ReadonlyMap<string, ContainerView>;
  readonly networks: ReadonlyMap<string, NetworkView>;
}

export interface ContainerView {
  readonly name: string;
  readonly running: boolean;
  /** In the lab's PID namespace; 0 when it does not run. */
  readonly pid: number;
  /** Networks' names with the container's IPv4 address there; '' where it has none. */
  readonly networks: ReadonlyMap<string, string>;
  /** Ports of the host that lead to it. */
  readonly published: readonly number[];
}

export interface NetworkView {
  readonly name: string;
  readonly driver: string;
  readonly internal: boolean;
  readonly subnets: readonly string[];
}

export interface ProbeWish {
  readonly proto: 'icmp' | 'tcp' | 'udp';
  readonly to: Ip;
  readonly port: number;
  readonly size?: number;
  /** Never cut, not by the sender either. */
  readonly whole?: true;
  readonly timeoutMs: number;
}

export interface HttpWish {
  readonly to: Ip;
  readonly port: number;
  readonly path: string;
  readonly timeoutMs: number;
}

export interface BandwidthWish {
  readonly from: string;
  readonly to: string;
  /** Of the receiver. */
  readonly address: Ip;
  readonly durationMs: number;
}

export type HttpView = {readonly status: number; readonly body: string} | {readonly error: string};

export interface DnsWish {
  readonly server: Ip;
  readonly name: string;
  readonly type: 'A' | 'AAAA' | 'PTR';
  readonly over: 'udp' | 'tcp';
  readonly timeoutMs: number;
}

export type DnsView = {readonly rcode: string; readonly answers: readonly string[]} | {readonly error: string};

/** An entry of a bridge's or of a vxlan link's forwarding database. */
export interface ForwardingEntry {
  readonly link: string;
  readonly mac: string;
  readonly to: Ip | null;
}

export interface RuleView {
  readonly family: string;
  readonly table: string;
  readonly chain: string;
  /** `input`, `forward` …; null for a chain that is only jumped to. */
  readonly hook: string | null;
  /** In the words of nft(8). */
  readonly text: string;
}

export class NoNodeError extends Error {
  override readonly name = 'NoNodeError';
  readonly node: string;

  constructor(node: string) {
    super(`there is no ${called(node)}`);
    this.node = node;
  }
}

/** In the learner's words: `network namespace "box"`, `running container "web"`. */
export function called(node: string): string {
  const [, container] = /^container:(.*)$/.exec(node) ?? [];
  return container === undefined ? `network namespace "${node}"` : `running container "${container}"`;
}
