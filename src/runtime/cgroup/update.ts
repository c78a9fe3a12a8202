import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {TnetError} from '../../errors.ts';
import type {Limits} from '../../model/limits.ts';
import {blockDeviceNumber} from './block-device.ts';
import type {CgroupHost} from './host.ts';
import {planLimits} from './plan.ts';
import {unlessMissing, writeCgroupFile} from './tree.ts';
import type {CgroupWrite} from './write.ts';
import {chooseWrite, prepareParents, writeLimit} from './write-limit.ts';

export interface LimitsUpdate {
  readonly from: Limits;
  readonly to: Limits;
}

/**
 * Changes the limits of a cgroup that is in use: all of them, or none when a write is refused. Returns what takes them
 * back. ERR_CONFLICT for less memory than is in use, else as createCgroup().
 */
export function updateCgroup(host: CgroupHost, path: string, {from, to}: LimitsUpdate): () => void {
  const writes = inOrder(changedWrites(host, {from, to}), file => readFirst(fileOf(host, path, 'memory', file)));
  refuseShrink(host, path, writes);
  const done: {readonly file: string; readonly was: string}[] = [];
  const undo = (): void => {
    for (const {file, was} of done.splice(0).reverse()) writeCgroupFile(file, was);
  };
  try {
    prepareParents(host, path, writes);
    for (const write of writes.map(each => chooseWrite(host, path, each))) {
      const file = fileOf(host, path, write.controller, write.file);
      const was = readFirst(file);
      writeLimit(host, path, write);
      if (was !== null) done.push({file, was});
    }
  } catch (error) {
    throw undone(undo, error);
  }
  return undo;
}

function changedWrites(host: CgroupHost, {from, to}: LimitsUpdate): readonly CgroupWrite[] {
  const key = ({file, value}: CgroupWrite): string => `${file} ${value}`;
  const before = new Set(planLimits(from, host, blockDeviceNumber).map(key));
  return planLimits(to, host, blockDeviceNumber).filter(write => !before.has(key(write)));
}

const limitFile = 'memory.limit_in_bytes';
const totalFile = 'memory.memsw.limit_in_bytes';

/**
 * v1 refuses (EINVAL) a memory limit above that of memory and swap, at any moment: more than the old total needs the new
 * total first; else the limit goes first. A runtime longer than its period is refused in the same way.
 */
export function inOrder(writes: readonly CgroupWrite[], read: (file: string) => string | null): readonly CgroupWrite[] {
  const limit = writes.find(({file}) => file === limitFile);
  const total = writes.find(({file}) => file === totalFile);
  if (!limit || !total || Number(limit.value) <= Number(read(totalFile) ?? 0)) return writes;
  return [total, ...writes.filter(write => write !== total)];
}

/** v2 takes a limit below what is in use, and kills until it fits. v1 answers EBUSY. */
function refuseShrink(host: CgroupHost, path: string, writes: readonly CgroupWrite[]): void {
  const max = writes.find(({file}) => file === 'memory.max');
  const current = readFirst(fileOf(host, path, 'memory', 'memory.current'));
  if (!max || Number(max.value) >= Number(current ?? 0)) return;
  throw new TnetError('ERR_CONFLICT', `Cannot limit memory to ${max.value} bytes: ${current} bytes are in use`);
}

function fileOf(host: CgroupHost, path: string, ...[controller, file]: readonly [string, string]): string {
  return join(host.controllers.get(controller) ?? '', path, file);
}

function readFirst(file: string): string | null {
  return unlessMissing(() => readFileSync(file, 'utf8').split('\n')[0]!) ?? null;
}

function undone(undo: () => void, error: unknown): unknown {
  try {
    undo();
    return error;
  } catch (failure) {
    return new AggregateError([error, failure], `${(error as Error).message}; and cannot take back what was changed`);
  }
}
