import type {BigIntStats, Dirent} from 'node:fs';
import {readdir, realpath, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {TnetError} from '../errors.ts';
import type {DeviceMapping} from '../model/process-settings.ts';
import type {BoundDevice} from './launch/run-spec.ts';

/** The devices behind `--device`: itself, or all below a directory. ERR_LAUNCH in Docker's words for what is not there or is none. */
export async function resolveDevices(mappings: readonly DeviceMapping[]): Promise<readonly BoundDevice[]> {
  return (await Promise.all(mappings.map(resolveMapping))).flat();
}

async function resolveMapping({source, target}: DeviceMapping): Promise<readonly BoundDevice[]> {
  try {
    const path = await realpath(source);
    const status = await stat(path, {bigint: true});
    if (status.isDirectory()) return await devicesBelow(path, target);
    if (!isDevice(status)) throw new Error('not a device node');
    return [nodeOf(path, target, status)];
  } catch (cause) {
    const why =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'no such file or directory' : (cause as Error).message;
    throw new TnetError(
      'ERR_LAUNCH',
      `error gathering device information while adding custom device "${source}": ${why}`,
      {cause},
    );
  }
}

/** As runc's: not terminals, shared memory and queues, which every container has of its own. */
const ownInContainer = new Set(['pts', 'shm', 'fd', 'mqueue', '.lxc', '.lxd-mounts', '.udev']);

async function devicesBelow(dir: string, target: string): Promise<readonly BoundDevice[]> {
  const entries = await readdir(dir, {withFileTypes: true});
  const wanted = entries.filter(({name}) => !ownInContainer.has(name) && name !== 'console');
  return (await Promise.all(wanted.map(entry => devicesOf(entry, {dir, target})))).flat();
}

async function devicesOf(entry: Dirent, {dir, target}: {dir: string; target: string}): Promise<readonly BoundDevice[]> {
  const [path, inside] = [join(dir, entry.name), join(target, entry.name)];
  if (entry.isDirectory()) return devicesBelow(path, inside);
  if (!entry.isBlockDevice() && !entry.isCharacterDevice()) return [];
  return [nodeOf(path, inside, await stat(path, {bigint: true}))];
}

function isDevice(status: BigIntStats): boolean {
  return status.isCharacterDevice() || status.isBlockDevice();
}

/** st_rdev as Linux packs it (gnu_dev_major(3)): minor in bits 0-7 and 20-31, major in 8-19. */
function nodeOf(source: string, target: string, status: BigIntStats): BoundDevice {
  const {rdev} = status;
  return {
    source,
    target,
    type: status.isBlockDevice() ? 'b' : 'c',
    major: Number(((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n)),
    minor: Number((rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n)),
  };
}
