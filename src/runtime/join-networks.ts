import {statSync} from 'node:fs';
import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Container, EndpointConfig} from '../model/container.ts';
import type {PortMapping} from '../model/port-mapping.ts';
import type {Controller} from '../network/controller.ts';
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
  start: Pick<Start, 'container' | 'sharedSandbox' | 'joined' | 'userns'>,
  undo: Undo,
): Promise<JoinedNetworks> {
  const {container, userns} = start;
  const {network, endpoints, ports} = container.config;
  if (network.kind === 'host') return {netns: null, attachments: []};
  if (network.kind === 'container') return {netns: start.sharedSandbox, attachments: []};
  if (network.kind === 'namespace') return {netns: namespaceAt(network.path), attachments: []};
  const netns = containerPlaces(roots, container.id).netns;
  const held = start.joined ? await holdOn(controller, container) : [];
  if (!start.joined) {
    await controller.createSandbox(netns, userns);
    undo.add(() => controller.removeSandbox(netns));
  }
  const fresh: Attachment[] = [];
  undo.add(() => controller.detach(...fresh.map(({id}) => id)));
  const attachments: Attachment[] = [];
  // The ports go with the first; the controller leads them to the gateway.
  for (const endpoint of endpoints) {
    const there = held.find(({network}) => network === controller.get(endpoint.network).id);
    const spec = attachSpec(container, endpoint, {
      netns,
      ports: attachments.length === 0 && held.length === 0 ? ports : [],
    });
    const attachment = there ?? (await controller.attach(spec));
    if (there === undefined) fresh.push(attachment);
    attachments.push(attachment);
  }
  return {netns, attachments};
}

/** Where `ip netns` and its like put a namespace there is one file system for them. */
function namespaceAt(path: string): string {
  const isThere = statSync(path, {throwIfNoEntry: false})?.dev === statSync('/proc/self/ns/net').dev;
  if (isThere) return path;
  throw new TnetError('ERR_BAD_REQUEST', `Cannot join network namespace "${path}": there is none`);
}

/** What a sandbox that was kept has of the networks it should be on; it leaves the others. */
async function holdOn(controller: Controller, {id, config}: Container): Promise<readonly Attachment[]> {
  const wanted = new Set(config.endpoints.map(({network}) => controller.get(network).id));
  const held = controller.attachmentsOf({owner: id});
  const left = held.filter(({network}) => !wanted.has(network));
  if (left.length > 0) await controller.detach(...left.map(each => each.id));
  return held.filter(({network}) => wanted.has(network));
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
