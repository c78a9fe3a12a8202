import {existsSync, lstatSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import type {DeviceNode} from './launch/isolation.ts';

/** Bounding set of this process, which no child of it exceeds. */
export function readBoundingSet(): bigint {
  const digits = /^CapBnd:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  return BigInt(`0x${digits ?? '0'}`);
}

/** Temperatures tell what the other tenants of a CPU compute; Docker masks these since 28. */
export function thermalPaths(): readonly string[] {
  const folder = '/sys/devices/system/cpu';
  if (!existsSync(`${folder}/cpu0/thermal_throttle`)) return [];
  const cpus = readdirSync(folder).filter(name => /^cpu\d+$/.test(name));
  return cpus.map(cpu => `${folder}/${cpu}/thermal_throttle`);
}

/** Folders of /dev that every container has of its own, and what moby leaves out too. */
const ownOfEach = new Set(['pts', 'ptmx', 'shm', 'fd', 'mqueue', 'console', '.lxc', '.lxd-mounts', '.udev']);

/** Every device node of the machine below /dev, for `--privileged`. */
export function hostDevices(folder = '/dev'): readonly DeviceNode[] {
  return readdirSync(folder, {withFileTypes: true})
    .filter(({name}) => !ownOfEach.has(name))
    .flatMap(entry => {
      const path = join(folder, entry.name);
      if (entry.isDirectory()) return hostDevices(path);
      return entry.isCharacterDevice() || entry.isBlockDevice() ? [deviceNode(path)] : [];
    });
}

function deviceNode(path: string): DeviceNode {
  const {mode, rdev, uid, gid} = lstatSync(path);
  const type = (mode & 0o170000) === 0o060000 ? 'b' : 'c';
  return {path, type, ...deviceNumbers(BigInt(rdev)), mode: mode & 0o777, uid, gid};
}

/** Twelve bits of the major above eight of the minor, the rest of each in the upper halves (gnu_dev_major(3)). */
export function deviceNumbers(rdev: bigint): {readonly major: number; readonly minor: number} {
  const major = ((rdev >> 8n) & 0xfffn) | ((rdev >> 32n) & 0xfffff000n);
  const minor = (rdev & 0xffn) | ((rdev >> 12n) & 0xffffff00n);
  return {major: Number(major), minor: Number(minor)};
}
