import {TnetError} from '../errors.ts';
import {type Container, hasProcess} from '../model/container.ts';
import {findContainer} from './find-container.ts';
import {containerPlaces, type Roots} from './places.ts';

export interface Others {
  readonly containers: ReadonlyMap<string, Container>;
  readonly roots: Roots;
}

/** Where `--network container:` leads; null is the host's own namespace. ERR_CONFLICT when that container does not run. */
export function sharedSandbox({config: {network}}: Container, others: Others): string | null {
  if (network.kind !== 'container') return null;
  const other = findContainer(others.containers, network.container);
  if (!hasProcess(other.state))
    throw new TnetError('ERR_CONFLICT', `cannot join network of a non running container: ${other.id}`);
  if (other.config.network.kind === 'host') return null;
  if (other.config.network.kind === 'namespace') return other.config.network.path;
  return other.config.network.kind === 'container'
    ? sharedSandbox(other, others)
    : containerPlaces(others.roots, other.id).netns;
}
