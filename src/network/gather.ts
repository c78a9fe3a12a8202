import type {Lock} from './lock.ts';

/**
 * Calls that come while one waits for its turn go with it: eight callers who take away one link each wait for RCU once. When
 * what they do together fails, each does its own again and hears of its own failure: the job must be idempotent.
 */
export function createGathering<T>(
  lock: Lock,
  job: (items: readonly T[]) => Promise<void>,
): (items: readonly T[]) => Promise<void> {
  let waiting: Group<T> | null = null;
  const begin = (): Group<T> => {
    const items: T[] = [];
    const done = lock(() => {
      waiting = null;
      return job(items);
    });
    return {items, done, calls: 0};
  };
  return async own => {
    waiting ??= begin();
    const group = waiting;
    group.calls++;
    group.items.push(...own);
    try {
      await group.done;
    } catch (error) {
      if (group.calls === 1) throw error;
      await lock(() => job(own));
    }
  };
}

interface Group<T> {
  readonly items: T[];
  readonly done: Promise<void>;
  calls: number;
}
