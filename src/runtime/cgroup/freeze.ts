import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import type {CgroupHost} from './host.ts';
import {asKernelError, tryWrite, unlessMissing} from './tree.ts';

/** How one version freezes. A frozen v1 process does not even die, so it is thawed after the signal (runc #3134). */
export interface Freezer {
  readonly file: string;
  readonly frozen: string;
  readonly thawed: string;
  /** Where, and by which line, the kernel tells that every process has stopped. */
  readonly report: string;
  readonly done: RegExp;
}

export const freezers: Readonly<Record<'v1' | 'v2', Freezer>> = {
  v1: {file: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED', report: 'freezer.state', done: /^FROZEN$/m},
  v2: {file: 'cgroup.freeze', frozen: '1', thawed: '0', report: 'cgroup.events', done: /^frozen 1$/m},
};

/** A process in an uninterruptible call stops when that has returned. */
const freezeTimeoutMs = 10_000;

/**
 * Stops every process of the cgroup, by the unified hierarchy where there is one, else by v1's freezer. All or nothing:
 * thawed again when one does not stop. ERR_UNSUPPORTED without a freezer, ERR_KERNEL after 10 s.
 */
export async function freezeCgroup(host: CgroupHost, path: string): Promise<void> {
  const {dir, freezer} = freezerOf(host, path);
  const file = join(dir, freezer.file);
  for (let waitMs = 1, leftMs = freezeTimeoutMs; ; leftMs -= waitMs, waitMs = Math.min(waitMs * 2, 50)) {
    // Again each time: v1 misses processes that were being forked.
    if (!attemptWrite(file, freezer.frozen)) throw noFreezer(host);
    if (freezer.done.test(readOr(join(dir, freezer.report)))) return;
    if (leftMs <= 0) {
      tryWrite(file, freezer.thawed);
      throw new TnetError(
        'ERR_KERNEL',
        `Cannot freeze cgroup "${dir}": it has not stopped within ${freezeTimeoutMs} ms`,
      );
    }
    await setTimeout(waitMs);
  }
}

/** A cgroup that is gone by now is fine: its container has ended. */
export function thawCgroup(host: CgroupHost, path: string): void {
  const {dir, freezer} = freezerOf(host, path);
  attemptWrite(join(dir, freezer.file), freezer.thawed);
}

/** Frozen, or on the way there. */
export function isFrozen(host: CgroupHost, path: string): boolean {
  if (host.unified === null && !host.controllers.has('freezer')) return false;
  const {dir, freezer} = freezerOf(host, path);
  return /^(1|FROZEN|FREEZING)$/m.test(readOr(join(dir, freezer.file)));
}

function freezerOf(host: CgroupHost, path: string): {readonly dir: string; readonly freezer: Freezer} {
  if (host.unified !== null) return {dir: join(host.unified, path), freezer: freezers.v2};
  const root = host.controllers.get('freezer');
  if (root === undefined) throw noFreezer(host);
  return {dir: join(root, path), freezer: freezers.v1};
}

function attemptWrite(file: string, value: string): boolean {
  try {
    return tryWrite(file, value);
  } catch (error) {
    throw asKernelError(`Cannot write "${value}" to "${file}"`, error);
  }
}

function readOr(file: string): string {
  return unlessMissing(() => readFileSync(file, 'utf8')) ?? '';
}

function noFreezer({mode}: CgroupHost): TnetError {
  return new TnetError(
    'ERR_UNSUPPORTED',
    `Cannot pause: this machine offers neither cgroup.freeze (cgroup v2, Linux 5.2) nor the "freezer" controller (cgroups: ${mode})`,
  );
}
