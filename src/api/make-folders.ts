import {existsSync, mkdirSync, statSync} from 'node:fs';
import {dirname} from 'node:path';
import {TnetError} from '../errors.ts';

/**
 * As `mkdir -p`, for a root that somebody named. Not by mkdir's `recursive`: Node never returns from it where the kernel
 * says ENOENT though the parent is there, as everywhere in /proc. ERR_DAEMON.
 */
export function makeFolders(path: string, mode: number): void {
  try {
    mkdirSync(path, {mode});
  } catch (cause) {
    const {code, message} = cause as NodeJS.ErrnoException;
    if (code === 'EEXIST' && isDirectory(path)) return;
    if (code !== 'ENOENT' || existsSync(dirname(path)))
      throw new TnetError('ERR_DAEMON', `Cannot create directory "${path}": ${message}`, {cause});
    makeFolders(dirname(path), mode);
    mkdirSync(path, {mode});
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, {throwIfNoEntry: false})?.isDirectory() ?? false;
}
