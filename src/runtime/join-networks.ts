import type {Attachment} from '../model/attachment.ts';
import type {Container, EndpointConfig} from '../model/container.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {AttachSpec} from '../network/new-attachment.ts';
import {containerPlaces} from './places.ts';
import type {Start, StartParts} from './start.ts';
import type {Undo} from './undo.ts';

export interface JoinedNetworks {
  /** Path of the sandbox; null is the host's own namespace. */
  readonly netns: string | null;
  readonly attachments: readonly Attachment[];
}

/** Makes the sandbox and attaches it to every network that was asked for. Every step that succeeded is on `undo`. */
export async function joinNetworks(
  {controller, roots}: Pick<StartParts, 'controller' | 'roots'>,
  start: Pick<Start, 'container' | 'sharedSandbox'>,
  undo: Undo,
): Promise<JoinedNetworks> {
  const {container} = start;
  const {network, endpoints, ports} = container.config;
  if (network.kind === 'host') return {netns: null, attachments: []};
  if (network.kind === 'container') return {netns: start.sharedSandbox, attachments: []};
  const netns = containerPlaces(roots, container.id).netns;
  await controller.createSandbox(netns);
  undo.add(() => controller.removeSandbox(netns));
  const attachments: Attachment[] = [];
  undo.add(() => controller.detach(...attachments.map(({id}) => id)));
  // The ports go with the first; the controller leads them to the gateway.
  for (const [i, endpoint] of endpoints.entries()) {
    const spec = attachSpec(container, endpoint, {netns, ports: i === 0 ? ports : []});
    attachments.push(await controller.attach(spec));
  }
  return {netns, attachments};
}

export function attachSpec(
  {id, name, config}: Container,
  endpoint: EndpointConfig,
  {netns, ports}: {readonly netns: string; readonly ports: readonly PortMapping[]},
): AttachSpec {
  const {network, addresses, mac, aliases, gatewayPriority, options} = endpoint;
  return {
    network,
    sandbox: netns,
    owner: id,
    ifname: null,
    addresses,
    mac,
    ports,
    names: [...new Set([name, ...aliases, id.slice(0, 12), config.hostname])],
    gatewayPriority,
    options,
  };
}
