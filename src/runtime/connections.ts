import {TnetError} from '../errors.ts';
import type {Attachment} from '../model/attachment.ts';
import {type Container, type ContainerConfig, type EndpointConfig, hasProcess} from '../model/container.ts';
import type {Network} from '../model/network.ts';
import type {Controller} from '../network/controller.ts';
import {checkAttachmentOptions} from '../network/new-attachment.ts';
import {undoing} from '../network/undoing.ts';
import {attachSpec} from './join-networks.ts';
import {isServedByUs, updateNetworkFiles} from './network-files.ts';
import {containerPlaces} from './places.ts';
import {filesView, type StartParts, serveNames} from './start.ts';

export interface EndpointChange {
  /** A name, an id or a prefix. */
  readonly network: string;
  readonly options: Readonly<Record<string, string>>;
}

/** Puts a container on another network, at once when it runs, and for its next starts. */
export async function connect(parts: StartParts, container: Container, endpoint: EndpointConfig): Promise<void> {
  const {controller} = parts;
  const network = controller.get(endpoint.network);
  refuseMode(container, network);
  const running = hasProcess(container.state);
  const known = endpointOn(container, network, controller);
  const attached = attachments(parts, container).some(each => each.network === network.id);
  if (known && (attached || !running))
    throw new TnetError(
      'ERR_FORBIDDEN',
      `endpoint with name ${container.name} already exists in network ${network.name}`,
    );
  // First what was asked for: a daemon that dies between the two leaves a network that the next start, a disconnect, or the same
  // command given again knows.
  saveEndpoints(parts, container, [...container.config.endpoints.filter(each => each !== known), endpoint]);
  if (!running) return;
  await undoing(
    () => attachLive(parts, container, endpoint),
    () => saveEndpoints(parts, container, container.config.endpoints),
  );
}

/** The reverse. Ports that were published through it go on through the networks that are left. */
export async function disconnect(parts: StartParts, container: Container, ref: string): Promise<void> {
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
  const held = attachments(parts, container);
  const attachment = held.find(each => each.network === network.id);
  if (attachment) {
    const rest = held.filter(each => each !== attachment);
    // The files first: a daemon that dies in between leaves a command that can be given again.
    await refresh(parts, container, {before: held, after: rest});
    await undoing(
      () => controller.detach(attachment.id),
      () => refresh(parts, container, {before: rest, after: held}),
    );
  }
  const left = container.config.endpoints.filter(each => each !== endpoint);
  saveEndpoints(parts, container, left);
}

/** Changes options of one endpoint, at once when it runs; an empty value takes one back. */
export async function configure(parts: StartParts, container: Container, change: EndpointChange): Promise<void> {
  const network = parts.controller.get(change.network);
  const endpoint = endpointOn(container, network, parts.controller);
  if (endpoint === undefined)
    throw new TnetError('ERR_FORBIDDEN', `container ${container.id} is not connected to network ${network.name}`);
  const merged = Object.entries({...endpoint.options, ...change.options}).filter(([, value]) => value !== '');
  const options = Object.fromEntries(merged);
  checkAttachmentOptions(options, network);
  const attachment = attachments(parts, container).find(each => each.network === network.id);
  if (attachment) await parts.controller.configure(attachment.id, options);
  const endpoints = container.config.endpoints.map(each => (each === endpoint ? {...endpoint, options} : each));
  saveEndpoints(parts, container, endpoints);
}

async function attachLive(parts: StartParts, container: Container, endpoint: EndpointConfig): Promise<void> {
  const held = attachments(parts, container).some(({ports}) => ports.length > 0);
  const internal = parts.controller.get(endpoint.network).internal;
  const netns = containerPlaces(parts.roots, container.id).netns;
  const ports = held || internal ? [] : container.config.ports;
  const before = attachments(parts, container);
  await parts.controller.attach(attachSpec(container, endpoint, {netns, ports}));
  await refresh(parts, container, {before, after: attachments(parts, container)});
}

/** Names and files follow; on the first network of the user's, our DNS server comes. */
async function refresh(
  parts: StartParts,
  container: Container,
  {before, after}: {readonly before: readonly Attachment[]; readonly after: readonly Attachment[]},
): Promise<void> {
  const places = containerPlaces(parts.roots, container.id);
  const was = await filesView(parts, container, before);
  const now = await filesView(parts, container, after);
  if (!isServedByUs(was)) await serveNames(parts, places.netns, now);
  await updateNetworkFiles(places, was, now);
}

/** The container as it is by now: an exit may have come meanwhile. */
function saveEndpoints({store}: StartParts, {id}: Container, endpoints: readonly EndpointConfig[]): void {
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

function attachments({controller}: StartParts, {id}: Container): readonly Attachment[] {
  return controller.attachmentsOf({owner: id});
}

/** moby daemon/container_operations.go, in its words. */
function refuseMode({config}: Container, network: Network): void {
  const refuse = (message: string): never => {
    throw new TnetError('ERR_FORBIDDEN', message);
  };
  if (network.driver === 'host' || config.network.kind === 'host')
    refuse('container cannot be disconnected from host network or connected to host network');
  if (config.network.kind === 'container' || config.network.kind === 'namespace')
    refuse(
      'container sharing network namespace with another container or host cannot be connected to any other network',
    );
  if (network.driver === 'none' || config.network.kind === 'none')
    refuse('container cannot be connected to multiple networks with one of the networks in private (none) mode');
}
