import type {Container} from '../model/container.ts';
import {containerEvent} from '../model/event.ts';
import {undoing} from '../network/undoing.ts';
import {checkLimits, type LimitsChange, mergeLimits, updateCgroup} from './cgroup/cgroup.ts';
import type {LifeParts} from './life.ts';

export interface ContainerUpdate {
  readonly limits: LimitsChange;
}

/** Changes the limits, at once when it runs, and for its next starts. All or nothing. ERR_CONFLICT, ERR_BAD_REQUEST, ERR_UNSUPPORTED. */
export async function updateContainer(
  parts: Pick<LifeParts, 'store' | 'cgroups' | 'cgroupPath' | 'emit'>,
  container: Container,
  change: ContainerUpdate,
): Promise<void> {
  const {store, cgroups} = parts;
  const {id, config, state} = container;
  const limits = mergeLimits(config.limits, change.limits);
  checkLimits(limits, cgroups);
  const update = {from: config.limits, to: limits};
  const undo = state.status === 'running' ? updateCgroup(cgroups, parts.cgroupPath(id), update) : () => {};
  await undoing(async () => {
    const now = store.state.containers.get(id) ?? container;
    store.commit({put: {containers: [{...now, config: {...now.config, limits}}]}});
  }, undo);
  parts.emit(containerEvent(container, 'update'));
}
