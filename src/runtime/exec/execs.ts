import {rm} from 'node:fs/promises';
import type {Duplex} from 'node:stream';
import {errorStatus, TnetError} from '../../errors.ts';
import type {Container} from '../../model/container.ts';
import {containerEvent, type Emit} from '../../model/event.ts';
import {type TerminalSize, unknownSize} from '../../model/streams.ts';
import {createAttachStream} from '../attach-stream.ts';
import {imageOfContainer} from '../images/directory-image.ts';
import type {Image} from '../images/image.ts';
import {connectShim, type ShimConnection} from '../launch/shim-client.ts';
import type {Life} from '../life.ts';
import {signalNumber} from '../signals.ts';
import type {StartParts} from '../start.ts';
import {type Exec, type ExecConfig, type ExecState, neverRun} from './exec.ts';
import {execFolder, execPlaces} from './exec-places.ts';
import {readExecs, readExitCode, sweepSockets} from './recover-execs.ts';
import {startExec} from './start-exec.ts';

/** Further processes in containers that run. They survive the daemon; a client's streams do not. */
export interface Execs {
  /** ERR_CONFLICT when the container does not run. */
  create(container: Container, config: ExecConfig): Exec;
  /** ERR_EXEC_NOT_FOUND. */
  get(id: string): Exec;
  of(container: string): readonly Exec[];
  /**
   * Starts it; the streams are those of Engine.attach(). ERR_CONFLICT when it runs or has run, or its container does not;
   * ERR_COMMAND_NOT_FOUND and ERR_COMMAND_NOT_EXECUTABLE, which its exit code tells too.
   */
  start(id: string, size: TerminalSize | null): Promise<Duplex>;
  resize(id: string, size: TerminalSize): void;
  /** Nothing when it does not run. */
  kill(id: string): void;
  /** Nobody will ask for it any more; once it has ended. */
  forget(id: string): Promise<void>;
  /** Adopts what still runs. Once, before anything else. */
  recover(): Promise<void>;
  close(): void;
}

export interface ExecParts extends StartParts {
  readonly life: Life;
  readonly find: (ref: string) => Container;
  readonly list: () => readonly Container[];
  readonly resolveImage: (name: string) => Image;
  readonly newId: () => string;
  readonly emit: Emit;
}

/** How long one that has ended can be asked for its exit code (moby daemon/exec.go: 5 min at least). */
const keepMs = 5 * 60_000;

