import {TnetError} from '../errors.ts';
import {diff, toWorld} from '../kernel/diff.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {formatPortMapping, type PortMapping} from '../model/port-mapping.ts';
import type {Store} from '../store/store.ts';
import {refuseConflicts} from './new-attachment.ts';
import {planSandboxLinks} from './plan.ts';
import type {Reservations} from './reservation.ts';
import {undoing} from './undoing.ts';

export interface PublishParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly reservations: Reservations;
}

export interface PortChange {
  /** Of the attachment. */
  readonly id: string;
  readonly mapping: PortMapping;
}

/** Publishes a port of what runs already; returns the mapping with its host port chosen. */
export async function publishPort(parts: PublishParts, {id, mapping}: PortChange): Promise<PortMapping> {
  const attachment = find(parts.store, id);
  refuseConflicts([mapping], networkOf(parts.store, attachment), parts.store.state);
  const [chosen] = parts.reservations.reserve(id, [mapping]) as [PortMapping];
  return undoing(
    async () => {
      await setPorts(parts, attachment, [...attachment.ports, chosen]);
      return chosen;
    },
    () => parts.reservations.release(id, chosen),
  );
}

/** Takes a published port back, and the connections through it. */
export async function unpublishPort(parts: PublishParts, {id, mapping}: PortChange): Promise<void> {
  const attachment = find(parts.store, id);
  const name = formatPortMapping(mapping);
  const rest = attachment.ports.filter(port => formatPortMapping(port) !== name);
  if (rest.length === attachment.ports.length)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot remove port "${name}": it is not published`);
  await setPorts(parts, attachment, rest);
  parts.kernel.flushPorts([mapping]);
  parts.reservations.release(id, mapping);
}

/** From the ports it has to `ports`: elements of the maps, and hairpin with the first or last of them. */
async function setPorts(
  {store, kernel}: PublishParts,
  attachment: Attachment,
  ports: readonly PortMapping[],
): Promise<void> {
  const onHost = () => planSandboxLinks(store.state, attachment.sandbox).filter(item => item.ns === '');
  const before = onHost();
  store.commit({put: {attachments: [{...attachment, ports}]}});
  await undoing(
    () => {
      const after = onHost();
      const scope = toWorld([...before, ...after]);
      const actual = new Map([...kernel.read(scope.values())].filter(([key]) => scope.has(key)));
      return kernel.execute(diff(actual, toWorld(after)), 'undo');
    },
    () => store.commit({put: {attachments: [attachment]}}),
  );
}

function find({state}: Store, id: string): Attachment {
  const attachment = state.attachments.get(id);
  if (attachment === undefined) throw new TnetError('ERR_ATTACHMENT_NOT_FOUND', `attachment ${id} not found`);
  return attachment;
}

function networkOf({state}: Store, {network}: Attachment) {
  return state.networks.get(network)!;
}
