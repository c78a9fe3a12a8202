import {existsSync, mkdirSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/limits.ts';
import {blockDeviceNumber} from './block-device.ts';
import {enableControllers} from './controllers.ts';
import type {CgroupHost} from './host.ts';
import {planLimits} from './plan.ts';
import {
  asKernelError,
  errorCode,
  hierarchies,
  makeUnlessThere,
  pathPrefixes,
  processesIn,
  removeEmptyParents,
  removeTree,
  seedCpuset,
  writeCgroupFile,
} from './tree.ts';
import {type CgroupWrite, isV2} from './write.ts';
import {prepareParents, writeLimit} from './write-limit.ts';

export interface CreatedCgroup {
  /** For CLONE_INTO_CGROUP; null when no v2 hierarchy is mounted. */
  readonly unifiedDir: string | null;
}

/**
 * Makes the cgroup `path` (`tnet/<instance>/<container id>`) in every hierarchy we use and writes its limits, before any
 * process is in it: what is charged earlier would escape them. All or nothing. ERR_UNSUPPORTED for a limit that this
 * machine cannot keep, ERR_CONFLICT when processes live in a cgroup of that name, ERR_KERNEL for a refused write.
 */
export function createCgroup(host: CgroupHost, path: string, limits: Limits): CreatedCgroup {
  const writes = planLimits(limits, host, blockDeviceNumber);
  const made: string[] = [];
  try {
    for (const root of hierarchies(host)) {
      makeCgroup(host, root, path);
      made.push(root);
    }
    delegateControllers(host, path, writes);
    prepareParents(host, path, writes);
    for (const write of writes) writeLimit(host, path, write);
  } catch (error) {
    throw rollback(made, path, error);
  }
  return {unifiedDir: host.unified === null ? null : join(host.unified, path)};
}

/**
 * Puts a process into the v1 hierarchies, the unified one excepted: there CLONE_INTO_CGROUP has put it at birth. Call it
 * before the process makes its cgroup namespace, whose root is where it stands then. ~0.15 ms a hierarchy.
 */
export function joinCgroup(host: CgroupHost, path: string, pid: number): void {
  if (!Number.isSafeInteger(pid) || pid <= 0) throw new RangeError(`invalid pid ${pid}`); // 0 would move ourselves
  for (const root of hierarchies(host).filter(each => each !== host.unified)) {
    const dir = join(root, path);
    // A container that an older tnet has started has none there, and may do without.
    if (root === host.controllers.get('devices') && !existsSync(dir)) continue;
    attempt(`Cannot move process ${pid} into cgroup "${dir}"`, () =>
      writeCgroupFile(join(dir, 'cgroup.procs'), String(pid)),
    );
  }
}

/** Another daemon may remove the empty parents that we count on; then the climb begins again. */
function makeCgroup(host: CgroupHost, root: string, path: string): void {
  const seed = root === host.controllers.get('cpuset') && !isV2(host, 'cpuset') ? seedCpuset : () => {};
  for (let attemptsLeft = 10; ; attemptsLeft--)
    try {
      for (const parent of pathPrefixes(path).slice(0, -1)) {
        makeUnlessThere(join(root, parent));
        seed(join(root, parent));
      }
      makeLeaf(join(root, path));
      seed(join(root, path));
      return;
    } catch (error) {
      if (['ENOENT', 'ENODEV'].includes(errorCode(error)) && attemptsLeft > 0) continue;
      removeEmptyParents(root, path);
      throw asKernelError(`Cannot create cgroup "${join(root, path)}"`, error);
    }
}

/** v2 hands controllers down one level at a time. After the leaf is made, which holds its parents against any removal. */
function delegateControllers(host: CgroupHost, path: string, writes: readonly CgroupWrite[]): void {
  if (host.unified === null) return;
  const required = writes.map(write => write.controller);
  for (const parent of ['', ...pathPrefixes(path).slice(0, -1)])
    enableControllers(host, join(host.unified, parent), required);
}

/** A leftover of a crash that holds no process is replaced, so that none of its limits and counters live on. */
function makeLeaf(dir: string): void {
  try {
    mkdirSync(dir);
    return;
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
  }
  const pids = processesIn(dir);
  if (pids.length > 0)
    throw new TnetError(
      'ERR_CONFLICT',
      `Cannot create cgroup "${dir}": it exists and holds process ${pids.join(', ')}`,
    );
  removeTree(dir);
  mkdirSync(dir);
}

function rollback(made: readonly string[], path: string, error: unknown): unknown {
  const failures: unknown[] = [];
  for (const root of made)
    try {
      removeTree(join(root, path));
      removeEmptyParents(root, path);
    } catch (failure) {
      failures.push(failure);
    }
  return failures.length === 0 ? error : new AggregateError([error, ...failures], `Cannot undo cgroup "${path}"`);
}

function attempt(what: string, action: () => void): void {
  try {
    action();
  } catch (error) {
    throw asKernelError(what, error);
  }
}
