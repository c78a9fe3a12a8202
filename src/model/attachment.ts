import {type Family, type Ip, ipFamily, type Prefix} from './ip.ts';
import type {Mac} from './mac.ts';
import type {PortMapping} from './port-mapping.ts';

/** An address held by an attachment. */
export interface Lease {
  readonly address: Ip;
  readonly prefixLength: number;
}

/** A route in the sandbox, out of the attachment's link. */
export interface Route {
  readonly to: Prefix;
  /** null: what is there is on the link. */
  readonly via: Ip | null;
  /** The lowest wins; left out, the kernel's. */
  readonly metric?: number;
}

/** One sandbox on one network. */
export interface Attachment {
  /** 64 hex digits; Docker's endpoint id. */
  readonly id: string;
  readonly network: string;
  /** Path of the network namespace, `<run root>/netns/<id>`, or another runtime's (model/sandbox.ts). */
  readonly sandbox: string;
  /** Id of the container, or of whatever the other runtime calls one. */
  readonly owner: string;
  readonly ifname: string;
  /** Name of the end on the host; '' for macvlan and ipvlan, which have none. */
  readonly hostIfname: string;
  readonly mac: Mac;
  readonly leases: readonly Lease[];
  /** Host ports chosen: none is 0. They lead to the sandbox's gateway attachments, see network/gateway.ts. */
  readonly ports: readonly PortMapping[];
  /** What the network's other sandboxes find it by; a reverse lookup gives the first. */
  readonly names: readonly string[];
  /** The highest of a sandbox's attachments gives the default route. null: this one takes no part, it keeps a route and ports of its own. */
  readonly gatewayPriority: number | null;
  /** These and no others. Left out: a default route, where this attachment is the gateway. */
  readonly routes?: readonly Route[];
  /** Docker's endpoint driver options. */
  readonly options: Readonly<Record<string, string>>;
}

export function leaseOf({leases}: Pick<Attachment, 'leases'>, family: Family): Lease | undefined {
  return leases.find(({address}) => ipFamily(address) === family);
}
