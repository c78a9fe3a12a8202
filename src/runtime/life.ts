import {EventEmitter, once} from 'node:events';
import {mkdir, rm} from 'node:fs/promises';
import type {Duplex} from 'node:stream';
import {TnetError} from '../errors.ts';
import {type Container, type ContainerState, hasProcess, isRunning} from '../model/container.ts';
import {containerEvent} from '../model/event.ts';
import type {TerminalSize} from '../model/streams.ts';
import {createLock, type Lock} from '../network/lock.ts';
import {createAttachStream} from './attach-stream.ts';
import {createEarlyStreams} from './early-streams.ts';
import {imageOfContainer} from './images/directory-image.ts';
import type {Image} from './images/host-image.ts';
import {launchIsolation} from './join-isolation.ts';
import {joinersOf, sandboxOwner} from './joiners.ts';
import {connectShim, type ShimConnection} from './launch/shim-client.ts';
import {createOomWatches} from './oom-watches.ts';
import {containerPlaces} from './places.ts';
import {recover} from './recover.ts';
import {restartsAfterExit, restartsWithDaemon, startOrder} from './restart-plan.ts';
import {createRestarts} from './restarts.ts';
import {ranMs, readExitRecord, startExitCode} from './run-end.ts';
import {sharedSandbox} from './shared-sandbox.ts';
import {type StartParts, startContainer} from './start.ts';
import {cleanUpRun, releaseNetwork} from './sweep.ts';
import {createUndo} from './undo.ts';
import {requireUserns} from './user-namespace.ts';
import {makeData, sweepTrash} from './volumes/local-driver.ts';
import {giveBackVolumes} from './volumes/place-mounts.ts';
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
  /** Of its terminal; nothing without one, or when it does not run. */
  resize(id: string, size: TerminalSize): void;
  /** Its end is somebody's wish: no policy starts it again. Who waits for that has exited with it. */
  standDown(id: string): Promise<void>;
  /** While `job` runs, an exit does not remove it, whatever was asked for with --rm. */
  keeping<T>(id: string, job: () => Promise<T>): Promise<T>;
  remove(id: string, options: Removal): Promise<void>;
  attach(id: string): Promise<Duplex>;
  /** Runs a change of the container while it neither starts nor ends. */
  alone<T>(id: string, change: (container: Container) => Promise<T>): Promise<T>;
  /** Resolves with the exit code at the next exit. */
  ended(id: string): Promise<number>;
  /** Resolves with the last exit code once it is removed. */
  removed(id: string): Promise<number>;
  /** Adopts the containers that still run; ends the others. Once, before anything else. */
  recover(): Promise<void>;
  close(): Promise<void>;
}

interface Ending {
  /** When there is no exit record. */
  readonly unknownCode: number;
  readonly restarts: (ended: Container) => boolean;
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
  restartCount: 0,
  manuallyStopped: false,
};

