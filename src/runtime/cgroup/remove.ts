import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import type {CgroupHost} from './host.ts';
import {asKernelError, errorCode, hierarchies, pathPrefixes, removeEmptyParents, removeTree} from './tree.ts';

/** A killed process leaves its cgroup a moment after its exit is seen; EBUSY until then. */
const busyTimeoutMs = 2000;

/**
 * Removes the cgroup from every hierarchy, with whatever the container made below it, and parents that are empty then.
 * Nothing there is fine. Goes on where one hierarchy fails, then throws: ERR_KERNEL (EBUSY when processes live in it), or
 * an AggregateError of several.
 */
export async function removeCgroup(host: CgroupHost, path: string): Promise<void> {
  pathPrefixes(path);
  const results = await Promise.allSettled(hierarchies(host).map(root => removePatiently(root, path)));
  const failures = results.flatMap(result => (result.status === 'rejected' ? [result.reason] : []));
  if (failures.length > 1) throw new AggregateError(failures, `Cannot remove cgroup "${path}"`);
  if (failures.length === 1) throw failures[0];
}

async function removePatiently(root: string, path: string): Promise<void> {
  for (let waitMs = 1, leftMs = busyTimeoutMs; ; leftMs -= waitMs, waitMs = Math.min(waitMs * 2, 100))
    try {
      removeTree(join(root, path));
      removeEmptyParents(root, path);
      return;
    } catch (error) {
      if (errorCode(error) !== 'EBUSY' || leftMs <= 0)
        throw asKernelError(`Cannot remove cgroup "${join(root, path)}"`, error);
      await setTimeout(waitMs);
    }
}
