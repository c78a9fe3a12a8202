import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import type {Container, ContainerConfig, EndpointConfig} from '../model/container.ts';
import type {Network} from '../model/network.ts';
import type {Controller} from '../network/controller.ts';
import type {Store} from '../store/store.ts';
import {attachSpec} from './join-networks.ts';
import {containerPlaces, type Roots} from './places.ts';

export interface ConnectionParts {
  readonly store: Store;
  readonly controller: Controller;
  readonly roots: Roots;
}

/** Puts a container on another network, at once when it runs, and for its next starts. */
export async function connect(parts: ConnectionParts, container: Container, endpoint: EndpointConfig): Promise<void> {
  const {controller} = parts;
  const network = controller.get(endpoint.network);
  refuseMode(container, network);
  if (endpointOn(container, network, controller))
    throw new TnetError(
      'ERR_FORBIDDEN',
      `endpoint with name ${container.name} already exists in network ${network.name}`,
    );
  if (container.state.status === 'running') await attachLive(parts, container, endpoint);
  saveEndpoints(parts, container, [...container.config.endpoints, endpoint]);
}

/** The reverse. Ports that were published through it go on through the networks that are left. */
export async function disconnect(parts: ConnectionParts, container: Container, ref: string): Promise<void> {
  const {controller} = parts;
  const network = controller.get(ref);
  if (network.driver === 'host')
    throw new TnetError(
      'ERR_FORBIDDEN',
      'container cannot be disconnected from host network or connected to host network',
    );
  const endpoint = endpointOn(container, network, controller);
  if (endpoint === undefined)
    throw new TnetError('ERR_FORBIDDEN', `container ${container.id} is not connected to network ${network.name}`);
  const attachment = attachments(parts, container).find(each => each.network === network.id);
  if (attachment) await controller.detach(attachment.id);
  const left = container.config.endpoints.filter(each => each !== endpoint);
  saveEndpoints(parts, container, left);
}

async function attachLive(parts: ConnectionParts, container: Container, endpoint: EndpointConfig): Promise<void> {
  const held = attachments(parts, container).some(({ports}) => ports.length > 0);
  const internal = parts.controller.get(endpoint.network).internal;
  const netns = containerPlaces(parts.roots, container.id).netns;
  const ports = held || internal ? [] : container.config.ports;
  await parts.controller.attach(attachSpec(container, endpoint, {netns, ports}));
}

/** The container as it is by now: an exit may have come meanwhile. */
function saveEndpoints({store}: ConnectionParts, {id}: Container, endpoints: readonly EndpointConfig[]): void {
  const container = store.state.containers.get(id);
  if (container === undefined) return;
  const config: ContainerConfig = {...container.config, endpoints};
  store.commit({put: {containers: [{...container, config}]}});
}

function endpointOn({config}: Container, {id}: Network, controller: Controller): EndpointConfig | undefined {
  return config.endpoints.find(({network}) => resolves(controller, network) === id);
}

/** The network an endpoint names may be gone. */
function resolves(controller: Controller, ref: string): string | null {
  try {
    return controller.get(ref).id;
  } catch {
    return null;
  }
}

function attachments({controller}: ConnectionParts, {id}: Container): readonly Attachment[] {
  return controller.attachmentsOf({owner: id});
}

/** moby daemon/container_operations.go, in its words. */
function refuseMode({config}: Container, network: Network): void {
  const refuse = (message: string): never => {
    throw new TnetError('ERR_FORBIDDEN', message);
  };
  if (network.driver === 'host' || config.network.kind === 'host')
    refuse('container cannot be disconnected from host network or connected to host network');
  if (config.network.kind === 'container')
    refuse(
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  if (network.driver === 'none' || config.network.kind === 'none')
    refuse('container cannot be connected to multiple networks with one of the networks in private (none) mode');
}
