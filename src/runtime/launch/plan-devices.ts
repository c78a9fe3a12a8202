import type {LaunchIsolation} from './isolation.ts';
import {nodeOps, sharedMemoryOps} from './plan-isolation.ts';
import type {LaunchOp} from './plan-launch.ts';
import {mapOptions} from './plan-user-namespace.ts';
import type {BoundDevice, LaunchSettings} from './run-spec.ts';

/**
 * Whether nodes that it makes with CAP_MKNOD cannot be opened. In a user namespace nobody can make one, so nothing is lost by
 * a second barrier.
 */
export function isNodev({privileged, deviceGuard, userns}: LaunchIsolation): boolean {
  return !privileged && (deviceGuard === 'nodev' || userns !== null);
}

/** Also where /dev is nodev: its nodes are binds of the host's, each a mount of its own; so are those that were asked for. */
export function deviceOps(isolation: LaunchIsolation, {shmSizeBytes, devices}: LaunchSettings): LaunchOp[] {
  return [
    ['mount', 'tmpfs', '/dev', isNodev(isolation) ? 'nosuid,nodev' : 'nosuid', 'mode=755,size=64k'],
    ['device', '/dev/null', '1', '3'],
    ['device', '/dev/zero', '1', '5'],
    ['device', '/dev/full', '1', '7'],
    ['device', '/dev/random', '1', '8'],
    ['device', '/dev/urandom', '1', '9'],
    ['device', '/dev/tty', '5', '0'],
    ['symlink', '/proc/self/fd', '/dev/fd'],
    ['symlink', '/proc/self/fd/0', '/dev/stdin'],
    ['symlink', '/proc/self/fd/1', '/dev/stdout'],
    ['symlink', '/proc/self/fd/2', '/dev/stderr'],
    ['symlink', 'pts/ptmx', '/dev/ptmx'],
    ['symlink', '/proc/kcore', '/dev/core'],
    [
      'mount',
      'devpts',
      '/dev/pts',
      'nosuid,noexec',
      mapOptions('newinstance,ptmxmode=0666,mode=0620,gid=5', isolation.userns),
    ],
    ['mount', 'mqueue', '/dev/mqueue', 'nosuid,nodev,noexec', ''],
    ...nodeOps(isolation.nodes),
    ...sharedMemoryOps(isolation, shmSizeBytes),
    ...devices.map(boundOp),
  ];
}

function boundOp({source, target, type, major, minor}: BoundDevice): LaunchOp {
  return ['bindnode', source, target, type, `${major}`, `${minor}`];
}
