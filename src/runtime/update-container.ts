import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';
import {containerEvent} from '../model/event.ts';
import type {RestartPolicy} from '../model/restart-policy.ts';
import {undoing} from '../network/undoing.ts';
import {checkLimits, type LimitsChange, mergeLimits, updateCgroup} from './cgroup/cgroup.ts';
import type {LifeParts} from './life.ts';

export interface ContainerUpdate {
  readonly limits: LimitsChange;
  /** null: as it is. */
  readonly restart: RestartPolicy | null;
}

/** Changes limits and the restart policy, at once when it runs, and for its next starts. All or nothing. ERR_CONFLICT, ERR_BAD_REQUEST, ERR_UNSUPPORTED. */
export async function updateContainer(
  parts: Pick<LifeParts, 'store' | 'cgroups' | 'cgroupPath' | 'emit'>,
  container: Container,
  change: ContainerUpdate,
): Promise<void> {
  const {store, cgroups} = parts;
  const {id, config, state} = container;
  if (change.restart !== null && change.restart.name !== 'no' && config.autoRemove)
    throw new TnetError(
      'ERR_CONFLICT',
      'Restart policy cannot be updated because AutoRemove is enabled for the container',
    );
  const limits = mergeLimits(config.limits, change.limits);
  checkLimits(limits, cgroups);
  const update = {from: config.limits, to: limits};
  const undo = state.status === 'running' ? updateCgroup(cgroups, parts.cgroupPath(id), update) : () => {};
  await undoing(async () => {
    const now = store.state.containers.get(id) ?? container;
    store.commit({
      put: {containers: [{...now, config: {...now.config, limits, restart: change.restart ?? now.config.restart}}]},
    });
  }, undo);
  parts.emit(containerEvent(container, 'update'));
}
