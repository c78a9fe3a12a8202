import {EventEmitter, once} from 'node:events';
import {mkdir, readFile, rm} from 'node:fs/promises';
import type {Duplex} from 'node:stream';
import {errorStatus, TnetError} from '../errors.ts';
import type {Container, ContainerState} from '../model/container.ts';
import {containerEvent} from '../model/event.ts';
import {createLock, type Lock} from '../network/lock.ts';
import {type AttachStream, createAttachStream} from './attach-stream.ts';
import {countOomKills, isFrozen, readOomKilled, watchOom} from './cgroup/cgroup.ts';
import type {Image} from './images/host-image.ts';
import {connectShim, type ShimConnection} from './launch/shim-client.ts';
import {completeNetworkFiles} from './network-files.ts';
import {containerPlaces} from './places.ts';
import {sharedSandbox} from './shared-sandbox.ts';
import {filesView, type StartParts, serveNames, startContainer} from './start.ts';
import {cleanUpRun, sweepRuns} from './sweep.ts';
import {createUndo} from './undo.ts';
import {makeData, sweepTrash} from './volumes/local-driver.ts';
import {releaseVolumes} from './volumes/place-mounts.ts';
import {forgetVolumes, ownVolumes} from './volumes/volumes.ts';

export interface LifeParts extends StartParts {
  readonly resolveImage: (name: string) => Image;
  readonly now: () => Date;
  readonly log: (about: string, error: unknown) => void;
}

export interface Removal {
  /** Anonymous volumes, when nobody else has them. */
  readonly volumes: 'keep' | 'remove';
}

/** From created to running to exited, and back; one change at a time of one container. */
export interface Life {
  /** Makes room for the files of a new container. */
  place(id: string): Promise<void>;
  start(id: string): Promise<void>;
  signal(id: string, signal: number): Promise<void>;
  remove(id: string, options: Removal): Promise<void>;
  attach(id: string): Promise<Duplex>;
  /** Runs a change of the container while it neither starts nor ends. */
  alone(id: string, change: (container: Container) => Promise<void>): Promise<void>;
  /** Resolves with the exit code at the next exit. */
  ended(id: string): Promise<number>;
  /** Resolves with the last exit code once it is removed. */
  removed(id: string): Promise<number>;
  /** Adopts the containers that still run; ends the others. Once, before anything else. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

export const neverStarted: ContainerState = {
  status: 'created',
  pid: 0,
  exitCode: 0,
  oomKilled: false,
  paused: false,
  error: '',
  startedAt: null,
  finishedAt: null,
};

export function createLife(parts: LifeParts): Life {
  const {store, roots} = parts;
  const {containers} = store.state;
  const events = new EventEmitter().setMaxListeners(0);
  const locks = new Map<string, Lock>();
  const shims = new Map<string, ShimConnection>();
  const early = new Map<string, Set<AttachStream>>();
  const oomWatches = new Map<string, () => void>();

  const places = (id: string) => containerPlaces(roots, id);
  const find = (id: string): Container => {
    const container = containers.get(id);
    if (container === undefined) throw new TnetError('ERR_CONTAINER_NOT_FOUND', `No such container: ${id}`);
    return container;
  };
  const setState = (id: string, state: Partial<ContainerState>): void => {
    const container = find(id);
    store.commit({put: {containers: [{...container, state: {...container.state, ...state}}]}});
  };
  const locked = <T>(id: string, job: () => Promise<T>): Promise<T> => {
    const lock = locks.get(id) ?? createLock();
    locks.set(id, lock);
    return lock(job);
  };

  const takeEarly = (id: string): readonly AttachStream[] => {
    const streams = [...(early.get(id) ?? [])];
    early.delete(id);
    return streams;
  };

  const sayOomKilled = (id: string): void => {
    if (!find(id).state.oomKilled) setState(id, {oomKilled: true});
    parts.emit(containerEvent(find(id), 'oom'));
  };

  /** The shim ends with its container, and the connection with the shim. */
  const supervise = (id: string, shim: ShimConnection): void => {
    shims.set(id, shim);
    const seen = find(id).state.oomKilled ? countOomKills(parts.cgroups, parts.cgroupPath(id)) : 0;
    oomWatches.set(id, watchOom(parts.cgroups, parts.cgroupPath(id), {seen, onKill: () => sayOomKilled(id)}));
    void shim.exited.then(() => {
      if (shims.get(id) === shim) return locked(id, () => finish(id));
    });
  };

  const start = async (id: string): Promise<void> => {
    const container = find(id);
    if (container.state.status === 'running')
      throw new TnetError('ERR_NOT_MODIFIED', `container ${id} is already running`);
    const undo = createUndo();
    const onReady = async (): Promise<void> => {
      const shim = await connectShim(places(id).socket);
      undo.add(() => shim.close());
      shims.set(id, shim);
      for (const stream of takeEarly(id)) stream.connect(await connectShim(places(id).socket));
    };
    try {
      await rm(places(id).exitRecord, {force: true});
      const run = {
        container,
        image: parts.resolveImage(container.config.image),
        sharedSandbox: sharedSandbox(container, {containers, roots}),
        onReady,
      };
      const startedAt = parts.now().toISOString();
      const pid = await startContainer(parts, run, undo);
      setState(id, {...neverStarted, status: 'running', pid, startedAt});
      supervise(id, shims.get(id)!);
      parts.emit(containerEvent(find(id), 'start'));
    } catch (error) {
      shims.delete(id);
      await undo.run();
      for (const stream of takeEarly(id)) stream.end();
      setState(id, {error: (error as Error).message, exitCode: startExitCode(error)});
      if (container.config.autoRemove) await discard(id, {volumes: 'remove'});
      throw error;
    }
  };

