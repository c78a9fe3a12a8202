import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import type {Readable, Writable} from 'node:stream';
import {TnetError} from '../../errors.ts';
import {shimPath} from '../../kernel/native.ts';
import {guardedShim} from './guarded-shim.ts';
import {launchError, type ShimFailure} from './launch-failure.ts';
import type {LaunchOp} from './plan-launch.ts';
import {encodeProgram} from './program.ts';

export interface Launched {
  /** Of the container's pid 1, seen from here. */
  readonly pid: number;
  readonly shimPid: number;
}

export interface LaunchHooks {
  /** The process exists and waits, the shim listens: time to join cgroups and to connect. When it throws, nothing is left. */
  readonly beforeGo: (pid: number) => Promise<void>;
}

/**
 * Carries out what planLaunch() planned. The shim it starts stays behind when this process ends. ERR_COMMAND_NOT_FOUND,
 * ERR_COMMAND_NOT_EXECUTABLE, ERR_LAUNCH: nothing is left but the log file then.
 */
export async function launch(ops: readonly LaunchOp[], {beforeGo}: LaunchHooks): Promise<Launched> {
  const shim = startShim(ops);
  try {
    const pid = await shim.awaitPid();
    await beforeGo(pid);
    shim.gate.write('g');
    await shim.awaitStarted();
    return {pid, shimPid: shim.process.pid!};
  } catch (error) {
    shim.gate.destroy(); // the container's process reads the end of it, and dies
    await shim.ended;
    throw error;
  } finally {
    shim.letGo();
  }
}

/** On its fd 3 the program, 4 the status, 5 the gate. The environment is empty: the container's is in the program. */
function startShim(ops: readonly LaunchOp[]) {
  const program = encodeProgram(ops);
  const process = spawn(guardedShim(), [socketOf(ops)], {
    argv0: shimPath(),
    detached: true,
    env: {},
    stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
  });
  const ended = awaitEnd(process);
  const [input, status, gate] = process.stdio.slice(3) as [Writable, Readable, Writable];
  for (const stream of [input, status, gate]) stream.on('error', () => {}); // of a shim that failed, which its status tells
  const next = statusReader(status, ops);
  input.end(program);
  return {
    process,
    gate,
    ended,
    awaitPid: async (): Promise<number> => Number((await next(ended)).pid),
    awaitStarted: async (): Promise<void> => void (await next(ended)),
    letGo(): void {
      for (const stream of [input, status, gate]) stream.destroy();
      process.unref();
    },
  };
}

/** Shown by ps(1), where it tells the shims apart. */
function socketOf(ops: readonly LaunchOp[]): string {
  return ops.find(([name]) => name === 'socket')?.[1] ?? '';
}

/** Resolves with why it could not be started or how it ended; never rejects. */
async function awaitEnd(process: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(process, 'exit')) as [number | null, string | null];
    return signal ?? `code ${code}`;
  } catch (error) {
    return (error as Error).message;
  }
}

interface Status {
  readonly pid?: number;
  readonly started?: true;
  readonly error?: ShimFailure;
}

/** Reads one status a call; an error, and the end, is thrown. */
function statusReader(stream: Readable, ops: readonly LaunchOp[]): (ended: Promise<string>) => Promise<Status> {
  const lines = createInterface({input: stream})[Symbol.asyncIterator]();
  return async ended => {
    const {value, done} = await lines.next();
    if (done) throw new TnetError('ERR_LAUNCH', `The shim ended early: ${await ended}`);
    const status = JSON.parse(value) as Status;
    if (status.error) throw launchError(ops, status.error);
    return status;
  };
}
