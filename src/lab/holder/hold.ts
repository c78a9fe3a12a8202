import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {createInterface} from 'node:readline';
import type {Writable} from 'node:stream';
import {TnetError} from '../../errors.ts';
import {labPath} from '../../kernel/native.ts';

/** A process that owns the namespaces of a lab, in our hands yet: it dies with us unless it is kept. */
export interface Holder {
  readonly pid: number;
  /** From now on it lives until it is killed. */
  keep(): void;
}

/** Starts the holder of a lab with a network namespace for each of `nodes`, and one for the host. */
export async function hold(nodes: readonly string[]): Promise<Holder> {
  const child = spawn(labPath(), ['hold', ...nodes], {stdio: ['ignore', 'pipe', 'pipe', 'pipe'], cwd: '/'});
  // Not stdin: node closes that when the process that it started ends, and the holder is that one's child.
  const keeper = child.stdio[3] as Writable;
  keeper.on('error', () => {});
  const words: string[] = [];
  child.stderr!.on('data', (data: Buffer) => words.push(data.toString()));
  const pid = await readPid(child);
  if (pid === null) throw new TnetError('ERR_KERNEL', `Cannot make the lab's namespaces: ${reason(words, child)}`);
  return {
    pid,
    keep() {
      keeper.end('k');
      child.stdout!.destroy();
      child.stderr!.destroy();
    },
  };
}

/** Two lines, in any order: the number the holder has for us, and that it is ready. Null when it ended before. */
async function readPid(child: ChildProcess): Promise<number | null> {
  let [pid, ready] = [null as number | null, false];
  const lines = createInterface({input: child.stdout!});
  child.once('error', () => lines.close());
  for await (const line of lines) {
    if (line === 'ready') ready = true;
    else pid = Number(line.replace('pid ', ''));
    if (ready && pid !== null) return pid;
  }
  if (child.exitCode === null && child.pid !== undefined) await once(child, 'exit');
  return null;
}

function reason(words: readonly string[], child: ChildProcess): string {
  const said = words.join('').trim();
  if (/Operation not permitted/.test(said)) return `${said}; labs need root`;
  return said || (child.pid === undefined ? `"${labPath()}" is missing; run npm run build` : 'it ended without a word');
}
