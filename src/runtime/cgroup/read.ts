import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {CgroupHost} from './host.ts';
import {childCgroups, hierarchies, processesIn, subtree, unlessMissing} from './tree.ts';
import {isV2} from './write.ts';

/** Whether the kernel killed a process of the cgroup for want of memory; ask before removeCgroup(). */
export function readOomKilled(host: CgroupHost, path: string): boolean {
  return countOomKills(host, path) > 0;
}

/**
 * How many processes of the cgroup the kernel killed for want of memory. The count is raised before the signal is sent
 * (mm/oom_kill.c), so once the container's exit is seen it is final. It is `oom_kill` that counts, not `oom`, which also
 * counts reclaims that failed without a victim.
 */
export function countOomKills(host: CgroupHost, path: string): number {
  const root = host.controllers.get('memory');
  if (root === undefined) return 0;
  // v2 sums up the tree by itself; v1 counts each cgroup alone, and the container may have made some.
  const [file, dirs] = isV2(host, 'memory')
    ? ['memory.events', [join(root, path)]]
    : ['memory.oom_control', subtree(join(root, path))];
  return dirs.reduce((sum, dir) => sum + Number(/^oom_kill (\d+)$/m.exec(readOr(join(dir, file)))?.[1] ?? 0), 0);
}

/** Pids of the host that are in the container's cgroup, whatever pid namespaces they made. */
export function cgroupProcesses(host: CgroupHost, path: string): number[] {
  const [root] = host.unified === null ? hierarchies(host) : [host.unified];
  return root === undefined ? [] : processesIn(join(root, path));
}

/** Names of the cgroups in `parent`, in whatever hierarchy: what a crash has left. */
export function listCgroups(host: CgroupHost, parent: string): string[] {
  return [...new Set(hierarchies(host).flatMap(root => childCgroups(join(root, parent))))].sort();
}

function readOr(file: string): string {
  return unlessMissing(() => readFileSync(file, 'utf8')) ?? '';
}