  /** Runs once for each run, under the container's lock. */
  const finish = async (id: string): Promise<void> => {
    shims.get(id)?.close();
    shims.delete(id);
    const record = await readExitRecord(places(id).exitRecord);
    oomWatches.get(id)?.();
    oomWatches.delete(id);
    if (!find(id).state.oomKilled && readOomKilled(parts.cgroups, parts.cgroupPath(id))) sayOomKilled(id);
    await cleanUpRun(parts, id);
    await releaseVolumes(parts, find(id)).catch(error => parts.log(`volumes of "${find(id).name}"`, error));
    setState(id, {
      status: 'exited',
      pid: 0,
      paused: false,
      ...(record ?? {exitCode: 137, finishedAt: parts.now().toISOString()}),
    });
    parts.emit(containerEvent(find(id), 'die', {exitCode: String(find(id).state.exitCode)}));
    events.emit(`exit ${id}`, find(id).state.exitCode);
    if (find(id).config.autoRemove) await discard(id, {volumes: 'remove'});
  };

  const discard = async (id: string, {volumes}: Removal): Promise<void> => {
    const container = find(id);
    const {exitCode} = container.state;
    await rm(places(id).stateDir, {recursive: true, force: true});
    await forgetVolumes(parts, volumes === 'remove' ? ownVolumes(parts, container) : [], [id]);
    for (const stream of takeEarly(id)) stream.end();
    locks.delete(id);
    parts.emit(containerEvent(container, 'destroy'));
    events.emit(`remove ${id}`, exitCode);
  };

  const attach = async (id: string): Promise<Duplex> => {
    const stream = createAttachStream();
    parts.emit(containerEvent(find(id), 'attach'));
    if (find(id).state.status === 'running') {
      stream.connect(await connectShim(places(id).socket));
      return stream.duplex;
    }
    const streams = early.get(id) ?? new Set();
    early.set(id, streams.add(stream));
    stream.duplex.once('close', () => streams.delete(stream));
    return stream.duplex;
  };

  /** The servers of the last daemon ended with it. What a container has done to its own ports must not keep us from serving others. */
  const serveNamesAgain = async (container: Container): Promise<void> => {
    const view = await filesView(parts, container, parts.controller.attachmentsOf({owner: container.id}));
    const {netns} = places(container.id);
    for (const job of [serveNames(parts, netns, view), completeNetworkFiles(places(container.id), view)])
      await job.catch(error => parts.log(container.name, error));
  };

  /** A container the store calls running may have ended while nobody watched; one it does not may be half started. */
  const recoverOne = async ({id, state}: Container): Promise<void> => {
    const shim = await connectShim(places(id).socket).catch(() => null);
    if (shim && state.status === 'running') {
      setState(id, {paused: isFrozen(parts.cgroups, parts.cgroupPath(id))}); // a daemon may have died in the midst of it
      await serveNamesAgain(find(id));
      return supervise(id, shim);
    }
    shim?.close();
    if (state.status === 'running') return locked(id, () => finish(id));
    await cleanUpRun(parts, id);
    if (state.status === 'exited' && find(id).config.autoRemove) await discard(id, {volumes: 'remove'});
  };

  const next = async (event: string): Promise<number> => Number((await once(events, event))[0]);
  return {
    async place(id) {
      await mkdir(places(id).stateDir, {recursive: true, mode: 0o711});
      for (const mount of find(id).config.storage.mounts) if (mount.kind === 'volume') await makeData(roots, mount);
    },
    start: id => locked(id, () => start(id)),
    async signal(id, signal) {
      const shim = shims.get(id);
      if (shim === undefined) return;
      shim.signal(signal);
      parts.emit(containerEvent(find(id), 'kill', {signal: String(signal)}));
    },
    // With --rm the exit has removed it already.
    remove: (id, options) => locked(id, async () => (containers.has(id) ? discard(id, options) : undefined)),
    attach,
    alone: (id, change) => locked(id, () => change(find(id))),
    ended: id => next(`exit ${id}`),
    removed: id => next(`remove ${id}`),
    async recover() {
      await sweepTrash(roots);
      await Promise.all([...containers.values()].map(recoverOne));
      await sweepRuns(parts, new Set(containers.keys()));
    },
    async close() {
      for (const end of oomWatches.values()) end();
      oomWatches.clear();
      for (const shim of shims.values()) shim.close();
      shims.clear();
    },
  };
}

/** As Docker's: 127 and 126 for a command that is not there or cannot be run, 128 for the rest. */
function startExitCode(error: unknown): number {
  const exit = error instanceof TnetError ? errorStatus(error.code).exit : 1;
  return exit === 126 || exit === 127 ? exit : 128;
}

async function readExitRecord(path: string): Promise<{exitCode: number; finishedAt: string} | null> {
  try {
    const {exitCode, finishedAt} = JSON.parse(await readFile(path, 'utf8')) as {exitCode: number; finishedAt: string};
    return {exitCode, finishedAt};
  } catch {
    return null; // the shim itself was killed
  }
}
