import {readdirSync, readFileSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';

const mounts = '/sys/fs/cgroup';

/**
 * Names (`tnet/INSTANCE`) of the cgroups in which a lab's own daemon put containers that run. Asked before the lab ends: cgroups
 * are the machine's and outlive their processes.
 */
export function cgroupsOf(holderPid: number): readonly string[] {
  const proc = `/proc/${holderPid}/root/proc`; // mounted in the lab: shows its processes, containers' too
  const pids = foldersIn(proc).filter(name => /^\d+$/.test(name));
  return [...new Set(pids.flatMap(pid => instancesIn(textOf(`${proc}/${pid}/cgroup`))))];
}

/** In every hierarchy, deepest first, as rmdir wants it. What is gone, or not ours to remove, stays. */
export function removeCgroups(names: readonly string[]): void {
  const hierarchies = ['.', ...foldersIn(mounts)];
  for (const name of names) for (const hierarchy of hierarchies) removeTree(join(mounts, hierarchy, name));
}

function removeTree(folder: string): void {
  for (const child of foldersIn(folder)) removeTree(join(folder, child));
  try {
    rmdirSync(folder);
  } catch {
    // Not in this hierarchy.
  }
}

function instancesIn(cgroup: string): readonly string[] {
  return [...cgroup.matchAll(/\/(tnet\/[0-9a-f]{12})(?=\/|$)/gm)].map(([, name]) => name!);
}

/** Empty when it is gone. */
function foldersIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder, {withFileTypes: true}).flatMap(entry => (entry.isDirectory() ? [entry.name] : []));
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
