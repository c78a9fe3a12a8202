import type {Ip} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {ConntrackInfo} from '../netlink/conntrack.ts';
import type {LinkInfo} from '../netlink/link.ts';
import type {RouteInfo} from '../netlink/route.ts';
import type {WaitingSocket} from '../netlink/sock-diag.ts';
import type {ChainRun} from './chain-run.ts';
import type {SkbPath, VethPair} from './follow-skb.ts';
import type {Answer} from './probe.ts';
import type {SocketOwner} from './socket-owner.ts';

export type TraceProto = 'tcp' | 'udp' | 'icmp';

export interface TraceSpec {
  readonly from: NamespacePath;
  readonly proto: TraceProto;
  readonly to: Ip;
  /** Null for icmp. */
  readonly port: number | null;
  /** Of all sandboxes, so that a packet can be followed into them. */
  readonly veths: readonly VethPair[];
  /** Rules are watched there too: routers between source and destination. */
  readonly between?: readonly NamespacePath[];
  readonly homes: readonly {readonly address: Ip; readonly ns: NamespacePath}[];
  /** Where the packet should end, if that is in a sandbox: rules are watched there too. */
  readonly expected: {readonly ns: NamespacePath; readonly address: Ip; readonly port: number | null} | null;
  /** `follow` sends nothing, and takes the first packet from one of `sources` (empty: any). */
  readonly mode:
    | {readonly kind: 'probe'; readonly timeoutMs: number}
    | {readonly kind: 'follow'; readonly timeoutMs: number; readonly sources: readonly Ip[]};
}

/** What the routing of a namespace answers. */
export interface RouteFact {
  readonly ns: NamespacePath;
  readonly to: Ip;
  readonly route: RouteInfo | null;
  /** `ENETUNREACH`, when there is none. */
  readonly error: string | null;
}

export interface TakingSocket extends WaitingSocket {
  /** False: it waits at that port on another address, 127.0.0.1 say. */
  readonly takes: boolean;
  readonly owners: readonly SocketOwner[];
}

export interface DirectedRun {
  readonly ns: NamespacePath;
  readonly direction: 'out' | 'back';
  readonly run: ChainRun;
}

/** Everything that was seen of one packet, and asked about its way afterwards. */
export interface TraceFacts {
  readonly spec: TraceSpec;
  /** Source address as sent; null when there was no route. */
  readonly source: Ip | null;
  /** Source port, or identifier of the echo. */
  readonly id: number;
  readonly answer: Answer;
  /** In the order of the way, first the packet's, then the answer's; ours that only trace are left out. */
  readonly runs: readonly DirectedRun[];
  readonly path: SkbPath | null;
  readonly reply: SkbPath | null;
  /** Why there is no path: tracefs cannot be had. */
  readonly recordingProblem: string | null;
  readonly links: ReadonlyMap<NamespacePath, readonly LinkInfo[]>;
  readonly routes: {
    readonly source: RouteFact;
    /** Of the host, for what it forwards. */
    readonly forward: RouteFact | null;
    /** From the host to the source: what the reverse path filter looks at. */
    readonly back: RouteFact | null;
    /** Of the receiver, for its answer. */
    readonly answer?: RouteFact | null;
  };
  /** The host's connection tracking, with what was translated. */
  readonly flow: ConntrackInfo | null;
  /** Whom it is for after all translations; `ns` null: not on this machine. */
  readonly arrival: {readonly ns: NamespacePath | null; readonly address: Ip; readonly port: number | null};
  /** Who waits there at that port, those first that take the packet. */
  readonly sockets: readonly TakingSocket[];
}
