import {containerEvent} from '../model/event.ts';
import {countOomKills, readOomKilled, watchOom} from './cgroup/cgroup.ts';
import type {LifeParts} from './life.ts';

/** Tells of containers in which the kernel kills for want of memory, as an event and in their state, while they run. */
export interface OomWatches {
  begin(id: string): void;
  /** After its exit and before its cgroup goes, with a last look. */
  end(id: string): void;
  close(): void;
}

export function createOomWatches({
  store,
  cgroups,
  cgroupPath,
  emit,
}: Pick<LifeParts, 'store' | 'cgroups' | 'cgroupPath' | 'emit'>): OomWatches {
  const watches = new Map<string, () => void>();
  const known = (id: string): boolean => store.state.containers.get(id)?.state.oomKilled ?? false;
  const tell = (id: string): void => {
    const container = store.state.containers.get(id);
    if (container === undefined) return;
    if (!known(id)) store.commit({put: {containers: [{...container, state: {...container.state, oomKilled: true}}]}});
    emit(containerEvent(container, 'oom'));
  };
  return {
    begin(id) {
      const seen = known(id) ? countOomKills(cgroups, cgroupPath(id)) : 0;
      watches.set(id, watchOom(cgroups, cgroupPath(id), {seen, onKill: () => tell(id)}));
    },
    end(id) {
      watches.get(id)?.();
      watches.delete(id);
      if (!known(id) && readOomKilled(cgroups, cgroupPath(id))) tell(id); // nobody watched
    },
    close() {
      for (const end of watches.values()) end();
      watches.clear();
    },
  };
}
