import type {Ip} from './ip.ts';
import type {Mac} from './mac.ts';
import type {PortMapping} from './port-mapping.ts';

/** An address held by an attachment. */
export interface Lease {
  readonly address: Ip;
  readonly prefixLength: number;
}

/** One sandbox on one network. */
export interface Attachment {
  /** 64 hex digits; Docker's endpoint id. */
  readonly id: string;
  readonly network: string;
  /** Path of the network namespace, `<run root>/netns/<id>` or another runtime's. */
  readonly sandbox: string;
  /** Id of the container, or of whatever the other runtime calls one. */
  readonly owner: string;
  readonly ifname: string;
  /** Name of the end on the host; '' for macvlan and ipvlan, which have none. */
  readonly hostIfname: string;
  readonly mac: Mac;
  readonly leases: readonly Lease[];
  /** Host ports chosen: none is 0. */
  readonly ports: readonly PortMapping[];
}
