import {TnetError} from '../errors.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {formatPortMapping, type PortMapping} from '../model/port-mapping.ts';
import type {Store} from '../store/store.ts';
import {changeAttachment} from './change-attachment.ts';
import type {Firewall} from './firewall/renderer.ts';
import {bindPorts, refuseConflicts} from './new-attachment.ts';
import {holdPorts, type Reservations} from './reservation.ts';
import {undoing} from './undoing.ts';

export interface PublishParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly reservations: Reservations;
  readonly firewall: Firewall;
}

export interface PortChange {
  /** Of the attachment. */
  readonly id: string;
  readonly mapping: PortMapping;
}

/** Publishes a port of what runs already; returns the mapping with its host port chosen. */
export async function publishPort(parts: PublishParts, {id, mapping}: PortChange): Promise<PortMapping> {
  const attachment = findAttachment(parts.store, id);
  refuseWithoutFirewall(parts.firewall, [mapping]);
  const network = networkOf(parts.store, attachment);
  const asked = bindPorts([mapping], network);
  if (asked.length > 1)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Cannot publish "${formatPortMapping(mapping)}": give a range its host ports, or its ports one by one`,
    );
  refuseConflicts(asked, network, parts.store.state);
  const [chosen] = parts.reservations.reserve(id, asked) as [PortMapping];
  return undoing(
    async () => {
      await setPorts(parts, attachment, [...attachment.ports, chosen]);
      return chosen;
    },
    () => parts.reservations.release(id, chosen),
  );
}

/** Throws ERR_BAD_REQUEST: a port that leads nowhere is not published. */
export function refuseWithoutFirewall({name}: Firewall, ports: readonly PortMapping[]): void {
  if (name !== 'none' || ports.length === 0) return;
  throw new TnetError('ERR_BAD_REQUEST', 'Cannot publish ports: the daemon runs with --firewall none');
}

/** Publishes these ports and no others; those that stay are not touched, and neither are their connections. */
export async function replacePorts(
  parts: PublishParts,
  {id, ports}: {readonly id: string; readonly ports: readonly PortMapping[]},
): Promise<void> {
  const attachment = findAttachment(parts.store, id);
  const network = networkOf(parts.store, attachment);
  const wanted = bindPorts(ports, network);
  const kept = attachment.ports.filter(port => isAmong(port, wanted));
  const gone = attachment.ports.filter(port => !kept.includes(port));
  const fresh = wanted.filter(port => !isAmong(port, kept));
  refuseWithoutFirewall(parts.firewall, fresh);
  refuseConflicts(fresh, network, parts.store.state);
  const {ports: chosen} = holdPorts({...attachment, ports: fresh}, parts.reservations);
  await undoing(
    () => (gone.length + chosen.length === 0 ? Promise.resolve() : setPorts(parts, attachment, [...kept, ...chosen])),
    () => {
      for (const port of chosen) parts.reservations.release(id, port);
    },
  );
  if (gone.length > 0) parts.kernel.flushPorts(gone);
  for (const port of gone) parts.reservations.release(id, port);
}

function isAmong(port: PortMapping, ports: readonly PortMapping[]): boolean {
  const name = formatPortMapping(port);
  return ports.some(other => formatPortMapping(other) === name);
}

/** Takes a published port back, and the connections through it. */
export async function unpublishPort(parts: PublishParts, {id, mapping}: PortChange): Promise<void> {
  const attachment = findAttachment(parts.store, id);
  const name = formatPortMapping(mapping);
  const rest = attachment.ports.filter(port => formatPortMapping(port) !== name);
  if (rest.length === attachment.ports.length)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot remove port "${name}": it is not published`);
  await setPorts(parts, attachment, rest);
  parts.kernel.flushPorts([mapping]);
  parts.reservations.release(id, mapping);
}

/** From the ports it has to `ports`: elements of the maps, and hairpin with the first or last of them. */
function setPorts(parts: PublishParts, attachment: Attachment, ports: readonly PortMapping[]): Promise<void> {
  return changeAttachment(parts, attachment, {...attachment, ports});
}

/** Throws ERR_ATTACHMENT_NOT_FOUND. */
export function findAttachment({state}: Store, id: string): Attachment {
  const attachment = state.attachments.get(id);
  if (attachment === undefined) throw new TnetError('ERR_ATTACHMENT_NOT_FOUND', `attachment ${id} not found`);
  return attachment;
}

function networkOf({state}: Store, {network}: Attachment) {
  return state.networks.get(network)!;
}
