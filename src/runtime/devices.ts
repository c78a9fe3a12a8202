import type {BigIntStats, Dirent} from 'node:fs';
import {readdir, realpath, stat} from 'node:fs/promises';
import {join} from 'node:path';
import {TnetError} from '../errors.ts';
import type {DeviceMapping} from '../model/process-settings.ts';
import {deviceNumbers} from './host-isolation.ts';
import type {BoundDevice} from './launch/run-spec.ts';

/** The devices behind `--device`: itself, or all below a directory. ERR_LAUNCH in Docker's words for what is not there or is none. */
export async function resolveDevices(mappings: readonly DeviceMapping[]): Promise<readonly BoundDevice[]> {
  return (await Promise.all(mappings.map(resolveMapping))).flat();
}

async function resolveMapping({source, target, permissions}: DeviceMapping): Promise<readonly BoundDevice[]> {
  try {
    const path = await realpath(source);
    const status = await stat(path, {bigint: true});
    if (status.isDirectory()) return await devicesBelow(path, {target, access: permissions});
    if (!isDevice(status)) throw new Error('not a device node');
    return [nodeOf({source: path, target, access: permissions}, status)];
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

/** Where something is seen inside, and what may be done with it. */
type Seen = Pick<BoundDevice, 'target' | 'access'>;

async function devicesBelow(dir: string, seen: Seen): Promise<readonly BoundDevice[]> {
  const entries = await readdir(dir, {withFileTypes: true});
  const wanted = entries.filter(({name}) => !ownInContainer.has(name) && name !== 'console');
  return (
    await Promise.all(wanted.map(entry => devicesOf(entry, {dir, ...seen, target: join(seen.target, entry.name)})))
  ).flat();
}

async function devicesOf(entry: Dirent, {dir, ...seen}: Seen & {dir: string}): Promise<readonly BoundDevice[]> {
  const source = join(dir, entry.name);
  if (entry.isDirectory()) return devicesBelow(source, seen);
  if (!entry.isBlockDevice() && !entry.isCharacterDevice()) return [];
  return [nodeOf({source, ...seen}, await stat(source, {bigint: true}))];
}

function isDevice(status: BigIntStats): boolean {
  return status.isCharacterDevice() || status.isBlockDevice();
}

function nodeOf(seen: Seen & {readonly source: string}, status: BigIntStats): BoundDevice {
  return {...seen, type: status.isBlockDevice() ? 'b' : 'c', ...deviceNumbers(status.rdev)};
}
