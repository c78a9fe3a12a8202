import test from 'ava';
import {assembleHost, parseCgroupMounts} from '../../../src/runtime/cgroup/host.ts';

const debian12 = `\
24 31 0:22 / /sys rw,nosuid,nodev,noexec,relatime shared:7 - sysfs sysfs rw
35 24 0:30 / /sys/fs/cgroup rw,nosuid,nodev,noexec,relatime shared:10 - cgroup2 cgroup2 rw,nsdelegate,memory_recursiveprot
36 24 0:31 / /sys/fs/pstore rw,nosuid,nodev,noexec,relatime shared:11 - pstore pstore rw
`;

/** A Firecracker machine: one hierarchy a controller, and the unified one beside them. */
const hybridSeparate = `\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
33 31 0:30 / /sys/fs/cgroup/cpuacct rw,relatime - cgroup cgroup rw,cpuacct
35 31 0:32 / /sys/fs/cgroup/memory rw,relatime - cgroup cgroup rw,memory
39 31 0:36 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids
40 31 0:37 / /sys/fs/cgroup/systemd rw,relatime - cgroup cgroup rw,name=systemd
41 31 0:38 / /sys/fs/cgroup/unified rw,relatime - cgroup2 cgroup2 rw
`;

/** Debian 10 with systemd: joined controllers, flags among the super options. */
const hybridJoined = `\
28 25 0:24 / /sys/fs/cgroup ro,nosuid,nodev,noexec shared:8 - tmpfs tmpfs ro,mode=755
29 28 0:25 / /sys/fs/cgroup/unified rw,nosuid,nodev,noexec,relatime shared:9 - cgroup2 cgroup2 rw,nsdelegate
30 28 0:26 / /sys/fs/cgroup/systemd rw,nosuid,nodev,noexec,relatime shared:10 - cgroup cgroup rw,xattr,name=systemd
33 28 0:29 / /sys/fs/cgroup/cpu,cpuacct rw,nosuid,nodev,noexec,relatime shared:14 - cgroup cgroup rw,cpu,cpuacct
34 28 0:30 / /sys/fs/cgroup/net_cls,net_prio rw,nosuid,nodev,noexec,relatime shared:15 - cgroup cgroup rw,net_cls,net_prio
35 28 0:31 / /sys/fs/cgroup/memory rw,nosuid,nodev,noexec,relatime shared:16 - cgroup cgroup rw,memory,clone_children
`;

/** Inside an unprivileged Docker container without a cgroup namespace: binds of sub-folders, read-only. */
const inContainerReadOnly = `\
601 600 0:29 /docker/4f1 /sys/fs/cgroup/cpu ro,nosuid,nodev,noexec,relatime master:14 - cgroup cgroup rw,cpu
602 600 0:32 /docker/4f1 /sys/fs/cgroup/memory ro,nosuid,nodev,noexec,relatime master:16 - cgroup cgroup rw,memory
`;

const parsed = (mountinfo: string) => parseCgroupMounts(mountinfo);

test('parseCgroupMounts() reads the one mount of a v2 machine', t => {
  t.deepEqual(parsed(debian12), [{mountpoint: '/sys/fs/cgroup', version: 2, controllers: []}]);
});

test('parseCgroupMounts() splits joined controllers and knows flags and named hierarchies from them', t => {
  t.deepEqual(parsed(hybridJoined), [
    {mountpoint: '/sys/fs/cgroup/unified', version: 2, controllers: []},
    {mountpoint: '/sys/fs/cgroup/cpu,cpuacct', version: 1, controllers: ['cpu', 'cpuacct']},
    {mountpoint: '/sys/fs/cgroup/net_cls,net_prio', version: 1, controllers: ['net_cls', 'net_prio']},
    {mountpoint: '/sys/fs/cgroup/memory', version: 1, controllers: ['memory']},
  ]);
});

test('parseCgroupMounts() leaves out what is mounted read-only', t => {
  t.deepEqual(parsed(inContainerReadOnly), []);
});

test('parseCgroupMounts() takes a bind of a sub-folder for the top, wherever its root field points', t => {
  const writable = inContainerReadOnly.replaceAll(' ro,', ' rw,');
  t.deepEqual(
    parsed(writable).map(mount => mount.mountpoint),
    ['/sys/fs/cgroup/cpu', '/sys/fs/cgroup/memory'],
  );
});

test('parseCgroupMounts() decodes what the kernel escapes', t => {
  const line = '32 31 0:29 / /mnt/my\\040cgroups rw - cgroup cgroup rw,pids\n';
  t.is(parsed(line)[0]?.mountpoint, '/mnt/my cgroups');
});

test('assembleHost() finds v2 where the unified hierarchy holds the controllers', t => {
  const host = assembleHost(parsed(debian12), 'cpuset cpu io memory hugetlb pids rdma misc\n');
  t.is(host.mode, 'v2');
  t.is(host.unified, '/sys/fs/cgroup');
  t.is(host.controllers.get('memory'), '/sys/fs/cgroup');
  t.false(host.controllers.has('devices'));
});

test('assembleHost() finds hybrid and each controller where it is bound', t => {
  const host = assembleHost(parsed(hybridSeparate), 'hugetlb\n');
  t.is(host.mode, 'hybrid');
  t.is(host.unified, '/sys/fs/cgroup/unified');
  t.is(host.controllers.get('hugetlb'), '/sys/fs/cgroup/unified');
  t.is(host.controllers.get('memory'), '/sys/fs/cgroup/memory');
  t.false(host.controllers.has('blkio'));
});

test('assembleHost() gives joined controllers one place', t => {
  const host = assembleHost(parsed(hybridJoined), '');
  t.is(host.controllers.get('cpu'), '/sys/fs/cgroup/cpu,cpuacct');
  t.is(host.controllers.get('cpuacct'), '/sys/fs/cgroup/cpu,cpuacct');
});

test('assembleHost() finds v1 where no unified hierarchy is mounted', t => {
  const v1 = hybridSeparate.replace(/^.*cgroup2.*\n/m, '');
  t.like(assembleHost(parsed(v1), ''), {mode: 'v1', unified: null});
});

test('assembleHost() finds none where nothing writable is mounted', t => {
  t.like(assembleHost(parsed(inContainerReadOnly), ''), {mode: 'none', unified: null});
});

test('assembleHost() prefers the usual place to another mount of the same hierarchy', t => {
  const twice = `20 1 0:30 / /srv/chroot/cgroup rw - cgroup2 cgroup2 rw\n${debian12}`;
  t.is(assembleHost(parsed(twice), 'cpu').unified, '/sys/fs/cgroup');
});
