import test from 'ava';
import type {CgroupHost} from '../../../src/runtime/cgroup/host.ts';
import {type CgroupFiles, limitSupport} from '../../../src/runtime/cgroup/support.ts';

const tree = (...paths: readonly string[]): CgroupFiles => ({
  exists: path => paths.includes(path),
  list: dir => [...new Set(paths.filter(path => path.startsWith(`${dir}/`)).map(path => path.split('/')[2]!))],
});
const host = (mode: CgroupHost['mode'], controllers: Readonly<Record<string, string>>): CgroupHost => ({
  ...{mode, controllers: new Map(Object.entries(controllers))},
  unified: mode === 'v2' || mode === 'hybrid' ? '/u' : null,
});
const nothing = {
  ...{memory: false, swap: false, oomKillDisable: false, cpuQuota: false, cpuShares: false, cpuset: false, pids: false},
};

test('limitSupport() promises nothing where no controller is', t => {
  t.deepEqual(limitSupport(host('none', {}), tree()), nothing);
  t.deepEqual(limitSupport(host('hybrid', {pids: '/p'}), tree('/u/a/memory.max')), {...nothing, pids: true});
});

test('limitSupport() looks for the files of v1 in the root', t => {
  const v1 = host('v1', {memory: '/m', cpu: '/c', cpuset: '/s'});
  const some = {...nothing, memory: true, oomKillDisable: true, cpuShares: true, cpuset: true};
  t.deepEqual(limitSupport(v1, tree()), some);
  const files = tree('/m/memory.memsw.limit_in_bytes', '/c/cpu.cfs_quota_us');
  t.deepEqual(limitSupport(v1, files), {...some, swap: true, cpuQuota: true});
});

test('limitSupport() looks for those of v2 where the controller is enabled, and believes in it where it is nowhere', t => {
  const v2 = host('v2', {memory: '/u', cpu: '/u'});
  t.like(limitSupport(v2, tree()), {memory: true, swap: true, cpuQuota: true, oomKillDisable: false});
  t.like(limitSupport(v2, tree('/u/a/memory.max', '/u/a/cpu.weight')), {swap: false, cpuQuota: false});
  t.like(limitSupport(v2, tree('/u/a/memory.max', '/u/a/memory.swap.max', '/u/a/cpu.weight', '/u/a/cpu.max')), {
    ...{swap: true, cpuQuota: true},
  });
});
