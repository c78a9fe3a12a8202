import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import {type Freezer, freezers} from './freeze.ts';
import type {CgroupHost} from './host.ts';
import {errorCode, hierarchies, processesIn, subtree, tryWrite, unlessMissing} from './tree.ts';

const killTimeoutMs = 10_000;

/**
 * SIGKILLs every process in the cgroup and below; resolves when none is left alive (zombies wait for their parents).
 * A missing cgroup is fine. One write to cgroup.kill where there is one (v2 or hybrid, Linux ≥ 5.14), which no fork
 * outruns; else freeze, signal, thaw until it is empty. ERR_KERNEL when processes remain for 10 s (uninterruptible sleep).
 */
export async function killCgroup(host: CgroupHost, path: string): Promise<void> {
  const v2 = host.unified !== null;
  const root = host.unified ?? host.controllers.get('freezer') ?? hierarchies(host)[0];
  if (root === undefined) return;
  const dir = join(root, path);
  const atOnce = v2 && tryWrite(join(dir, 'cgroup.kill'), '1');
  for (
    let waitMs = 1, leftMs = killTimeoutMs;
    isPopulated(dir, v2);
    leftMs -= waitMs, waitMs = Math.min(waitMs * 2, 50)
  ) {
    if (leftMs <= 0) throw unkillable(dir);
    if (!atOnce) killFrozen(dir, v2 ? freezers.v2 : freezers.v1);
    await setTimeout(waitMs);
  }
}

function killFrozen(dir: string, freezer: Freezer): void {
  tryWrite(join(dir, freezer.file), freezer.frozen);
  try {
    for (const pid of processesIn(dir)) signalUnlessGone(pid);
  } finally {
    for (const cgroup of subtree(dir)) tryWrite(join(cgroup, freezer.file), freezer.thawed);
  }
}

function isPopulated(dir: string, v2: boolean): boolean {
  if (!v2) return processesIn(dir).length > 0;
  return /^populated 1$/m.test(unlessMissing(() => readFileSync(join(dir, 'cgroup.events'), 'utf8')) ?? '');
}

function signalUnlessGone(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if (errorCode(error) !== 'ESRCH') throw error;
  }
}

function unkillable(dir: string): TnetError {
  const pids = processesIn(dir).join(', ');
  return new TnetError(
    'ERR_KERNEL',
    `Cannot kill cgroup "${dir}": process ${pids} still lives after ${killTimeoutMs} ms`,
  );
}
