import type {Op} from '../../kernel/item.ts';
import type {KernelFacts} from '../../kernel/kernel-facts.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {PortMapping} from '../../model/port-mapping.ts';
import type {State} from '../../model/state.ts';

/** Everything the checks look at, read at one moment. */
export interface Facts {
  readonly state: State;
  /** Networks with a bridge of their own, that is on the host now. The others' packets do not pass the host's IP layer. */
  readonly realized: readonly Network[];
  /** What repair would do. */
  readonly drift: readonly Op[];
  readonly kernel: KernelFacts;
  /** Published, and not held by a socket of ours. */
  readonly unheld: readonly {readonly attachment: Attachment; readonly mapping: PortMapping}[];
  /** Paths of sandboxes of ours, as they are on the disk. */
  readonly sandboxes: readonly string[];
  /** Sandboxes of attachments whose path is gone. */
  readonly lostSandboxes: readonly string[];
  /** Names of cgroups below ours: ids of containers. */
  readonly cgroups: readonly string[];
  readonly host: HostFacts;
}

export interface HostFacts {
  /** What containers' resolv.conf is made from. */
  readonly resolvConf: string;
  readonly root: string;
  /** Of the state root's file system. */
  readonly diskBytes: number;
  readonly diskFreeBytes: number;
  /** Why the store cannot be written; null when it can. */
  readonly storeError: string | null;
  readonly cgroups: 'v1' | 'v2' | 'hybrid' | 'none';
}
