import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {CgroupHost} from './host.ts';
import {childCgroups, hierarchies, subtree, unlessMissing} from './tree.ts';

/**
 * True when the kernel killed a process of the cgroup for want of memory. The count is raised before the signal is sent
 * (mm/oom_kill.c), so once the container's exit is seen it is final; ask before removeCgroup(). It is `oom_kill` that counts,
 * not `oom`, which also counts reclaims that failed without a victim.
 */
export function readOomKilled(host: CgroupHost, path: string): boolean {
  const root = host.controllers.get('memory');
  if (root === undefined) return false;
  // v2 sums up the tree by itself; v1 counts each cgroup alone, and the container may have made some.
  const file = root === host.unified ? 'memory.events' : 'memory.oom_control';
  return subtree(join(root, path)).some(dir => /^oom_kill [1-9]/m.test(readOr(join(dir, file))));
}

/** Names of the cgroups in `parent`, in whatever hierarchy: what a crash has left. */
export function listCgroups(host: CgroupHost, parent: string): string[] {
  return [...new Set(hierarchies(host).flatMap(root => childCgroups(join(root, parent))))].sort();
}

function readOr(file: string): string {
  return unlessMissing(() => readFileSync(file, 'utf8')) ?? '';
}
