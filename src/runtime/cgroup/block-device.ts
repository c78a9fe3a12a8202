import {statSync} from 'node:fs';
import {TnetError} from '../../errors.ts';

/** `/dev/vda` → `254:0`. ERR_BAD_REQUEST when there is no such block device on the host. */
export function blockDeviceNumber(path: string): string {
  const stat = statSync(path, {throwIfNoEntry: false});
  if (stat === undefined) throw new TnetError('ERR_BAD_REQUEST', `no such block device "${path}" on the host`);
  if (!stat.isBlockDevice()) throw new TnetError('ERR_BAD_REQUEST', `"${path}" is no block device`);
  return deviceNumber(stat.rdev);
}

/** glibc's dev_t (makedev(3)): 12 low bits of the major from bit 8 on, the minor around them. */
function deviceNumber(rdev: number): string {
  const low = rdev % 2 ** 32;
  const high = Math.floor(rdev / 2 ** 32);
  const major = ((low >>> 8) & 0xfff) + (high & ~0xfff);
  const minor = (low & 0xff) + ((low >>> 12) & ~0xff);
  return `${major}:${minor}`;
}
