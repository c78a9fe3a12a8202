import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import type {CgroupHost} from './host.ts';
import {errorCode, limitControllers, makeUnlessThere, writeCgroupFile} from './tree.ts';

/**
 * Lets the children of `dir` (v2) use the controllers of Limits; to be called from the root downwards. All at once, else
 * one by one, since one that refuses must not cost the others; only one in `required` is then an error. Having them enabled
 * in our own folder also keeps systemd from switching them off at the root: the kernel answers EBUSY.
 */
export function enableControllers(host: CgroupHost, dir: string, required: readonly string[]): void {
  const wanted = limitControllers.filter(name => host.controllers.get(name) === host.unified);
  if (wanted.length === 0) return;
  const enabled = readFileSync(join(dir, 'cgroup.subtree_control'), 'utf8').split(/\s+/);
  const missing = wanted.filter(name => !enabled.includes(name));
  if (missing.length === 0) return;
  const failure = enable(dir, missing);
  if (failure === null) return;
  if (dir === host.unified && errorCode(failure) === 'EBUSY') emptyIntoLeaf(dir);
  for (const name of missing) {
    const cause = enable(dir, [name]);
    if (cause !== null && required.includes(name)) throw refused(dir, name, cause);
  }
}

/**
 * Waits until an enabling that somebody else has begun is through. cgroup.subtree_control is shown without the kernel's lock
 * and names a controller before its files are there; a write to it takes the lock, even of what is enabled already.
 */
export function settleController(dir: string, name: string): void {
  enable(dir, [name]);
}

/** Null when it worked. */
function enable(dir: string, names: readonly string[]): unknown {
  try {
    writeCgroupFile(join(dir, 'cgroup.subtree_control'), names.map(name => `+${name}`).join(' '));
    return null;
  } catch (error) {
    return error;
  }
}

/**
 * v2 lets a cgroup have processes or controlled children, not both; only the machine's real root may. In a container "the
 * root" is a plain cgroup with the container's own processes in it, and enabling is EBUSY: move them into a leaf, as the
 * entry points of dind, k3s and kind do. A process that is gone by now (ESRCH) needs no moving.
 */
function emptyIntoLeaf(root: string): void {
  const leaf = join(root, 'init');
  try {
    const pids = readFileSync(join(root, 'cgroup.procs'), 'utf8').split('\n');
    makeUnlessThere(leaf);
    for (const pid of pids.filter(each => Number(each) > 0)) moveUnlessGone(join(leaf, 'cgroup.procs'), pid);
  } catch {
    // The caller tries again and reports the kernel's answer to that, which is what the user can act on.
  }
}

function moveUnlessGone(procs: string, pid: string): void {
  try {
    writeCgroupFile(procs, pid);
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

function refused(dir: string, controller: string, cause: unknown): TnetError {
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot use the "${controller}" cgroup controller below "${dir}": ${errorCode(cause)} for "+${controller}" in ` +
      'cgroup.subtree_control; delegate it to this container or unit (systemd: Delegate=yes), or leave the limit out',
    {cause},
  );
}
