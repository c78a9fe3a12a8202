import {TnetError} from '../errors.ts';

export interface ProcessTable {
  readonly titles: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/** `?ps_args=`, split at blanks as Docker does. `-o pid=x` would rename the column by which processes are told. */
export function psArguments(text: string): readonly string[] {
  if (text.includes('\0')) throw new TnetError('ERR_BAD_REQUEST', 'ps: an option contains a NUL byte');
  const args = text.split(/\s+/).filter(Boolean);
  for (const [, name] of text.matchAll(/\s+([^\s]*)=\s*(PID[^\s]*)/g))
    if (name !== 'pid') throw new TnetError('ERR_BAD_REQUEST', `specifying "${name}=PID" is not allowed`);
  return args.length > 0 ? args : ['-ef'];
}

/** What ps(1) printed, with only those whose PID is in `pids`. The last column may hold blanks. */
export function parsePs(output: string, pids: readonly number[]): ProcessTable {
  const [head = '', ...lines] = output.split('\n').filter(line => line.trim() !== '');
  const titles = head.trim().split(/\s+/);
  const at = titles.indexOf('PID');
  if (at < 0) throw new TnetError('ERR_BAD_REQUEST', "Couldn't find PID field in ps output");
  const wanted = new Set(pids);
  const rows = lines.map(line => splitRow(line, titles.length)).filter(row => wanted.has(Number(row[at])));
  return {titles, rows};
}

function splitRow(line: string, columns: number): readonly string[] {
  const fields = line.trim().split(/\s+/);
  return [...fields.slice(0, columns - 1), fields.slice(columns - 1).join(' ')];
}
