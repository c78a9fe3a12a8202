import {readdir, readFile, rm} from 'node:fs/promises';
import {join} from 'node:path';
import type {Roots} from '../places.ts';
import type {Exec} from './exec.ts';
import {execFolder, execPlaces, execSocketsDir} from './exec-places.ts';

/** What the last daemon wrote down about the execs of a container. */
export async function readExecs(roots: Roots, container: string): Promise<readonly Exec[]> {
  const folder = execFolder(roots, container);
  const names = (await readdir(folder).catch(() => [])).filter(name => name.endsWith('.json'));
  const read = await Promise.all(names.map(name => readFile(join(folder, name), 'utf8').catch(() => '')));
  return read.flatMap(parseExec);
}

/** A daemon that was killed while it wrote has started nothing yet. */
function parseExec(text: string): readonly Exec[] {
  try {
    return [JSON.parse(text) as Exec];
  } catch {
    return [];
  }
}

/** Null when there is no record: the shim itself was killed. */
export async function readExitCode(path: string): Promise<number | null> {
  try {
    return (JSON.parse(await readFile(path, 'utf8')) as {exitCode: number}).exitCode;
  } catch {
    return null;
  }
}

/** Removes the sockets of shims that were killed; `living` are ids. */
export async function sweepSockets(roots: Roots, living: readonly string[]): Promise<void> {
  const known = new Set(living.map(id => execPlaces(roots, '', id).socket));
  const folder = execSocketsDir(roots);
  for (const name of await readdir(folder).catch(() => [])) {
    const path = join(folder, name);
    if (!known.has(path)) await rm(path, {force: true});
  }
}
