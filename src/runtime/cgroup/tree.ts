import {mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync} from 'node:fs';
import {dirname, join} from 'node:path';
import {KernelError, TnetError} from '../../errors.ts';
import type {CgroupHost} from './host.ts';

/** What Limits need; they get a cgroup even when nothing is limited yet, so that a later update moves no process. */
export const limitControllers = ['cpu', 'cpuset', 'memory', 'pids', 'blkio', 'io'] as const;

/**
 * Mount points of the hierarchies in which a container has a cgroup. Each costs ~0.05 ms to make and ~0.15 ms to join, so
 * only those that we use: the controllers of Limits (blkio's is where block I/O is counted, too); the unified one, which
 * tracks, freezes, kills and counts cpu time even without controllers; where it is missing, v1's freezer (to pause and to
 * kill) and cpuacct (to count); v1's devices, which keeps a container from the machine's.
 */
export function hierarchies(host: CgroupHost): readonly string[] {
  const always = [...limitControllers, 'devices'];
  const names = host.unified === null ? [...always, 'freezer', 'cpuacct'] : always;
  const roots = names.map(name => host.controllers.get(name)).filter(root => root !== undefined);
  return [...new Set(host.unified === null ? roots : [...roots, host.unified])];
}

/** `a/b/c` → `a`, `a/b`, `a/b/c`. Throws TypeError for a path that would leave the hierarchy or be its root. */
export function pathPrefixes(path: string): string[] {
  const parts = path.split('/');
  if (parts.some(part => ['', '.', '..'].includes(part))) throw new TypeError(`invalid cgroup path "${path}"`);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** `dir` and all cgroups below it, deepest first, which is the order rmdir wants. Any of them may be gone when it is used. */
export function subtree(dir: string): string[] {
  return [...childCgroups(dir).flatMap(name => subtree(join(dir, name))), dir];
}

/** Every directory in a cgroup file system is a cgroup. */
export function childCgroups(dir: string): string[] {
  const entries = unlessMissing(() => readdirSync(dir, {withFileTypes: true})) ?? [];
  return entries.filter(entry => entry.isDirectory()).map(entry => entry.name);
}

/** Not mkdir's `recursive`: Node 20 never returns from it when the kernel says ENOENT though the parent exists (seen in /proc). */
export function makeUnlessThere(dir: string): void {
  try {
    mkdirSync(dir);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
}

/** EBUSY while a process or a cgroup is left in it; its files need no deleting. */
export function removeTree(dir: string): void {
  for (const cgroup of subtree(dir)) unlessMissing(() => rmdirSync(cgroup));
}

/** Removes the parents of `path` that are empty now; others' children there are no failure (rmdir: EBUSY or ENOTEMPTY). */
export function removeEmptyParents(root: string, path: string): void {
  for (const parent of pathPrefixes(path).slice(0, -1).toReversed())
    try {
      rmdirSync(join(root, parent));
    } catch {
      return;
    }
}

/** Live processes in `dir` and below, zombies left out; 0, a process outside our pid namespace, is left out too. */
export function processesIn(dir: string): number[] {
  return subtree(dir)
    .flatMap(cgroup => readProcs(cgroup).split('\n'))
    .map(Number)
    .filter(pid => pid > 0);
}

/** A threaded cgroup (v2) refuses to tell (EOPNOTSUPP): its processes stand in the list of the one above it. */
function readProcs(dir: string): string {
  try {
    return readFileSync(join(dir, 'cgroup.procs'), 'utf8');
  } catch (error) {
    if (['ENOENT', 'ENODEV', 'EOPNOTSUPP', 'ENOTSUP'].includes(errorCode(error))) return '';
    throw error;
  }
}

/** `r+` and not the usual `w`: a missing file shall be ENOENT, and not an attempt to create one. */
export function writeCgroupFile(file: string, value: string): void {
  writeFileSync(file, value, {flag: 'r+'});
}

/**
 * A fresh v1 cpuset has no cpus and no memory nodes, and refuses every process (ENOSPC) until it has; v2 inherits. From the
 * top down, for those that are made.
 */
export function seedCpuset(dir: string): void {
  for (const name of ['cpuset.cpus', 'cpuset.mems']) {
    if (readFileSync(join(dir, name), 'utf8').trim() !== '') continue;
    writeCgroupFile(join(dir, name), readFileSync(join(dirname(dir), name), 'utf8').trim());
  }
}

/** False when the file does not exist: an older kernel, another hierarchy, a cgroup that is gone. */
export function tryWrite(file: string, value: string): boolean {
  return unlessMissing(() => writeCgroupFile(file, value) ?? true) ?? false;
}

/** Undefined when the cgroup or file is gone: ENOENT at open, ENODEV when it vanished between open and read or write. */
export function unlessMissing<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch (error) {
    if (['ENOENT', 'ENODEV'].includes(errorCode(error))) return undefined;
    throw error;
  }
}

export function errorCode(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? '';
}

/** A failed system call as our error; anything else as it is. */
export function asKernelError(what: string, error: unknown): unknown {
  const {errno, code} = error as NodeJS.ErrnoException;
  if (error instanceof TnetError || errno === undefined) return error;
  return new KernelError(`${what}: ${code}`, {errno: -errno, cause: error});
}
