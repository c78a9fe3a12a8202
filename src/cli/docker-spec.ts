import {lstatSync, mkdirSync, readFileSync, readlinkSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {join, resolve} from 'node:path';
import {TnetError} from '../errors.ts';

/** dockerd also looks in /usr/lib/docker/plugins, and for sockets in /run/docker/plugins. */
export const dockerPlugins = '/etc/docker/plugins';

/**
 * Tells dockerd that its driver `tnet` is at `socket`: by a file that names it, or where dockerd looks for sockets alone, by a link.
 * Returns what was written. Throws ERR_CONFLICT for a file that is not ours and is to be kept.
 */
export function writeDockerSpec(dir: string, socket: string, found: 'replace' | 'refuse'): readonly string[] {
  const {path, link} = placeIn(dir);
  const was = readSpec(path);
  if (was === urlOf(socket)) return [];
  if (was !== null && !isOurs(was) && found === 'refuse')
    throw new TnetError('ERR_CONFLICT', `Cannot write "${path}": it is there already; give --force to replace it`);
  mkdirSync(dir, {recursive: true});
  rmSync(path, {force: true});
  if (link) symlinkSync(socket, path);
  else writeFileSync(path, `${urlOf(socket)}\n`);
  return [path];
}

/** Takes our own back, and nothing else. Returns what was removed. */
export function removeDockerSpec(dir: string): readonly string[] {
  const {path} = placeIn(dir);
  const was = readSpec(path);
  if (was === null || !isOurs(was)) return [];
  rmSync(path);
  return [path];
}

/** dockerd names a plugin after its file. */
function placeIn(dir: string): {readonly path: string; readonly link: boolean} {
  const link = resolve(dir).endsWith('/run/docker/plugins');
  return {path: join(dir, link ? 'tnet.sock' : 'tnet.spec'), link};
}

const urlOf = (socket: string): string => `unix://${socket}`;

/** Also one of another run root. */
const isOurs = (url: string): boolean => /^unix:\/\/.*\/tnet\.sock$/.test(url);

/** Null when there is none. */
function readSpec(path: string): string | null {
  const stat = lstatSync(path, {throwIfNoEntry: false});
  if (stat === undefined) return null;
  if (stat.isSymbolicLink()) return urlOf(readlinkSync(path));
  return stat.isFile() ? readFileSync(path, 'utf8').trim() : '';
}
