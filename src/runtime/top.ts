import {execFile} from 'node:child_process';
import {TnetError} from '../errors.ts';
import {readProcesses} from './proc-table.ts';
import {type ProcessTable, parsePs, psArguments} from './ps-table.ts';

interface Answer {
  readonly failure: (Error & {readonly code?: unknown}) | null;
  readonly stdout: string;
  readonly stderr: string;
}

/**
 * Processes as ps(1) of the host shows them, those of `pids` alone. Without a ps `-ef` is made from /proc.
 * ERR_BAD_REQUEST for options that hide the column PID, ERR_UNSUPPORTED for any others without a ps.
 */
export async function listProcesses(pids: readonly number[], psArgs: string): Promise<ProcessTable> {
  const args = psArguments(psArgs);
  // Some options, as f, cannot be used together with a list of pids: then all are listed.
  let answer = await ps([...args, `-q${pids.join(',')}`]);
  if (answer.failure !== null && answer.failure.code !== 'ENOENT') answer = await ps(args);
  if (answer.failure === null) return parsePs(answer.stdout, pids);
  if (answer.failure.code !== 'ENOENT')
    throw new TnetError('ERR_BAD_REQUEST', `ps: ${answer.stderr.trim().split('\n')[0] || answer.failure.message}`);
  if (args.join(' ') === '-ef') return readProcesses(pids);
  throw new TnetError('ERR_UNSUPPORTED', `Cannot list processes by "${psArgs}": the host has no ps (Debian: procps)`);
}

/** Without a shell. LC_ALL: titles and times are parsed and compared. */
function ps(args: readonly string[]): Promise<Answer> {
  const options = {env: {PATH: process.env.PATH, LC_ALL: 'C'}, timeout: 10_000, maxBuffer: 1 << 26};
  return new Promise(resolve => {
    execFile('ps', [...args], options, (failure, stdout, stderr) => resolve({failure, stdout, stderr}));
  });
}
