import {TnetError} from '../../errors.ts';
import type {Propagation} from '../../model/mount.ts';

interface MountInfo {
  readonly point: string;
  readonly shared: boolean;
  readonly slave: boolean;
}

/** What is mounted inside travels only through a mount that is shared on the host. ERR_LAUNCH in Docker's words. */
export function checkPropagation(source: string, propagation: Propagation, mountinfo: string): void {
  if (propagation === 'rprivate' || propagation === 'private') return;
  const {point, shared, slave} = mountOf(source, mountinfo);
  const wantsShared = propagation === 'rshared' || propagation === 'shared';
  if (shared || (slave && !wantsShared)) return;
  const what = wantsShared ? 'a shared mount' : 'a shared or slave mount';
  throw new TnetError('ERR_LAUNCH', `path ${source} is mounted on ${point} but it is not ${what}`);
}

/** The mount that `path` is on: the deepest point above it, the last of those mounted there. */
function mountOf(path: string, mountinfo: string): MountInfo {
  const mounts = mountinfo.split('\n').filter(Boolean).map(parseLine);
  const above = mounts.filter(({point}) => point === '/' || path === point || path.startsWith(`${point}/`));
  const deepest = Math.max(0, ...above.map(({point}) => point.length));
  return above.filter(({point}) => point.length === deepest).at(-1) ?? {point: '/', shared: false, slave: false};
}

/** `36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 …`: proc_pid_mountinfo(5). */
function parseLine(line: string): MountInfo {
  const fields = line.split(' ');
  const optional = fields.slice(6, fields.indexOf('-', 6));
  const point = fields[4]!.replace(/\\([0-7]{3})/g, (_, digits: string) =>
    String.fromCharCode(Number.parseInt(digits, 8)),
  );
  return {
    point,
    shared: optional.some(field => field.startsWith('shared:')),
    slave: optional.some(field => field.startsWith('master:')),
  };
}
