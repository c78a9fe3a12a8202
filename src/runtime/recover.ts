import {type Container, hasProcess} from '../model/container.ts';
import {isFrozen} from './cgroup/cgroup.ts';
import {joinersOf} from './joiners.ts';
import {connectShim, type ShimConnection} from './launch/shim-client.ts';
import type {LifeParts} from './life.ts';
import {completeNetworkFiles} from './network-files.ts';
import {containerPlaces} from './places.ts';
import {filesView, serveNames} from './start.ts';
import {cleanUpRun, releaseNetwork, sweepRuns} from './sweep.ts';

export interface Recovery {
  /** It runs: its shim answers. */
  adopt(id: string, shim: ShimConnection): void;
  /** It has ended while nobody watched, or with the machine. */
  end(id: string): Promise<void>;
  discard(id: string): Promise<void>;
}

/** Finds out what became of every container since the last daemon, and takes away what none of them needs. */
export async function recover(parts: LifeParts, recovery: Recovery): Promise<void> {
  const {containers} = parts.store.state;
  const all = (): readonly Container[] => [...containers.values()];
  await Promise.all(all().map(container => adopt(parts, container, recovery)));
  // Only now is known who lives in whose sandbox.
  await Promise.all(all().map(container => tidy(parts, container, recovery)));
  await sweepRuns(parts, new Set(containers.keys()));
}

async function adopt(parts: LifeParts, container: Container, recovery: Recovery): Promise<void> {
  const {id, state} = container;
  const shim = await connectShim(containerPlaces(parts.roots, id).socket).catch(() => null);
  if (shim && hasProcess(state)) {
    savePaused(parts, container);
    return recovery.adopt(id, shim);
  }
  shim?.close();
  if (hasProcess(state)) await recovery.end(id);
}

/** The kernel knows: a daemon may have died between freezing and writing it down. */
function savePaused({store, cgroups, cgroupPath}: LifeParts, container: Container): void {
  const paused = isFrozen(cgroups, cgroupPath(container.id));
  if (paused === container.state.paused) return;
  store.commit({put: {containers: [{...container, state: {...container.state, paused}}]}});
}

/** One that does not run may be half started. A sandbox in which others live keeps its names. */
async function tidy(parts: LifeParts, container: Container, recovery: Recovery): Promise<void> {
  const {id, state, config} = container;
  const alive = hasProcess(state);
  if (alive || joinersOf(parts.store.state.containers, id).length > 0) await serveNamesAgain(parts, container);
  else await releaseNetwork(parts, id);
  if (alive) return;
  await cleanUpRun(parts, id);
  if (state.status === 'exited' && config.autoRemove) await recovery.discard(id);
}

/** The servers of the last daemon ended with it. What a container has done to its own ports must not keep us from serving others. */
async function serveNamesAgain(parts: LifeParts, container: Container): Promise<void> {
  const view = await filesView(parts, container, parts.controller.attachmentsOf({owner: container.id}));
  const places = containerPlaces(parts.roots, container.id);
  for (const job of [serveNames(parts, places.netns, view), completeNetworkFiles(places, view)])
    await job.catch(error => parts.log(`names of "${container.name}"`, error));
}
