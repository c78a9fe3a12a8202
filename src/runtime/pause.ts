import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';
import {containerEvent} from '../model/event.ts';
import {freezeCgroup, thawCgroup} from './cgroup/cgroup.ts';
import type {LifeParts} from './life.ts';

export type PauseParts = Pick<LifeParts, 'store' | 'cgroups' | 'cgroupPath' | 'emit'>;

/** Freezes every process of a container. ERR_CONFLICT in Docker's words when it does not run or is paused. */
export async function pause(parts: PauseParts, container: Container): Promise<void> {
  const {id, state} = container;
  if (state.status !== 'running') throw new TnetError('ERR_CONFLICT', `container ${id} is not running`);
  if (state.paused) throw new TnetError('ERR_CONFLICT', `container ${id} is already paused`);
  await freezeCgroup(parts.cgroups, parts.cgroupPath(id));
  savePaused(parts, container, 'pause');
}

/** The reverse; what is signalled meanwhile is acted on now. */
export async function unpause(parts: PauseParts, container: Container): Promise<void> {
  const {id, state} = container;
  if (!state.paused) throw new TnetError('ERR_CONFLICT', `Container ${id} is not paused`);
  thawCgroup(parts.cgroups, parts.cgroupPath(id));
  savePaused(parts, container, 'unpause');
}

/** For what needs the container to act: `verb` is attach or exec. */
export function refusePaused(container: Container, verb: string): Container {
  if (!container.state.paused) return container;
  throw new TnetError('ERR_CONFLICT', `container ${container.name} is paused, unpause the container before ${verb}`);
}

/** For what is to end now, paused or not. */
export async function wakeUp(parts: PauseParts, id: string): Promise<void> {
  const container = parts.store.state.containers.get(id);
  if (container?.state.paused) await unpause(parts, container);
}

/** The container as it is by now: its exit may have come meanwhile, and then it is not paused. */
function savePaused({store, emit}: PauseParts, {id}: Container, action: 'pause' | 'unpause'): void {
  const container = store.state.containers.get(id);
  if (container?.state.status !== 'running') return;
  store.commit({put: {containers: [{...container, state: {...container.state, paused: action === 'pause'}}]}});
  emit(containerEvent(container, action));
}
