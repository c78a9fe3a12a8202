import test from 'ava';
import {isolated, type LaunchIsolation} from '../../../src/runtime/launch/isolation.ts';
import {cloneOps, nodeOps, sharedMemoryOps} from '../../../src/runtime/launch/plan-isolation.ts';

const clone = (change: Partial<LaunchIsolation>, cgroupDir: string | null = '/cg') =>
  cloneOps({...isolated, ...change}, cgroupDir);

test('cloneOps() makes every namespace, and no more than is private', t => {
  t.deepEqual(clone({}), [['clone', 'pid', 'mnt', 'uts', 'ipc']]);
  t.deepEqual(clone({uts: 'host', ipc: 'host'}), [['clone', 'pid', 'mnt']]);
});

test('cloneOps() joins before it clones, and ends all where nobody is pid 1', t => {
  t.deepEqual(clone({pid: {shim: '/p'}, ipc: {shim: '/i'}}), [
    ['join', '/p', 'pid'],
    ['join', '/i', 'ipc'],
    ['endall', '/cg'],
    ['clone', 'mnt', 'uts'],
  ]);
  t.deepEqual(clone({pid: 'host'}, null), [['clone', 'mnt', 'uts', 'ipc']]);
});

test('sharedMemoryOps() mounts, binds or leaves it out', t => {
  const of = (sharedMemory: LaunchIsolation['sharedMemory']) => sharedMemoryOps({...isolated, sharedMemory}, 4096);
  t.is(of('private')[0]?.[1], 'tmpfs');
  t.deepEqual(of('none'), []);
  t.deepEqual(of({path: '/run/shm/x'}), [['bind', '/run/shm/x', '/dev/shm', 'nosuid,nodev,noexec']]);
});

test('nodeOps() writes the mode in octal', t => {
  const node = {path: '/dev/kvm', type: 'c', major: 10, minor: 232, mode: 0o660, uid: 0, gid: 104} as const;
  t.deepEqual(nodeOps([node]), [['node', '/dev/kvm', 'c', '10', '232', '660', '0', '104']]);
});
