import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Container} from '../model/container.ts';
import {formatPortMapping, type PortMapping} from '../model/port-mapping.ts';
import type {Controller} from '../network/controller.ts';
import type {Store} from '../store/store.ts';

export interface PublishParts {
  readonly store: Store;
  readonly controller: Controller;
}

/** Publishes a port, live when the container runs, and for its next starts; returns the mapping with its host port chosen. */
export async function publish(parts: PublishParts, container: Container, mapping: PortMapping): Promise<PortMapping> {
  const {name, config} = container;
  if (config.network.kind !== 'network')
    throw new TnetError('ERR_BAD_REQUEST', `Cannot publish a port of "${name}": it is on no network of its own`);
  const attachment = portHolder(parts, container);
  const known = (port: PortMapping): boolean => config.ports.some(asked => claims(asked, port));
  // What was published and not written down is of a daemon that died in between.
  const unwritten = attachment?.ports.find(port => claims(mapping, port) && !known(port));
  const chosen = unwritten ?? (attachment ? await parts.controller.publish(attachment.id, mapping) : mapping);
  savePorts(parts, container, ports => [...ports, chosen]);
  return chosen;
}

export async function unpublish(parts: PublishParts, container: Container, mapping: PortMapping): Promise<void> {
  const attachment = portHolder(parts, container);
  const held = mapping.hostPort === 0 ? mapping : (attachment?.ports.find(port => claims(mapping, port)) ?? mapping);
  // The reverse: a daemon that died in between has taken it back, and it is only still written down.
  const written = container.config.ports.some(asked => claims(asked, mapping));
  const gone = written && held === mapping && mapping.hostPort !== 0;
  if (attachment && !gone) await parts.controller.unpublish(attachment.id, held);
  savePorts(parts, container, ports => ports.filter(asked => !claims(asked, held)));
}

/** Of the container as it is now: it may have changed while the controller worked. */
function savePorts(
  {store}: PublishParts,
  {id}: Container,
  change: (ports: readonly PortMapping[]) => readonly PortMapping[],
): void {
  const container = store.state.containers.get(id);
  if (container === undefined) throw new TnetError('ERR_CONTAINER_NOT_FOUND', `No such container: ${id}`);
  const config = {...container.config, ports: change(container.config.ports)};
  store.commit({put: {containers: [{...container, config}]}});
}

/** Where its ports are kept; they lead to its gateway wherever that is. */
function portHolder({controller}: PublishParts, {id}: Container): Attachment | undefined {
  const attachments = controller.attachmentsOf({owner: id});
  const open = attachments.filter(({network}) => !controller.get(network).internal);
  return attachments.find(({ports}) => ports.length > 0) ?? open[0] ?? attachments[0];
}

/** Whether `asked` at create is what runs as `mapping`: its host port may have been left to us, its address to the network. */
function claims({hostPortEnd, ...asked}: PortMapping, mapping: PortMapping): boolean {
  const last = hostPortEnd ?? (asked.hostPort === 0 ? 65_535 : asked.hostPort);
  const chosen = mapping.hostPort >= asked.hostPort && mapping.hostPort <= last;
  const hostPort = chosen ? mapping.hostPort : asked.hostPort;
  return formatPortMapping({...asked, hostIp: asked.hostIp ?? mapping.hostIp, hostPort}) === formatPortMapping(mapping);
}
