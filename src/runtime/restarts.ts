import {restartDelayMs} from './restart-plan.ts';

/** Containers that wait to run again. */
export interface Restarts {
  /** Calls `start` after the delay that is due: longer each time, unless it ran for long. */
  schedule(id: string, ranMs: number, start: () => void): void;
  /** Whoever waits does not run again. The next time it begins with the shortest delay. */
  cancel(id: string): void;
  close(): void;
}

export function createRestarts(): Restarts {
  const delays = new Map<string, number>();
  const timers = new Map<string, NodeJS.Timeout>();
  const clear = (id: string): void => {
    clearTimeout(timers.get(id));
    timers.delete(id);
  };
  return {
    schedule(id, ranMs, start) {
      const delayMs = restartDelayMs(delays.get(id) ?? null, ranMs);
      delays.set(id, delayMs);
      clear(id);
      timers.set(id, setTimeout(start, delayMs));
    },
    cancel(id) {
      clear(id);
      delays.delete(id);
    },
    close() {
      for (const id of [...timers.keys()]) clear(id);
    },
  };
}
