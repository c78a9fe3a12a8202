import {constants} from 'node:fs';
import {type FileHandle, lstat, open, opendir} from 'node:fs/promises';

/** Each level of a tree holds a descriptor while it is walked; what is deeper is not counted. */
const deepest = 256;

/**
 * Bytes of all files below a directory, hard links once; 0 when it is not there. A container may write there meanwhile: each
 * directory is held open and its names are looked up in it alone, so a link that takes a directory's place leads nowhere.
 */
export async function diskUsage(dir: string): Promise<number> {
  return usageBelow(dir, {seen: new Set(), depth: 0});
}

interface Walk {
  readonly seen: Set<string>;
  readonly depth: number;
}

async function usageBelow(dir: string, {seen, depth}: Walk): Promise<number> {
  const handle = depth < deepest ? await openDirectory(dir) : null;
  if (handle === null) return 0;
  const held = `/proc/self/fd/${handle.fd}`;
  let bytes = 0;
  try {
    for await (const entry of await opendir(held)) {
      const path = `${held}/${entry.name}`;
      bytes += entry.isDirectory() ? await usageBelow(path, {seen, depth: depth + 1}) : await fileBytes(path, seen);
    }
  } finally {
    await handle.close();
  }
  return bytes;
}

/** Null where there is none by now. */
function openDirectory(dir: string): Promise<FileHandle | null> {
  return open(dir, constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW).catch(() => null);
}

async function fileBytes(path: string, seen: Set<string>): Promise<number> {
  const status = await lstat(path).catch(() => null);
  if (status === null) return 0;
  const {dev, ino, nlink, size} = status;
  if (nlink === 1) return size;
  const key = `${dev}:${ino}`;
  if (seen.has(key)) return 0;
  seen.add(key);
  return size;
}
