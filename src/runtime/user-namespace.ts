import {TnetError} from '../errors.ts';
import type {Container, ContainerConfig} from '../model/container.ts';
import type {IdMaps} from '../model/id-map.ts';
import {findContainer} from './find-container.ts';

/** What the daemon maps the ids of containers to; null: to themselves. */
export interface Remap {
  readonly idMaps: IdMaps | null;
}

type Containers = ReadonlyMap<string, Container>;

/** The maps of one container. Who joins a network namespace is in the user namespace that owns it, while its owner is there. */
export function usernsOf({isolation, network}: ContainerConfig, remap: Remap, containers: Containers): IdMaps | null {
  const {userns} = isolation;
  if (userns === 'host') return null;
  if (userns !== 'default') return userns.maps;
  const owner = network.kind === 'container' ? containers.get(network.container) : undefined;
  return owner === undefined ? remap.idMaps : usernsOf(owner.config, remap, containers);
}

/** The maps of one that may have them. What would give root inside the machine's own is refused, in Docker's words. ERR_BAD_REQUEST, ERR_CONFLICT. */
export function requireUserns(config: ContainerConfig, remap: Remap, containers: Containers): IdMaps | null {
  const {isolation, network} = config;
  const {userns} = isolation;
  if (userns !== 'host' && network.kind === 'container') {
    const owner = findContainer(containers, network.container);
    if (userns !== 'default') throw notOwn(owner);
    if (remap.idMaps !== null && usernsOf(owner.config, remap, containers) === null) throw machines(owner);
  }
  const maps = usernsOf(config, remap, containers);
  if (maps !== null || typeof userns !== 'string') refuseMachines(config);
  return maps;
}

function refuseMachines({isolation, network}: ContainerConfig): void {
  if (isolation.privileged)
    refuse(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  if (network.kind === 'host') refuse("cannot share the host's network namespace when user namespaces are enabled");
  if (network.kind === 'namespace')
    refuse("cannot share the machine's network namespaces when user namespaces are enabled");
  if (isolation.pid.kind === 'host') refuse('cannot share the host PID namespace when user namespaces are enabled');
}

/** The one that owns the network namespace is the only one whose capabilities count there. */
function notOwn({name}: Container): TnetError {
  return new TnetError(
    'ERR_BAD_REQUEST',
    `conflicting options: --network container:${name} and a user namespace of its own; it is in that of ${name}`,
  );
}

/** The owner of its network namespace is then the machine's user namespace, and capabilities in it are the machine's. */
function machines({name}: Container): TnetError {
  return new TnetError(
    'ERR_CONFLICT',
    `cannot join network of container ${name}: it runs in the host's user namespace, and so must who joins it: --userns host`,
  );
}

function refuse(message: string): never {
  throw new TnetError('ERR_BAD_REQUEST', message);
}
