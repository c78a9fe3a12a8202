import type {Op} from '../kernel/item.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Ip, Prefix} from '../model/ip.ts';
import type {Network, NetworkDriver} from '../model/network.ts';
import type {PortMapping} from '../model/port-mapping.ts';

export interface NetworkSpec {
  readonly name: string;
  readonly driver: NetworkDriver;
  /** Empty: a subnet is chosen from the default pools. */
  readonly subnets: readonly {readonly prefix: Prefix; readonly gateway: Ip | null; readonly range: Prefix | null}[];
  readonly internal: boolean;
  readonly options: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
}

export interface AttachSpec {
  readonly network: string;
  readonly sandbox: string;
  readonly owner: string;
  readonly ifname: string;
  readonly address: Ip | null;
  readonly ports: readonly PortMapping[];
}

/** Creates and removes networks, attaches and detaches sandboxes; does not know who calls. References are names, ids or unique id prefixes. */
export interface Controller {
  list(): readonly Network[];
  get(ref: string): Network;
  attachmentsOf(filter: {readonly network?: string; readonly owner?: string}): readonly Attachment[];
  create(spec: NetworkSpec): Promise<Network>;
  remove(ref: string): Promise<void>;
  attach(spec: AttachSpec): Promise<Attachment>;
  detach(attachmentId: string): Promise<void>;
  repair(options?: {readonly dryRun?: boolean}): Promise<readonly Op[]>;
  close(): Promise<void>;
}
