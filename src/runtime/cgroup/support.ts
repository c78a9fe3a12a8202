import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import type {CgroupHost} from './host.ts';
import {isV2} from './write.ts';

/** Which kinds of limits this machine can keep. */
export interface LimitSupport {
  readonly memory: boolean;
  readonly swap: boolean;
  readonly oomKillDisable: boolean;
  readonly cpuQuota: boolean;
  readonly cpuShares: boolean;
  readonly cpuset: boolean;
  readonly pids: boolean;
}

/** How support is looked for; tests give a tree of their own. */
export interface CgroupFiles {
  exists(path: string): boolean;
  /** Names in a directory. */
  list(dir: string): readonly string[];
}

const machine: CgroupFiles = {exists: existsSync, list: dir => readdirSync(dir)};

/** Controllers that are there, and of those with options in the kernel's configuration (bandwidth, swap) their files. */
export function limitSupport(host: CgroupHost, files: CgroupFiles = machine): LimitSupport {
  const has = (controller: string): boolean => host.controllers.has(controller);
  const hasFile = (controller: string, names: {readonly v1: string; readonly v2: string}): boolean => {
    const root = host.controllers.get(controller);
    if (root === undefined) return false;
    return isV2(host, controller) ? inAChild(root, names.v2, files) : files.exists(join(root, names.v1));
  };
  return {
    memory: has('memory'),
    swap: hasFile('memory', {v1: 'memory.memsw.limit_in_bytes', v2: 'memory.swap.max'}),
    oomKillDisable: has('memory') && !isV2(host, 'memory'),
    cpuQuota: hasFile('cpu', {v1: 'cpu.cfs_quota_us', v2: 'cpu.max'}),
    cpuShares: has('cpu'),
    cpuset: has('cpuset'),
    pids: has('pids'),
  };
}

/**
 * v2 shows limits in no root, and in its children only where the controller is enabled. Where none has it enabled yet, the
 * kernel is taken at its word that it has the controller.
 */
function inAChild(root: string, file: string, files: CgroupFiles): boolean {
  const [controller] = file.split('.');
  const dirs = ['.', ...files.list(root)].map(name => join(root, name));
  const enabled = dirs.filter(dir => files.exists(join(dir, controller === 'cpu' ? 'cpu.weight' : 'memory.max')));
  return enabled.length === 0 || enabled.some(dir => files.exists(join(dir, file)));
}
