import type {Change} from '../runtime/archive/changes.ts';
import type {PathStatus} from '../runtime/archive/run-files.ts';

/**
 * Go's os.FileMode for the type bits of st_mode: a bit of its own each, from the top. Not an object: TypeScript 7.0.2 writes
 * octal keys as other numbers.
 */
const types: ReadonlyMap<number, number> = new Map([
  [0o040000, 2 ** 31], // directory
  [0o120000, 2 ** 27], // symbolic link
  [0o060000, 2 ** 26], // block device
  [0o020000, 2 ** 26 + 2 ** 21], // character device
  [0o010000, 2 ** 25], // pipe
  [0o140000, 2 ** 24], // socket
]);
const setuid = 2 ** 23;
const setgid = 2 ** 22;
const sticky = 2 ** 20;

export function encodeFileMode(mode: number): number {
  const special =
    (mode & 0o4000 ? setuid : 0) + (mode & 0o2000 ? setgid : 0) + (mode & 0o1000 ? sticky : 0) + (mode & 0o777);
  return (types.get(mode & 0o170000) ?? 0) + special;
}

/** The header X-Docker-Container-Path-Stat: JSON in base64. */
export function encodePathStat({name, size, mode, seconds, nanoseconds, linkTarget}: PathStatus): string {
  const fraction = nanoseconds === 0 ? '' : `.${String(nanoseconds).padStart(9, '0').replace(/0+$/, '')}`;
  const mtime = new Date(seconds * 1000).toISOString().replace('.000Z', `${fraction}Z`);
  return Buffer.from(JSON.stringify({name, size, mode: encodeFileMode(mode), mtime, linkTarget})).toString('base64');
}

const changeKinds = {modified: 0, added: 1, deleted: 2} as const;

/** An entry of GET /containers/{id}/changes. */
export function encodeChange({kind, path}: Change): {readonly Path: string; readonly Kind: 0 | 1 | 2} {
  return {Path: path, Kind: changeKinds[kind]};
}
