import {spawn} from 'node:child_process';
import {labPath} from '../../kernel/native.ts';

/** Where a command runs: in the lab of a holder, on a node or, with '', on its host. */
export interface Place {
  readonly holderPid: number;
  readonly node: string;
  readonly cwd: string;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface Finished {
  readonly code: number;
  readonly output: string;
}

/** Runs a command with our own terminal. Resolves to its exit code; 128 + N after signal N. */
export async function enterForeground(place: Place, command: readonly string[]): Promise<number> {
  const ignore = (): void => {};
  process.on('SIGINT', ignore); // the terminal sends it to the command too
  try {
    const child = spawn(labPath(), words('enter', place, command), {
      stdio: 'inherit',
      env: place.env as NodeJS.ProcessEnv,
    });
    return await new Promise<number>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', code => resolve(code ?? 128));
    });
  } finally {
    process.off('SIGINT', ignore);
  }
}

/** What was written before the end is read by then. */
const lastWordsMs = 50;

/** Runs a command and collects what it says on both outputs. After `timeoutMs` it is killed: code 124, as timeout(1). */
export function enterCollecting(place: Place, command: readonly string[], timeoutMs: number): Promise<Finished> {
  const child = spawn(labPath(), words('enter', place, command), {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: place.env as NodeJS.ProcessEnv,
  });
  const parts: string[] = [];
  const take = (data: Buffer): void => void parts.push(data.toString());
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  return new Promise((resolve, reject) => {
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      child.kill('SIGKILL');
    }, timeoutMs);
    child.once('error', reject);
    // Not 'close' alone: what the command left in the background may hold its output open.
    child.once('exit', code => {
      clearTimeout(timer);
      const end = (): void => {
        child.stdout.destroy();
        child.stderr.destroy();
        resolve({code: late ? 124 : (code ?? 128), output: parts.join('')});
      };
      // After one more look at what has arrived: on a busy machine a timer that is due comes before it.
      const patience = setTimeout(() => setImmediate(end), lastWordsMs);
      child.once('close', () => {
        clearTimeout(patience);
        end();
      });
    });
  });
}

/** Starts a shell command in a session of its own, with its output and the session's number in files of the lab. */
export async function startInBackground(place: Place, script: string): Promise<void> {
  const node = place.node || 'host';
  const begin = `exec >>/run/lab/log/${node}.log 2>&1 </dev/null; echo $$ >>/run/lab/run/${node}.sessions`;
  const command = ['sh', '-c', `${begin}; ${script}`];
  const child = spawn(labPath(), words('start', place, command), {
    stdio: 'ignore',
    env: place.env as NodeJS.ProcessEnv,
  });
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => resolve());
  });
}

function words(verb: 'enter' | 'start', {holderPid, node, cwd}: Place, command: readonly string[]): string[] {
  return [verb, `${holderPid}`, node === 'host' ? '' : node, cwd, ...command];
}