export function createExecs(parts: ExecParts): Execs {
  const execs = new Map<string, Exec>();
  const shims = new Map<string, ShimConnection>();
  const {roots, life} = parts;

  const get = (id: string): Exec => {
    const exec = execs.get(id);
    if (exec === undefined) throw new TnetError('ERR_EXEC_NOT_FOUND', `No such exec instance: ${id}`);
    return exec;
  };
  const setState = (id: string, state: Partial<ExecState>): void => {
    const exec = execs.get(id);
    if (exec) execs.set(id, {...exec, state: {...exec.state, ...state}});
  };
  const tell = (
    {id, container, config}: Exec,
    action: string,
    attributes: Readonly<Record<string, string>> = {},
  ): void =>
    parts.emit(
      containerEvent(parts.find(container), action === 'exec_die' ? action : `${action}: ${config.args.join(' ')}`, {
        execID: id,
        ...attributes,
      }),
    );

  const finish = async (id: string, pid: number): Promise<void> => {
    const exec = execs.get(id);
    shims.delete(id);
    if (exec === undefined) return;
    const exitCode = (await readExitCode(execPlaces(roots, exec.container, id).exitRecord)) ?? 137;
    setState(id, {status: 'exited', pid: 0, exitCode});
    if (pid > 0 && parts.list().some(container => container.id === exec.container))
      tell(exec, 'exec_die', {exitCode: String(exitCode)});
    setTimeout(() => void drop(id), keepMs).unref();
  };
  const supervise = (id: string, shim: ShimConnection, pid: number): Promise<void> => {
    shims.set(id, shim);
    setState(id, {status: 'running', pid});
    return shim.exited.then(() => (shims.get(id) === shim ? finish(id, pid) : undefined));
  };
  const drop = async (id: string): Promise<void> => {
    const exec = execs.get(id);
    execs.delete(id);
    if (exec === undefined) return;
    const {description, exitRecord} = execPlaces(roots, exec.container, id);
    for (const path of [description, exitRecord]) await rm(path, {force: true});
  };
  /** With its container ends every one; the files go, what is known stays a while for who still asks. */
  const endWith = (container: string): void =>
    void life.ended(container).then(async () => {
      watched.delete(container);
      for (const {id, state} of of(container)) if (state.status === 'created') execs.delete(id);
      await rm(execFolder(roots, container), {recursive: true, force: true});
    });
  const watched = new Set<string>();
  const watch = (container: string): void => {
    if (watched.has(container)) return;
    watched.add(container);
    endWith(container);
  };
  const of = (container: string): readonly Exec[] => [...execs.values()].filter(exec => exec.container === container);

  const startOne = async (exec: Exec, container: Container, size: TerminalSize): Promise<Duplex> => {
    refuseStopped(container);
    const stream = createAttachStream();
    const image = imageOfContainer(container, parts.resolveImage);
    let resolve = (): void => {};
    const known = new Promise<void>(settle => (resolve = settle));
    const {shim, pid} = await startExec(parts, {exec, container, size, image, stream, known});
    void supervise(exec.id, shim, pid).finally(resolve);
    return stream.duplex;
  };

  return {
    get,
    of,
    create(container, config) {
      refuseStopped(container);
      const exec: Exec = {id: parts.newId(), container: container.id, config, state: neverRun};
      execs.set(exec.id, exec);
      watch(container.id);
      tell(exec, 'exec_create');
      return exec;
    },
    async start(id, size) {
      const exec = get(id);
      if (exec.state.status !== 'created')
        throw new TnetError(
          'ERR_CONFLICT',
          exec.state.status === 'running'
            ? `Error: Exec command ${id} is already running`
            : `Error: Exec command ${id} has already run`,
        );
      setState(id, {status: 'running'});
      let duplex: Duplex | undefined;
      try {
        tell(exec, 'exec_start');
        await life.alone(exec.container, async container => {
          duplex = await startOne(exec, container, size ?? exec.config.streams.consoleSize ?? unknownSize);
        });
      } catch (error) {
        setState(id, {status: 'exited', exitCode: failureCode(error)});
        setTimeout(() => void drop(id), keepMs).unref();
        throw error;
      }
      return duplex!;
    },
    resize: (id, size) => shims.get(get(id).id)?.resize(size),
    kill: id => shims.get(id)?.signal(signalNumber('KILL')),
    async forget(id) {
      if (execs.get(id)?.state.status !== 'running') await drop(id);
    },
    async recover() {
      for (const container of parts.list()) {
        if (container.state.status !== 'running') {
          await rm(execFolder(roots, container.id), {recursive: true, force: true});
          continue;
        }
        for (const exec of await readExecs(roots, container.id)) {
          execs.set(exec.id, exec);
          watch(container.id);
          const shim = await connectShim(execPlaces(roots, container.id, exec.id).socket).catch(() => null);
          if (shim) void supervise(exec.id, shim, exec.state.pid);
          else await finish(exec.id, 0);
        }
      }
      await sweepSockets(roots, [...shims.keys()]);
    },
    close() {
      const open = [...shims.values()];
      shims.clear();
      for (const shim of open) shim.close();
    },
  };
}

/** moby daemon/exec.go, getActiveContainer. */
function refuseStopped({id, state}: Container): void {
  const {status, paused} = state;
  if (paused) throw new TnetError('ERR_CONFLICT', `Container ${id} is paused, unpause the container before exec`);
  if (status === 'restarting')
    throw new TnetError('ERR_CONFLICT', `Container ${id} is restarting, wait until the container is running`);
  if (status !== 'running') throw new TnetError('ERR_CONFLICT', `container ${id} is not running`);
}

/** As of a container that does not start: 127, 126, and 128 for the rest. */
function failureCode(error: unknown): number {
  const exit = error instanceof TnetError ? errorStatus(error.code).exit : 1;
  return exit === 126 || exit === 127 ? exit : 128;
}
