import type {DeviceNode, LaunchIsolation} from './isolation.ts';
import type {LaunchOp} from './plan-launch.ts';

/**
 * The shim's last steps. What is shared is joined by the shim itself, which its child inherits: pid namespaces only take
 * children in. Where the first process is no pid 1, its death ends no other one: `endall` kills the rest by cgroup.
 */
export function cloneOps({pid, ipc, uts}: LaunchIsolation, cgroupDir: string | null): LaunchOp[] {
  const own = {pid, mnt: 'private', uts, ipc};
  const joins = Object.entries({pid, ipc}).flatMap(([kind, source]) =>
    typeof source === 'string' ? [] : [['join', source.shim, kind] as const],
  );
  return [
    ...joins,
    ...(pid === 'private' || cgroupDir === null ? [] : [['endall', cgroupDir] as const]),
    ['clone', ...Object.entries(own).flatMap(([kind, source]) => (source === 'private' ? [kind] : []))],
  ];
}

/** Docker's /dev/shm. */
export function sharedMemoryOps({sharedMemory}: LaunchIsolation, bytes: number): LaunchOp[] {
  const attributes = 'nosuid,nodev,noexec';
  if (sharedMemory === 'none') return [];
  if (sharedMemory === 'private') return [['mount', 'tmpfs', '/dev/shm', attributes, `mode=1777,size=${bytes}`]];
  return [['bind', sharedMemory.path, '/dev/shm', attributes]];
}

export function nodeOps(nodes: readonly DeviceNode[]): LaunchOp[] {
  return nodes.map(({path, type, major, minor, mode, uid, gid}) => {
    const numbers = [major, minor].map(String);
    return ['node', path, type, ...numbers, mode.toString(8), String(uid), String(gid)];
  });
}
