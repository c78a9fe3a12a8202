import {TnetError} from '../errors.ts';
import type {Container, ContainerConfig, NetworkMode} from '../model/container.ts';

/** A name may lead to another container later. */
export function resolveMode(mode: NetworkMode, get: (ref: string) => Container): NetworkMode {
  return mode.kind === 'container' ? {kind: 'container', container: get(mode.container).id} : mode;
}

/** Also a name that cannot be one. */
export function refuseTakenName(name: string | null, holder: Container | undefined): void {
  if (name === null) return;
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(name)) {
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`,
    );
  }
  if (holder === undefined) return;
  throw new TnetError(
    'ERR_NAME_IN_USE',
    `Conflict. The container name "/${name}" is already in use by container "${holder.id}". You have to remove (or rename) that container to be able to reuse that name.`,
  );
}

/** Docker's refusals; unknown networks and containers are named by `find`. */
export function validateNetwork(
  config: ContainerConfig,
  find: {network(ref: string): unknown; container(ref: string): unknown},
): void {
  const {network, ports, hostname, endpoints} = config;
  const refuse = (what: string): never => {
    throw new TnetError('ERR_BAD_REQUEST', `conflicting options: ${what}`);
  };
  for (const endpoint of endpoints) find.network(endpoint.network);
  if (network.kind !== 'container') return;
  find.container(network.container);
  if (hostname !== '') refuse('hostname and the network mode');
  if (ports.length > 0) refuse('port publishing and the container type network mode');
}
