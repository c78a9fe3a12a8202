import type {LaunchOp} from './plan-launch.ts';
import type {DeviceNode, LaunchSettings} from './run-spec.ts';

/** Even /dev is nodev: its nodes are binds of the host's, each a mount of its own; so are those that were asked for. */
export function deviceOps({shmSizeBytes, devices}: LaunchSettings): LaunchOp[] {
  return [
    ['mount', 'tmpfs', '/dev', 'nosuid,nodev', 'mode=755,size=64k'],
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
    ['mount', 'devpts', '/dev/pts', 'nosuid,noexec', 'newinstance,ptmxmode=0666,mode=0620,gid=5'],
    ['mount', 'tmpfs', '/dev/shm', 'nosuid,nodev,noexec', `mode=1777,size=${shmSizeBytes}`],
    ['mount', 'mqueue', '/dev/mqueue', 'nosuid,nodev,noexec', ''],
    ...devices.map(nodeOp),
  ];
}

function nodeOp({source, target, type, major, minor}: DeviceNode): LaunchOp {
  return ['node', source, target, type, `${major}`, `${minor}`];
}
