import {spawn} from 'node:child_process';
import {accessSync, constants} from 'node:fs';
import {join} from 'node:path';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {isObject} from './fields.ts';

/**
 * Asks another plugin what its caller asked us, as the specification has it: the same environment, the whole configuration on
 * stdin. Returns its result, null when it has none (DEL). Throws CniError with its code and words.
 */
export async function delegate(
  {env, config, path}: CniRequest,
  type: string,
): Promise<Readonly<Record<string, unknown>> | null> {
  const program = findPlugin(type, path);
  const {code, stdout, stderr} = await run(program, env, JSON.stringify(config));
  const answer = parse(stdout);
  if (code === 0) return answer;
  const {code: cniCode, msg, details} = answer ?? {};
  const message =
    typeof msg === 'string' ? msg : `ended with code ${code}: ${(stderr || stdout).trim().split('\n').at(-1)}`;
  throw new CniError(
    typeof cniCode === 'number' ? cniCode : 999,
    `plugin "${type}": ${message}`,
    String(details ?? ''),
  );
}

/** The first of that name in CNI_PATH, as the callers look too. */
function findPlugin(type: string, path: readonly string[]): string {
  const found = /^[^/]+$/.test(type) ? path.map(folder => join(folder, type)).find(isExecutable) : undefined;
  if (found !== undefined) return found;
  throw new CniError(cniCodes.config, `failed to find plugin "${type}" in path [${path.join(' ')}]`);
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

interface Ended {
  readonly code: number | string;
  readonly stdout: string;
  readonly stderr: string;
}

function run(program: string, env: Readonly<Record<string, string>>, input: string): Promise<Ended> {
  return new Promise(resolve => {
    const child = spawn(program, [], {env, stdio: 'pipe', cwd: '/'});
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    child.stdout.on('data', chunk => out.push(chunk));
    child.stderr.on('data', chunk => err.push(chunk));
    const end = (code: number | string, why = ''): void =>
      resolve({code, stdout: Buffer.concat(out).toString(), stderr: why || Buffer.concat(err).toString()});
    child.on('error', error => end('exec', error.message));
    child.on('close', (code, signal) => end(code ?? signal ?? 'unknown'));
    // It may end without reading.
    child.stdin.on('error', () => {}).end(input);
  });
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}
