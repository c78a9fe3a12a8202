import {execFile} from 'node:child_process';
import {mkdir, readdir, readFile, rename, rm} from 'node:fs/promises';
import {join} from 'node:path';
import {promisify} from 'node:util';
import {TnetError} from '../../errors.ts';
import type {Volume} from '../../model/volume.ts';
import {type Roots, volumePlaces, volumesDir} from '../places.ts';
import {mountArguments} from './local-options.ts';

const execute = promisify(execFile);

/** No name of a volume begins with it: what is on its way out, and the file that says that filling was begun. */
const trashMark = '#';

/** Makes the volume's directory, also one that a crash or somebody's rm has taken. 0711: paths of volumes are for root to list. */
export async function makeData(roots: Roots, {name}: Pick<Volume, 'name'>): Promise<string> {
  const {data} = volumePlaces(roots, name);
  await mkdir(volumesDir(roots), {recursive: true, mode: 0o711});
  await mkdir(data, {recursive: true, mode: 0o755});
  return data;
}

/** The directory, with the file system of the volume's options mounted on it. */
export async function openVolume(roots: Roots, volume: Volume): Promise<string> {
  const data = await makeData(roots, volume);
  const args = mountArguments(volume.options, data);
  if (args === null || (await isMounted(data))) return data;
  try {
    await execute('mount', [...args]);
  } catch (cause) {
    const reason = String((cause as {stderr?: string}).stderr || (cause as Error).message).trim();
    throw new TnetError('ERR_LAUNCH', `error while mounting volume '${data}': ${reason}`, {cause});
  }
  return data;
}

/** Takes the file system off again; a plain directory has none. */
export async function closeVolume(roots: Roots, {name, options}: Volume): Promise<void> {
  const {data} = volumePlaces(roots, name);
  if (mountArguments(options, data) !== null && (await isMounted(data))) await execute('umount', [data]);
}

/**
 * Takes a volume's directory out of sight; `finish` removes its files. Before the store forgets the volume: a crash between
 * leaves an empty volume, never an old content under a new volume's name.
 */
export async function hideData(roots: Roots, name: string): Promise<() => Promise<void>> {
  const hidden = join(volumesDir(roots), `${trashMark}${name}`);
  await rm(hidden, {recursive: true, force: true});
  await rename(volumePlaces(roots, name).dir, hidden).catch(ignoreMissing);
  return () => rm(hidden, {recursive: true, force: true});
}

/** What a crash left half removed. Directories the store does not know are somebody's data, and stay. */
export async function sweepTrash(roots: Roots): Promise<void> {
  const names = await readdir(volumesDir(roots)).catch(() => []);
  for (const name of names.filter(each => each.startsWith(trashMark)))
    await rm(join(volumesDir(roots), name), {recursive: true, force: true});
}

async function isMounted(path: string): Promise<boolean> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  return lines.some(line => line.split(' ')[4] === escapeMount(path));
}

/** As the kernel writes paths there: blanks, tabs, newlines and backslashes in octal. */
function escapeMount(path: string): string {
  return path.replace(/[ \t\n\\]/g, char => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}
