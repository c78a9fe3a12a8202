import type {Family, Prefix} from '../model/ip.ts';
import type {SysctlChange} from '../model/state.ts';
import type {World} from './diff.ts';
import type {Item, Op} from './item.ts';
import type {PortRange} from './netlink/flush-ports.ts';

/** `undo` takes everything back and throws the cause; `continue` does all it can and throws what failed. */
export type OnError = 'undo' | 'continue';

/** The kernel as the rooms above see it: read, execute, and the few questions and effects that are no items. */
export interface Kernel {
  /** The present version of everything in `want`, and every link and nft element of ours that is not in it. */
  read(want: Iterable<Item>): World;
  execute(ops: readonly Op[], onError: OnError): Promise<void>;
  /** Resolves when the link can carry frames: a bridge port forwards only after the carrier event, ~1 ms after its creation. */
  awaitCarrier(link: string): Promise<void>;
  /** What must be set so that packets of a family that come in by the host's links, or by `bridges`, are forwarded; empty when they are. */
  forwardingChanges(family: Family, bridges: readonly string[]): readonly SysctlChange[];
  /** Prefixes of the host's on-link routes, without ours. */
  connectedPrefixes(): readonly Prefix[];
  /** MTU in bytes of the link of the host's default route, IPv4 before IPv6; null without one. */
  defaultMtu(): number | null;
  /** Forgets the connections to host ports, so that their next owners do not inherit them. */
  flushPorts(ranges: readonly PortRange[]): void;
  /** Calls back when our nft table was touched by somebody else, or a host address came or went. */
  watch(onChange: () => void): () => void;
  close(): void;
}
