import {lstat, readdir} from 'node:fs/promises';
import {join} from 'node:path';

/** Bytes of everything below a directory, hard links once; 0 when it is not there. For trees that no container writes to now. */
export async function diskUsage(dir: string, seen = new Set<string>()): Promise<number> {
  const entries = await readdir(dir, {withFileTypes: true}).catch(() => []);
  let bytes = 0;
  for (const entry of entries) {
    const path = join(dir, entry.name);
    if (entry.isDirectory()) bytes += await diskUsage(path, seen);
    else bytes += await fileBytes(path, seen);
  }
  return bytes;
}

async function fileBytes(path: string, seen: Set<string>): Promise<number> {
  const {dev, ino, nlink, size} = await lstat(path);
  const key = `${dev}:${ino}`;
  if (nlink > 1 && seen.has(key)) return 0;
  seen.add(key);
  return size;
}
