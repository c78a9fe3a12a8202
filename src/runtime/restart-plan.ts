import type {Container} from '../model/container.ts';

const shortestDelayMs = 100;
const longestDelayMs = 60_000;
/** Who ran so long has come up: the next failure is a new one. */
const longRunMs = 10_000;

/** Whether a container that has just exited is to run again. A stop, or a kill, was somebody's wish. */
export function restartsAfterExit({config: {restart}, state}: Container): boolean {
  if (state.manuallyStopped) return false;
  if (restart.name !== 'on-failure') return restart.name !== 'no';
  return state.exitCode !== 0 && (restart.maxRetries === 0 || state.restartCount < restart.maxRetries);
}

/** Whether one that does not run is to run when a daemon starts: `always` forgets a stop then, as Docker's does. */
export function restartsWithDaemon(container: Container): boolean {
  const {config, state} = container;
  if (state.startedAt === null) return false;
  return config.restart.name === 'always' || restartsAfterExit(container);
}

/** 100 ms, doubled at every failure up to a minute, as moby's restartmanager. `lastMs` is null at first. */
export function restartDelayMs(lastMs: number | null, ranMs: number): number {
  if (lastMs === null || ranMs >= longRunMs) return shortestDelayMs;
  return Math.min(lastMs * 2, longestDelayMs);
}

/** In which order containers come up: whoever joins another's sandbox after it. Groups may start at once. */
export function startOrder(containers: readonly Container[]): readonly (readonly Container[])[] {
  const byId = new Map(containers.map(container => [container.id, container]));
  const depth = (container: Container, seen: number): number => {
    const {network} = container.config;
    const other = network.kind === 'container' ? byId.get(network.container) : undefined;
    return other === undefined || seen > containers.length ? 0 : 1 + depth(other, seen + 1);
  };
  const depths = containers.map(container => depth(container, 0));
  const groups = Array.from({length: Math.max(-1, ...depths) + 1}, (_, wanted) =>
    containers.filter((_, i) => depths[i] === wanted),
  );
  return groups.filter(group => group.length > 0);
}
