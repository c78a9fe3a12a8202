import {type FSWatcher, watch} from 'node:fs';
import {join} from 'node:path';
import type {CgroupHost} from './host.ts';
import {countOomKills} from './read.ts';
import {isV2} from './write.ts';

/** v1 tells of a kill by eventfd alone, which node has not; one small file read a second is 20 µs. */
const pollMs = 1000;

export interface OomWatch {
  /** Kills that were told before. */
  readonly seen: number;
  /** After each kill, of pid 1 or not; several at once may be told once. */
  readonly onKill: () => void;
}

/**
 * Tells of kills for want of memory in the cgroup. v2 by inotify: the kernel notifies memory.events. Returns what ends the
 * watch, after a last look; it keeps no process alive.
 */
export function watchOom(host: CgroupHost, path: string, {seen, onKill}: OomWatch): () => void {
  const root = host.controllers.get('memory');
  if (root === undefined) return () => {};
  let told = seen;
  const check = (): void => {
    const count = countOomKills(host, path);
    const more = count > told;
    told = count;
    if (more) onKill();
  };
  const watcher = isV2(host, 'memory') ? watchFile(join(root, path, 'memory.events'), check) : null;
  const timer = watcher === null ? setInterval(check, pollMs).unref() : null;
  check();
  return () => {
    watcher?.close();
    if (timer !== null) clearInterval(timer);
    check();
  };
}

/** Null when inotify has no watch left (fs.inotify.max_user_watches). */
function watchFile(file: string, onChange: () => void): FSWatcher | null {
  try {
    return watch(file, {persistent: false}, onChange).on('error', () => {});
  } catch {
    return null;
  }
}
