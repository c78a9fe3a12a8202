import type {Attachment} from './attachment.ts';
import {createLeased, type Leased, type LeasedBook} from './leased.ts';
import type {Mac} from './mac.ts';

/** Attachments by what they are looked for. An attach that walked all the others would cost twice as much among a thousand. */
export interface AttachmentIndex {
  /** In the order in which they were made, as the next two. */
  inSandbox(sandbox: string): readonly Attachment[];
  of(owner: string): readonly Attachment[];
  on(network: string): readonly Attachment[];
  isUsed(network: string): boolean;
  hasMac(network: string, mac: Mac): boolean;
  leased(network: string): Leased;
  /** Those with a single port among these host ports, and all that have a range. */
  near(hostPorts: Iterable<number>): ReadonlySet<Attachment>;
}

interface Index extends AttachmentIndex {
  readonly size: number;
  /** One of them is another version of the other; undefined: there is none. */
  change(was: Attachment | undefined, now: Attachment | undefined): void;
}

const indexes = new WeakMap<ReadonlyMap<string, Attachment>, Index>();

/** Made when first asked for; from then on the two functions below keep it. */
export function indexOf(attachments: ReadonlyMap<string, Attachment>): AttachmentIndex {
  const known = indexes.get(attachments);
  if (known?.size === attachments.size) return known;
  const made = createIndex();
  for (const attachment of attachments.values()) made.change(undefined, attachment);
  indexes.set(attachments, made);
  return made;
}

/** The only two that change a map of attachments which others may have looked into. */
export function putAttachment(attachments: Map<string, Attachment>, attachment: Attachment): void {
  indexes.get(attachments)?.change(attachments.get(attachment.id), attachment);
  attachments.set(attachment.id, attachment);
}

export function removeAttachment(attachments: Map<string, Attachment>, id: string): void {
  indexes.get(attachments)?.change(attachments.get(id), undefined);
  attachments.delete(id);
}

function createIndex(): Index {
  const [sandboxes, owners, networks, macs] = [createGroups(), createGroups(), createGroups(), createGroups()];
  const books = new Map<string, LeasedBook>();
  const ports = createPorts();
  const book = (network: string): LeasedBook => {
    const found = books.get(network) ?? createLeased();
    books.set(network, found);
    return found;
  };
  const macKey = (network: string, mac: Mac): string => `${network} ${mac}`;
  let size = 0;
  return {
    get size() {
      return size;
    },
    change(was, now) {
      size += Number(now !== undefined) - Number(was !== undefined);
      sandboxes.change([was?.sandbox, now?.sandbox], was, now);
      owners.change([was?.owner, now?.owner], was, now);
      networks.change([was?.network, now?.network], was, now);
      macs.change([was && macKey(was.network, was.mac), now && macKey(now.network, now.mac)], was, now);
      for (const {address} of was?.leases ?? []) book(was!.network).takeBack(address);
      for (const {address} of now?.leases ?? []) book(now!.network).give(address);
      ports.change(was, now);
    },
    inSandbox: sandboxes.get,
    of: owners.get,
    on: networks.get,
    isUsed: networks.has,
    hasMac: (network, mac) => macs.has(macKey(network, mac)),
    leased: book,
    near: ports.near,
  };
}

type Keys = readonly [was: string | undefined, now: string | undefined];

/** A new version takes the place of the old one in its group, as it does in the map. */
function createGroups() {
  const groups = new Map<string, Map<string, Attachment>>();
  return {
    get: (key: string): readonly Attachment[] => [...(groups.get(key)?.values() ?? [])],
    has: (key: string): boolean => groups.has(key),
    change([before, after]: Keys, was: Attachment | undefined, now: Attachment | undefined): void {
      if (before !== undefined && before !== after) {
        groups.get(before)?.delete(was!.id);
        if (groups.get(before)?.size === 0) groups.delete(before);
      }
      if (after === undefined) return;
      const group = groups.get(after) ?? new Map<string, Attachment>();
      groups.set(after, group.set(now!.id, now!));
    },
  };
}

/** By the numbers of single ports; ranges are few, and would be thousands. */
function createPorts() {
  const singles = new Map<number, Set<Attachment>>();
  const ranged = new Set<Attachment>();
  const remove = (attachment: Attachment): void => {
    ranged.delete(attachment);
    for (const {hostPort} of attachment.ports) {
      singles.get(hostPort)?.delete(attachment);
      if (singles.get(hostPort)?.size === 0) singles.delete(hostPort);
    }
  };
  const add = (attachment: Attachment): void => {
    for (const {hostPort, count} of attachment.ports) {
      if (count > 1) ranged.add(attachment);
      else singles.set(hostPort, (singles.get(hostPort) ?? new Set()).add(attachment));
    }
  };
  return {
    change(was: Attachment | undefined, now: Attachment | undefined): void {
      if (was !== undefined) remove(was);
      if (now !== undefined) add(now);
    },
    near(hostPorts: Iterable<number>): ReadonlySet<Attachment> {
      const found = new Set(ranged);
      for (const number of hostPorts) for (const attachment of singles.get(number) ?? []) found.add(attachment);
      return found;
    },
  };
}
