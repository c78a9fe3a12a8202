import {type ChildProcess, spawn} from 'node:child_process';
import {closeSync, openSync, readFileSync, statSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../errors.ts';
import {answers} from './answers.ts';
import {makeFolders} from './make-folders.ts';
import {logPath, pidPath, type Roots, socketPath} from './roots.ts';

export interface EnsureOptions {
  readonly roots: Roots;
  /** Script that node runs as the daemon. */
  readonly daemon: string;
  /** Called when one is started. */
  readonly onStart?: () => void;
  readonly timeoutMs: number;
}

const pollMs = 15;
/** After losing the race for the lock: how long the winner may take before we look whether it is still there. */
const graceMs = 1000;

/**
 * Makes sure that a daemon answers. Any number of clients may do so at once: each may start a process, the one that
 * gets the lock serves, the others leave with exit code 0. Throws ERR_DAEMON with the daemon's own last words when it dies.
 */
export async function ensureDaemon({roots, daemon, onStart, timeoutMs}: EnsureOptions): Promise<void> {
  const socket = socketPath(roots);
  if (await answers(socket)) return;
  onStart?.();
  const deadline = Date.now() + timeoutMs;
  while (Date.now() < deadline) {
    const {child, logOffset} = launch(roots, daemon);
    const exit = await answersOrExits(socket, child, deadline);
    if (exit === 'answers') return dismissLoser(child, roots);
    if (exit !== 0) throw new TnetError('ERR_DAEMON', `Cannot start the daemon: ${lastWords(roots, logOffset)}`);
    if (await answersWithin(socket, Math.min(deadline, Date.now() + graceMs))) return;
  }
  throw new TnetError(
    'ERR_DAEMON',
    `Cannot start the daemon: nothing answers on "${socket}" after ${timeoutMs / 1000} s (TNET_START_TIMEOUT); see ${logPath(roots)}`,
  );
}

/** Detached (its own session) with its output in the log, and without the client's certificates: Node 20 reads them at start, 30–45 ms. */
function launch(roots: Roots, daemon: string): {child: ChildProcess; logOffset: number} {
  makeFolders(roots.root, 0o711);
  const log = openSync(logPath(roots), 'a', 0o600);
  const {NODE_EXTRA_CA_CERTS: _, ...env} = process.env;
  const logOffset = statSync(logPath(roots)).size;
  const args = [daemon, '--detached', '--root', roots.root, '--run-root', roots.runRoot];
  try {
    const child = spawn(process.execPath, args, {detached: true, stdio: ['ignore', log, log], cwd: '/', env});
    child.unref();
    return {child, logOffset};
  } finally {
    closeSync(log);
  }
}

async function answersOrExits(socket: string, child: ChildProcess, deadline: number): Promise<'answers' | number> {
  let exit: number | null = null;
  child.once('exit', code => (exit = code ?? 1)).once('error', () => (exit = 1));
  while (Date.now() < deadline) {
    if (await answers(socket)) return 'answers';
    if (exit !== null) return exit;
    await sleep(pollMs);
  }
  return 0;
}

/** Ours may be slower than another client's: should that daemon be stopped soon, ours would find the lock free and serve unasked. */
function dismissLoser(child: ChildProcess, roots: Roots): void {
  if (child.exitCode === null && child.pid !== winnerPid(roots)) child.kill('SIGTERM');
}

/** 0 when it has been stopped already. */
function winnerPid(roots: Roots): number {
  try {
    return Number(readFileSync(pidPath(roots), 'utf8'));
  } catch {
    return 0;
  }
}

async function answersWithin(socket: string, deadline: number): Promise<boolean> {
  while (Date.now() < deadline) {
    if (await answers(socket)) return true;
    await sleep(pollMs);
  }
  return false;
}

/** The last error the daemon logged since `offset`; without one, the last line that says Error, or the last at all. */
function lastWords(roots: Roots, offset: number): string {
  const lines = readFileSync(logPath(roots))
    .subarray(offset)
    .toString()
    .split('\n')
    .filter(line => line.trim() !== '');
  const logged = lines.map(line => /^\S+ error (.*)$/.exec(line)?.[1]).findLast(message => message !== undefined);
  return (
    logged ??
    lines.findLast(line => line.includes('Error: ')) ??
    lines.at(-1) ??
    `it ended without a word; see ${logPath(roots)}`
  );
}
