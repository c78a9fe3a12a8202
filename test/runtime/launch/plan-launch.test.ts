import test from 'ava';
import {capabilityMask, defaultCapabilities} from '../../../src/runtime/launch/capabilities.ts';
import {maskedPaths, readonlyPaths} from '../../../src/runtime/launch/default-paths.ts';
import {isolated} from '../../../src/runtime/launch/isolation.ts';
import {planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import type {RunSpec} from '../../../src/runtime/launch/run-spec.ts';

const spec: RunSpec = {
  id: 'c1',
  stateDir: '/state',
  socketPath: '/run/c1.sock',
  rootfs: {lower: ['/top', '/'], upper: '/upper', work: '/work', target: '/rootfs'},
  netns: '/run/netns/c1',
  cgroupDir: '/cgroup/c1',
  args: ['sh', '-c', 'true'],
  env: ['A=1', 'B=2'],
  cwd: '/srv',
  hostname: 'box',
  binds: [{source: '/hosts', target: '/etc/hosts', readonly: true}],
  mounts: [],
  masks: ['/etc/shadow'],
  capabilities: defaultCapabilities,
  settings: {
    user: 'ann:staff',
    groups: ['video'],
    sysctls: [['net/ipv4/ip_forward', '1']],
    rlimits: [{resource: 7, soft: 1024, hard: 2048}],
    oomScoreAdj: 100,
    shmSizeBytes: 65536,
    devices: [{source: '/dev/fuse', target: '/dev/f', type: 'c', major: 10, minor: 229, access: 'rwm'}],
    initPath: null,
  },
  confinement: {noNewPrivileges: false, seccomp: 'f00d'},
  isolation: isolated,
  openStdin: true,
  silent: false,
  tty: null,
  log: {rotation: null},
};
const names = (change: Partial<RunSpec> = {}): string[] => planLaunch({...spec, ...change}).map(([name]) => name);
const find = (name: string, change: Partial<RunSpec> = {}) =>
  planLaunch({...spec, ...change}).filter(op => op[0] === name);
const all = names({openStdin: false});
const isBefore = (first: string, second: string): boolean => all.lastIndexOf(first) < all.indexOf(second);

test('planLaunch() has the shim act up to clone, then the container, which ends in exec', t => {
  t.deepEqual(names().slice(0, 6), ['socket', 'log', 'record', 'stdin', 'cgroup', 'clone']);
  t.deepEqual(planLaunch(spec).at(-1), ['exec', 'sh', '-c', 'true']);
  t.deepEqual(planLaunch(spec).at(-2), ['env', 'A=1', 'B=2']);
});

for (const [first, second, why] of [
  ['setns', 'mount', 'sysfs shows the network of its mounter'],
  ['unshare', 'mount', 'cgroup2 shows the cgroup namespace of its mounter'],
  ['slave', 'overlay', 'no mount may reach the host'],
  ['overlay', 'mount', 'they lie in it'],
  ['mount', 'bind', 'a bind may lead into /run'],
  ['hide', 'bind', 'a volume must not be filled with what is hidden'],
  ['bind', 'mask', 'no bind may uncover what is masked'],
  ['device', 'pivot', "the nodes are the host's"],
  ['pivot', 'null', "it is the container's"],
  ['pivot', 'cwd', "it is the container's"],
  ['capabilities', 'exec', 'the command must not have more'],
  ['hostname', 'user', 'it needs SYS_ADMIN'],
  ['sysctl', 'user', 'it needs to be root'],
  ['rlimit', 'user', 'it needs SYS_RESOURCE'],
  ['bounding', 'user', 'it needs SETPCAP'],
  ['bounding', 'seccomp', 'a filter could hide where the capabilities end'],
  ['user', 'seccomp', 'a filter need not allow to become somebody'],
  ['seccomp', 'capabilities', 'loading it without no_new_privs takes SYS_ADMIN'],
] as const) {
  test(`planLaunch() puts ${first} before ${second}: ${why}`, t => t.true(isBefore(first, second)));
}

test('planLaunch() leaves out what was not asked for', t => {
  t.deepEqual(names({cgroupDir: null, openStdin: false}).slice(0, 4), ['socket', 'log', 'record', 'clone']);
  t.deepEqual(find('setns', {netns: null}), []);
  t.true(names({openStdin: false}).includes('null'));
  t.false(names().includes('null'));
  t.false(names().includes('silent'));
});

test('planLaunch() mounts everything nodev but devpts, where no node can be made', t => {
  const attributes = [...find('mount'), ...find('bind')].map(op => [op[2], op[3]]);
  t.deepEqual(
    attributes.filter(([, words]) => !words?.split(',').includes('nodev')).map(([path]) => path),
    ['/dev/pts'],
  );
  t.deepEqual(find('overlay'), [
    ['overlay', '/rootfs', 'nodev', 'index=off,metacopy=off', '/upper', '/work', '/top', '/'],
  ]);
});

test("planLaunch() masks Docker's paths and the image's", t => {
  t.deepEqual(
    find('mask').map(op => op[1]),
    maskedPaths,
  );
  t.deepEqual(find('hide'), [['hide', '/etc/shadow']]);
  t.deepEqual(
    find('readonly').map(op => op[1]),
    readonlyPaths,
  );
});

test('planLaunch() binds read-only only what is', t => {
  t.deepEqual(find('bind'), [['bind', '/hosts', '/etc/hosts', 'ro,nosuid,nodev']]);
  t.deepEqual(find('bind', {binds: [{...spec.binds[0]!, readonly: false}]}), [
    ['bind', '/hosts', '/etc/hosts', 'nosuid,nodev'],
  ]);
});

test('planLaunch() does not look at the machine: the same spec, the same plan', t => {
  t.deepEqual(planLaunch(spec), planLaunch(structuredClone(spec)));
});

test("capabilityMask() is the kernel's bit set", t => {
  t.is(capabilityMask(defaultCapabilities), '00000000a80425fb');
  t.is(capabilityMask([]), '0000000000000000');
  t.is(capabilityMask(['CHECKPOINT_RESTORE', 'CHOWN', 'CHOWN']), '0000010000000001');
});

test('capabilityMask() refuses a name the kernel does not have', t => {
  t.throws(() => capabilityMask(['CAP_CHOWN']), {code: 'ERR_BAD_REQUEST', message: 'Unknown capability "CAP_CHOWN"'});
});

test('planLaunch() with no_new_privs loads the filter last', t => {
  const last = names({confinement: {noNewPrivileges: true, seccomp: 'f00d'}}).slice(-5);
  t.deepEqual(last, ['capabilities', 'nnp', 'seccomp', 'env', 'exec']);
});

test('planLaunch() without confinement loads no filter', t => {
  const without = names({confinement: {noNewPrivileges: false, seccomp: null}});
  t.false(without.includes('seccomp') || without.includes('nnp'));
});

test('planLaunch() puts the init in front of the command, over every mount', t => {
  const ops = planLaunch({...spec, settings: {...spec.settings, initPath: '/lib/tnet-shim'}});
  t.deepEqual(ops.at(-1), ['exec', '/sbin/docker-init', '--', 'sh', '-c', 'true']);
  t.deepEqual(ops.filter(([name]) => name === 'bind').at(-1), [
    'bind',
    '/lib/tnet-shim',
    '/sbin/docker-init',
    'ro,nosuid,nodev',
  ]);
});

test('planLaunch() says who, and what is set', t => {
  t.deepEqual(find('user'), [['user', 'ann:staff', 'video']]);
  t.deepEqual(find('sysctl'), [['sysctl', 'net/ipv4/ip_forward', '1']]);
  t.deepEqual(find('rlimit'), [['rlimit', '7', '1024', '2048']]);
  t.deepEqual(find('oomscore'), [['oomscore', '100']]);
  t.deepEqual(find('bindnode'), [['bindnode', '/dev/fuse', '/dev/f', 'c', '10', '229']]);
  t.true(find('mount').some(op => op[2] === '/dev/shm' && op[4] === 'mode=1777,size=65536'));
});

test('planLaunch() hangs a directory of the host in the place of the overlay', t => {
  const rootfs = {source: '/srv/debian', target: '/rootfs'};
  t.deepEqual(find('overlay', {rootfs}), []);
  t.deepEqual(find('rootdir', {rootfs}), [['rootdir', '/rootfs', 'nodev', '/srv/debian', 'plain']]);
  const order = names({rootfs});
  t.true(order.indexOf('slave') < order.indexOf('rootdir') && order.indexOf('rootdir') < order.indexOf('mount'));
});