export function createLife(parts: LifeParts): Life {
  const {store, roots} = parts;
  const {containers} = store.state;
  const events = new EventEmitter().setMaxListeners(0);
  const locks = new Map<string, Lock>();
  const shims = new Map<string, ShimConnection>();
  const early = createEarlyStreams();
  const restarts = createRestarts();
  const ooms = createOomWatches(parts);
  const kept = new Set<string>();

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

  /** The shim ends with its container, and the connection with the shim. */
  const supervise = (id: string, shim: ShimConnection): void => {
    shims.set(id, shim);
    shim.onLogLoss(why => parts.log(`log of container ${id.slice(0, 12)}, which loses records`, new Error(why)));
    ooms.begin(id);
    void shim.exited.then(() => {
      if (shims.get(id) === shim) return locked(id, () => finish(id, {unknownCode: 137, restarts: restartsAfterExit}));
    });
  };

  /** Nobody takes the sandbox it joins away, or makes it anew, meanwhile. Owners join nobody: no two wait for each other. */
  const withSandbox = async <T>(id: string, job: () => Promise<T>): Promise<T> => {
    const owner = sandboxOwner(containers, find(id));
    return owner === id || !containers.has(owner) ? job() : locked(owner, job);
  };

  const begin = async (id: string): Promise<void> => {
    if (isRunning(find(id).state)) throw new TnetError('ERR_NOT_MODIFIED', `container ${id} is already running`);
    restarts.cancel(id);
    await withSandbox(id, () => start(id, {restartCount: 0}));
  };

  /** As its restart policy wants it; a stop may have come first. */
  const beginAgain = async (id: string): Promise<void> => {
    if (containers.get(id)?.state.status !== 'restarting') return;
    const {restartCount} = find(id).state;
    await withSandbox(id, () => start(id, {restartCount})).catch(error =>
      parts.log(`restart of "${find(id).name}"`, error),
    );
  };

  const start = async (id: string, {restartCount}: Pick<ContainerState, 'restartCount'>): Promise<void> => {
    const container = find(id);
    const undo = createUndo();
    const onReady = async (): Promise<void> => {
      const shim = await connectShim(places(id).socket);
      undo.add(() => shim.close());
      shims.set(id, shim);
      for (const stream of early.take(id)) stream.connect(await connectShim(places(id).socket));
    };
    try {
      await rm(places(id).exitRecord, {force: true});
      const run = {
        container,
        image: imageOfContainer(container, parts.resolveImage),
        sharedSandbox: sharedSandbox(container, {containers, roots}),
        isolation: launchIsolation(container, {containers, roots}),
        userns: requireUserns(container.config, parts, containers),
        joined: joinersOf(containers, id).length > 0,
        onReady,
      };
      const startedAt = parts.now().toISOString();
      const pid = await startContainer(parts, run, undo);
      setState(id, {...neverStarted, status: 'running', pid, startedAt, restartCount});
      supervise(id, shims.get(id)!);
      parts.emit(containerEvent(find(id), 'start'));
    } catch (error) {
      shims.delete(id);
      await undo.run();
      for (const stream of early.take(id)) stream.end();
      const {status} = container.state;
      const exitCode = startExitCode(error);
      setState(id, {error: (error as Error).message, exitCode, status: status === 'restarting' ? 'exited' : status});
      if (status === 'restarting') events.emit(`exit ${id}`, exitCode);
      if (container.config.autoRemove) await discard(id, {volumes: 'remove'});
      throw error;
    }
  };

  /** Its own sandbox, or the one it joined whose owner has ended already, goes with the last who lives in it. */
  const leaveSandbox = async (id: string): Promise<void> => {
    const owner = sandboxOwner(containers, find(id));
    if (!containers.has(owner)) return;
    const release = async (): Promise<void> => {
      const holder = containers.get(owner);
      const ended = owner === id || (holder !== undefined && !hasProcess(holder.state));
      if (ended && joinersOf(containers, owner).every(joiner => joiner.id === id)) await releaseNetwork(parts, owner);
    };
    await (owner === id ? release() : locked(owner, release));
  };

  /** Runs once for each run, under the container's lock. Nobody knows how it ended when the shim was killed with it. */
  const finish = async (id: string, {unknownCode, restarts: wantsMore}: Ending): Promise<void> => {
    shims.get(id)?.close();
    shims.delete(id);
    const record = await readExitRecord(places(id).exitRecord);
    ooms.end(id);
    await cleanUpRun(parts, id);
    await leaveSandbox(id);
    await giveBackVolumes(parts, find(id)).catch(error => parts.log(`volumes of "${find(id).name}"`, error));
    const {state} = find(id);
    const end = record ?? {exitCode: unknownCode, finishedAt: parts.now().toISOString()};
    const ended: ContainerState = {...state, status: 'exited', pid: 0, paused: false, ...end};
    const again = wantsMore({...find(id), state: ended});
    const restartCount = state.restartCount + (again ? 1 : 0);
    setState(id, again ? {...ended, status: 'restarting', restartCount} : ended);
    tellEnd(id);
    if (again) restarts.schedule(id, ranMs(ended), () => void locked(id, () => beginAgain(id)));
    else if (find(id).config.autoRemove && !kept.has(id)) await discard(id, {volumes: 'remove'});
  };
  const tellEnd = (id: string): void => {
    const container = find(id);
    const {exitCode} = container.state;
    const execDuration = String(Math.floor(ranMs(container.state) / 1000));
    parts.emit(containerEvent(container, 'die', {exitCode: String(exitCode), execDuration}));
    events.emit(`exit ${id}`, exitCode);
  };
  const standDown = async (id: string): Promise<void> => {
    const {status, exitCode} = find(id).state;
    restarts.cancel(id);
    setState(id, {manuallyStopped: true, ...(status === 'restarting' ? {status: 'exited'} : {})});
    if (status === 'restarting') events.emit(`exit ${id}`, exitCode);
  };
  const discard = async (id: string, {volumes}: Removal): Promise<void> => {
    const container = find(id);
    restarts.cancel(id);
    if (joinersOf(containers, id).length > 0) await releaseNetwork(parts, id);
    await rm(places(id).stateDir, {recursive: true, force: true});
    await forgetVolumes(parts, volumes === 'remove' ? ownVolumes(parts, container) : [], [id]);
    for (const stream of early.take(id)) stream.end();
    locks.delete(id);
    parts.emit(containerEvent(container, 'destroy'));
    events.emit(`remove ${id}`, container.state.exitCode);
  };

  const attach = async (id: string): Promise<Duplex> => {
    const stream = createAttachStream();
    parts.emit(containerEvent(find(id), 'attach'));
    if (hasProcess(find(id).state)) {
      stream.connect(await connectShim(places(id).socket));
      return stream.duplex;
    }
    early.add(id, stream);
    return stream.duplex;
  };

  const comeUp = async (due: readonly Container[]): Promise<void> => {
    for (const {id} of due) setState(id, {status: 'restarting'});
    for (const group of startOrder(due)) await Promise.all(group.map(({id}) => locked(id, () => beginAgain(id))));
  };

  const next = async (event: string): Promise<number> => Number((await once(events, event))[0]);
  return {
    async place(id) {
      await mkdir(places(id).stateDir, {recursive: true, mode: 0o711});
      for (const mount of find(id).config.storage.mounts) if (mount.kind === 'volume') await makeData(roots, mount);
    },
    start: id => locked(id, () => begin(id)),
    resize: (id, size) => shims.get(id)?.resize(size),
    async signal(id, signal) {
      const shim = shims.get(id);
      if (shim === undefined) return;
      shim.signal(signal);
      parts.emit(containerEvent(find(id), 'kill', {signal: String(signal)}));
    },
    standDown: id => locked(id, () => standDown(id)),
    async keeping(id, job) {
      kept.add(id);
      try {
        return await job();
      } finally {
        kept.delete(id);
      }
    },
    // With --rm the exit has removed it already.
    remove: (id, options) => locked(id, async () => (containers.has(id) ? discard(id, options) : undefined)),
    attach,
    alone: (id, change) => locked(id, () => change(find(id))),
    ended: id => next(`exit ${id}`),
    removed: id => next(`remove ${id}`),
    async recover() {
      await sweepTrash(roots);
      await recover(parts, {
        adopt: supervise,
        end: id => locked(id, () => finish(id, {unknownCode: 255, restarts: () => false})),
        discard: id => discard(id, {volumes: 'remove'}),
      });
      void comeUp([...containers.values()].filter(({state}) => !hasProcess(state)).filter(restartsWithDaemon));
    },
    async close() {
      restarts.close();
      ooms.close();
      for (const shim of shims.values()) shim.close();
      shims.clear();
    },
  };
}
