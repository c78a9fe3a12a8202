import {TnetError} from '../errors.ts';
import type {Container} from '../model/container.ts';
import {cgroupProcesses, openUsage, type UsageReader} from './cgroup/cgroup.ts';
import type {LifeParts} from './life.ts';

/** The counters of a container over its runs: each has a cgroup of its own, and the files of an old one are let go. */
export function containerUsage(
  {store, cgroups, cgroupPath}: Pick<LifeParts, 'store' | 'cgroups' | 'cgroupPath'>,
  id: string,
): UsageReader {
  const reader = openUsage(cgroups, cgroupPath(id));
  return {
    read() {
      const runs = store.state.containers.get(id)?.state.status === 'running';
      const usage = runs ? reader.read() : null;
      if (usage === null) reader.close();
      return usage;
    },
    close: reader.close,
  };
}

/** Pids of the host. ERR_CONFLICT when it does not run. */
export function containerProcesses(
  {cgroups, cgroupPath}: Pick<LifeParts, 'cgroups' | 'cgroupPath'>,
  {id, state}: Container,
): readonly number[] {
  if (state.status !== 'running') throw new TnetError('ERR_CONFLICT', `container ${id} is not running`);
  return cgroupProcesses(cgroups, cgroupPath(id));
}
