import type {ContainersPruned} from '../api/engine-types.ts';
import {TnetError} from '../errors.ts';
import {isRunning} from '../model/container.ts';
import {decodePruneFilters} from './decode-prune-filters.ts';
import type {ServerParts} from './parts.ts';
import {json, type Reply} from './reply.ts';
import type {Call} from './route.ts';

/** POST /containers/prune. One that was started, or removed, meanwhile is left alone. */
export async function pruneContainers({engine, now}: ServerParts, {query}: Call): Promise<Reply> {
  const wanted = decodePruneFilters(query.get('filters'), now());
  const idle = engine.list().filter(({state}) => !isRunning(state));
  const due = idle.filter(({created, config}) => wanted({created, labels: config.labels}));
  const removed: string[] = [];
  for (const {id} of due) {
    try {
      await engine.remove(id, {force: false, volumes: 'keep'});
      removed.push(id);
    } catch (error) {
      if (!(error instanceof TnetError)) throw error;
    }
  }
  const answer: ContainersPruned = {ContainersDeleted: removed, SpaceReclaimed: 0};
  return json(answer);
}
