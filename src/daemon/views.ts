import type {Container} from '../model/container.ts';
import type {Network} from '../model/network.ts';
import type {ContainerView} from './encode-endpoint.ts';
import type {ServerParts} from './parts.ts';

/** A container with its attachments, and the networks they are on. */
export function viewContainer(
  {controller, volumes, engine}: Pick<ServerParts, 'controller' | 'volumes' | 'engine'>,
  container: Container,
): ContainerView {
  const attachments = controller.attachmentsOf({owner: container.id});
  const ids = new Set(attachments.map(attachment => attachment.network));
  const networks = controller.list().filter(network => ids.has(network.id));
  const health = engine.health.of(container.id);
  return {container, attachments, networks, health, mountpoint: volumes.mountpoint};
}

/** Names owners of attachments; what is no container of ours keeps its short id. */
export function ownerNames({engine}: Pick<ServerParts, 'engine'>): (owner: string) => string {
  const names = new Map(engine.list().map(container => [container.id, container.name]));
  return owner => names.get(owner) ?? owner.slice(0, 12);
}

/** Newest first, as Docker lists. */
export function newestFirst<T extends Container | Network>(things: readonly T[]): readonly T[] {
  return [...things].sort((a, b) => Date.parse(b.created) - Date.parse(a.created));
}
