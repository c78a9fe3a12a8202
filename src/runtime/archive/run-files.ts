import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import type {Readable, Writable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {TnetError} from '../../errors.ts';
import {filesPath} from '../../kernel/native.ts';
import type {ShimFailure} from '../launch/launch-failure.ts';
import type {LaunchOp} from '../launch/plan-launch.ts';
import {encodeProgram} from '../launch/program.ts';

/** What went wrong in tnet-files: `op` is the step it was at. */
export interface FilesFailure extends ShimFailure {
  readonly step: string;
}

export interface FilesRun {
  /** The archive to unpack. */
  readonly input: Writable;
  /** The archive that is packed, or what `changes` tells. */
  readonly output: Readable;
  /** The answer of `stat`, null for the others; rejects with FilesError. */
  readonly done: Promise<PathStatus | null>;
  /** Ends it early. */
  cancel(): void;
}

/** As lstat(2) has it. */
export interface PathStatus {
  readonly name: string;
  readonly size: number;
  /** Type and permissions. */
  readonly mode: number;
  readonly seconds: number;
  readonly nanoseconds: number;
  /** Where a link leads in the end; '' when it is none. */
  readonly linkTarget: string;
}

export class FilesError extends Error {
  override readonly name = 'FilesError';
  readonly failure: FilesFailure;

  constructor(failure: FilesFailure) {
    super(`${failure.step}: ${failure.call} "${failure.path}": ${failure.text}`);
    this.failure = failure;
  }
}

/** Starts tnet-files with a program: on its fd 3 the steps, 4 the answer; archives by stdin and stdout. */
export function runFiles(ops: readonly LaunchOp[]): FilesRun {
  const process = spawn(filesPath(), [], {env: {}, stdio: ['pipe', 'pipe', 'ignore', 'pipe', 'pipe']});
  const [input, output] = [process.stdin as Writable, process.stdout as Readable];
  const [program, status] = process.stdio.slice(3) as [Writable, Readable];
  for (const stream of [input, output, program, status]) stream.on('error', () => {}); // its end tells why
  program.end(encodeProgram(ops));
  return {input, output, done: finish(process, status, ops), cancel: () => void process.kill('SIGKILL')};
}

async function finish(process: ChildProcess, status: Readable, ops: readonly LaunchOp[]): Promise<PathStatus | null> {
  const [line, [code, signal]] = await Promise.all([text(status), once(process, 'exit')]);
  const {error, stat} = (line === '' ? {} : JSON.parse(line)) as {error?: ShimFailure; stat?: PathStatus};
  if (error) throw new FilesError({...error, step: ops[error.op]?.[0] ?? 'start'});
  if (code !== 0) throw new TnetError('ERR_LAUNCH', `tnet-files ended early: ${String(signal ?? `code ${code}`)}`);
  return stat ?? null;
}
