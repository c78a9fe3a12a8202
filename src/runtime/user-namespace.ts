import {TnetError} from '../errors.ts';
import type {Container, ContainerConfig} from '../model/container.ts';
import type {IdMaps} from '../model/id-map.ts';
import {findContainer} from './find-container.ts';

/** What the daemon maps the ids of containers to; null: to themselves. */
export interface Remap {
  readonly idMaps: IdMaps | null;
}

/** The maps of one container. A container that joins a network namespace is in the user namespace that owns it. */
export function usernsOf({isolation}: ContainerConfig, {idMaps}: Remap): IdMaps | null {
  return isolation.userns === 'host' ? null : idMaps;
}

/** The maps of one that may have them. What would give root inside the machine's own is refused, in Docker's words. ERR_BAD_REQUEST, ERR_CONFLICT. */
export function requireUserns(
  config: ContainerConfig,
  remap: Remap,
  containers: ReadonlyMap<string, Container>,
): IdMaps | null {
  const userns = usernsOf(config, remap);
  if (userns === null) return null;
  const {isolation, network} = config;
  if (isolation.privileged)
    refuse(
      'privileged mode is incompatible with user namespaces.  You must run the container in the host namespace when running privileged mode',
    );
  if (network.kind === 'host') refuse("cannot share the host's network namespace when user namespaces are enabled");
  if (isolation.pid.kind === 'host') refuse('cannot share the host PID namespace when user namespaces are enabled');
  if (network.kind === 'container') refuseMachines(findContainer(containers, network.container), remap);
  return userns;
}

/** The owner of its network namespace is then the machine's user namespace, and capabilities in it are the machine's. */
function refuseMachines({name, config}: Container, remap: Remap): void {
  if (usernsOf(config, remap) !== null) return;
  throw new TnetError(
    'ERR_CONFLICT',
    `cannot join network of container ${name}: it runs in the host's user namespace, and so must who joins it: --userns host`,
  );
}

function refuse(message: string): never {
  throw new TnetError('ERR_BAD_REQUEST', message);
}
