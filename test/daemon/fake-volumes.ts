import {randomBytes} from 'node:crypto';
import {createVolumes, type VolumeParts, type Volumes} from '../../src/runtime/volumes/volumes.ts';
import {openStore} from '../../src/store/store.ts';

/** The real ones, over a store in memory: they are directories below `roots`. No container of the fake engine uses one. */
export function createFakeVolumes(roots: VolumeParts['roots']): Volumes {
  const newId = (): string => randomBytes(32).toString('hex');
  return createVolumes({emit: () => {}, store: openStore(':memory:'), roots, newId, now: () => new Date()});
}
