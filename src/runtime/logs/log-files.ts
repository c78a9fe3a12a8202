import {type FileHandle, open, readdir, stat} from 'node:fs/promises';
import {basename, dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';

/** One file of a log, held open: what it is renamed to meanwhile does not matter. */
export interface LogFile {
  readonly handle: FileHandle;
  readonly inode: number;
}

/** A rotation is a handful of renames, some 50 µs; one that goes on for ever does not stop us. */
const attempts = 50;

/**
 * Every file of a log, oldest first: `<path>.2`, `<path>.1`, `<path>`. The shim renames them one after the other, so they
 * are taken as they are only when a second look finds the same, and the one that is written among them. Empty when there is no log.
 */
export async function openLogFiles(path: string): Promise<readonly LogFile[]> {
  for (let attempt = 1; ; attempt++) {
    const names = await logNames(path);
    const files = await openEach(names);
    if (attempt === attempts || (await areStill(names, files, path))) return files.filter(file => file !== null);
    await closeLogFiles(files.filter(file => file !== null));
    await sleep(1);
  }
}

export async function closeLogFiles(files: readonly LogFile[]): Promise<void> {
  await Promise.all(files.map(({handle}) => handle.close()));
}

/** Whether `file` has a successor: between two renames there is none for a moment. */
export async function isRotated(file: LogFile, path: string): Promise<boolean> {
  const inode = await inodeOf(path);
  return inode !== null && inode !== file.inode;
}

async function logNames(path: string): Promise<readonly string[]> {
  const [folder, name] = [dirname(path), basename(path)];
  const names = await readdir(folder).catch(() => []);
  const age = (each: string): number =>
    each === name ? 0 : each.startsWith(`${name}.`) ? Number(each.slice(name.length + 1)) : Number.NaN;
  return names
    .filter(each => !Number.isNaN(age(each)))
    .sort((a, b) => age(b) - age(a))
    .map(each => join(folder, each));
}

function openEach(names: readonly string[]): Promise<readonly (LogFile | null)[]> {
  return Promise.all(
    names.map(async name => {
      const handle = await open(name).catch(() => null);
      return handle && {handle, inode: (await handle.stat()).ino};
    }),
  );
}

async function areStill(names: readonly string[], files: readonly (LogFile | null)[], path: string): Promise<boolean> {
  const now = await logNames(path);
  const inodes = await Promise.all(now.map(inodeOf));
  return (
    now.join() === names.join() &&
    (now.length === 0 || now.at(-1) === path) &&
    inodes.every((inode, i) => inode !== null && inode === files[i]?.inode)
  );
}

async function inodeOf(path: string): Promise<number | null> {
  return (await stat(path).catch(() => null))?.ino ?? null;
}
