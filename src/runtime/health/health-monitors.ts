import {setTimeout as sleep} from 'node:timers/promises';
import type {Container} from '../../model/container.ts';
import {containerEvent, type Emit, type Happening} from '../../model/event.ts';
import type {Health, HealthResult} from '../../model/healthcheck.ts';
import type {Execs} from '../exec/execs.ts';
import {beginHealth, nextHealth, probeArgs, probeDelayMs, probeTimeoutMs} from './next-health.ts';
import {runProbe} from './run-probe.ts';

/** Probes containers that run and are not paused, each by itself and one probe at a time. A daemon's memory: it begins with it. */
export interface HealthMonitors {
  /** What happens to a container begins and ends its probes: to be told of each event. */
  see(happening: Happening): void;
  /** Null when it is not probed. */
  of(container: string): Health | null;
  /** Those that run already, when a daemon starts: what the last one still had running is killed. Once execs are known. */
  recover(): void;
  close(): void;
}

export interface HealthParts {
  readonly execs: Execs;
  readonly find: (id: string) => Container;
  readonly list: () => readonly Container[];
  readonly emit: Emit;
  readonly now: () => Date;
  readonly log: (about: string, error: unknown) => void;
}

export function createHealthMonitors(parts: HealthParts): HealthMonitors {
  const {execs, find, now} = parts;
  const states = new Map<string, Health>();
  const monitors = new Map<string, AbortController>();

  const halt = (id: string): void => {
    monitors.get(id)?.abort();
    monitors.delete(id);
  };

  const watch = (id: string): void => {
    halt(id);
    if (probeArgs(find(id).config.healthcheck) === null) return;
    const monitor = new AbortController();
    monitors.set(id, monitor);
    void probeOn(id, monitor.signal).catch(error => {
      if (!monitor.signal.aborted) parts.log(id, error);
    });
  };

  const probeOn = async (id: string, signal: AbortSignal): Promise<void> => {
    const startedMs = Date.parse(find(id).state.startedAt ?? now().toISOString());
    for (;;) {
      const check = find(id).config.healthcheck!;
      const run = {check, startedMs};
      await sleep(probeDelayMs(states.get(id)!, now().getTime(), run), undefined, {ref: false, signal});
      const probe = {execs, now, signal, args: probeArgs(check)!, timeoutMs: probeTimeoutMs(check)};
      const result = await runProbe({...probe, container: find(id)});
      if (signal.aborted) return;
      record(id, result, run);
    }
  };

  const record = (id: string, result: HealthResult, run: Parameters<typeof nextHealth>[2]): void => {
    const before = states.get(id)!;
    const health = nextHealth(before, result, run);
    states.set(id, health);
    if (health.status !== before.status) parts.emit(containerEvent(find(id), `health_status: ${health.status}`));
  };

  const begin = (id: string): void => {
    if (probeArgs(find(id).config.healthcheck) === null) return;
    states.set(id, beginHealth(states.get(id) ?? null));
    watch(id);
  };

  const end = (id: string): void => {
    halt(id);
    const health = states.get(id);
    // As Docker: what does not run is not healthy, and no event tells so.
    if (health) states.set(id, {...health, status: 'unhealthy'});
  };

  const reactions: Readonly<Record<string, (id: string) => void>> = {
    start: begin,
    pause: halt,
    unpause: watch,
    die: end,
    destroy: id => states.delete(id),
  };

  return {
    see({type, action, id}) {
      if (type === 'container' && Object.hasOwn(reactions, action)) reactions[action]!(id);
    },
    of: container => states.get(container) ?? null,
    recover() {
      for (const {id, state} of parts.list()) {
        if (state.status !== 'running' || monitors.has(id)) continue;
        for (const exec of execs.of(id)) if (exec.config.probe && exec.state.status === 'running') execs.kill(exec.id);
        begin(id);
        if (state.paused) halt(id);
      }
    },
    close() {
      for (const id of [...monitors.keys()]) halt(id);
    },
  };
}
