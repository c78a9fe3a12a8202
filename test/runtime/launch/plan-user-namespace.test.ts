import test from 'ava';
import {isolated} from '../../../src/runtime/launch/isolation.ts';
import {planExec, planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import {mapOptions} from '../../../src/runtime/launch/plan-user-namespace.ts';
import type {RunSpec} from '../../../src/runtime/launch/run-spec.ts';

const userns = {
  uids: [{inside: 0, outside: 1000, count: 10}],
  gids: [
    {inside: 0, outside: 2000, count: 2},
    {inside: 2, outside: 3000, count: 10},
  ],
};
const plain: RunSpec = {
  id: 'c1',
  stateDir: '/state/c1',
  socketPath: '/run/c1.sock',
  rootfs: {lower: ['/top', '/'], upper: '/state/c1/upper', work: '/state/c1/work', target: '/state/c1/rootfs'},
  netns: '/run/netns/c1',
  cgroupDir: null,
  args: ['true'],
  env: [],
  cwd: '/',
  hostname: 'box',
  binds: ['hosts', 'hostname'].map(name => ({source: `/state/owner/${name}`, target: `/etc/${name}`, readonly: false})),
  mounts: [{kind: 'tmpfs', target: '/t', options: ['uid=3', 'size=1m']}],
  masks: [],
  capabilities: [],
  settings: {
    user: 'ann',
    groups: [],
    sysctls: [['net/ipv4/ip_forward', '1']],
    rlimits: [{resource: 7, soft: 1024, hard: 2048}],
    oomScoreAdj: null,
    shmSizeBytes: 65536,
    devices: [],
    initPath: null,
  },
  confinement: {noNewPrivileges: true, seccomp: null},
  isolation: isolated,
  openStdin: true,
  silent: false,
  tty: null,
  log: null,
};
const ops = planLaunch({...plain, isolation: {...isolated, userns}});
const find = (name: string) => ops.filter(op => op[0] === name);

test('planLaunch() sees the image, the writable layer and the network files through the map', t => {
  t.deepEqual(find('userns'), [['userns', '/run/netns/c1']]);
  t.deepEqual(find('makeas'), [['makeas', '1000', '2000']]);
  t.deepEqual(find('idmap'), [
    ['idmap', '/state/c1', '/state/c1'],
    ['idmap', '/state/owner', '/state/owner'],
    ['idmap', '/top', '/state/c1/lower/0'],
    ['idmap', '/', '/state/c1/lower/1'],
  ]);
  t.deepEqual(find('overlay')[0]!.slice(-2), ['/state/c1/lower/0', '/state/c1/lower/1']);
});

test('planLaunch() gives file systems that we mount ids of the machine', t => {
  t.deepEqual(find('tmpfs'), [['tmpfs', '/t', '', 'uid=1003,size=1m']]);
  t.true(ops.some(op => op[1] === 'devpts' && op[4]?.endsWith('gid=3003')));
  t.is(mapOptions('uid=99,mode=755,gid=0', userns), 'mode=755,gid=2000');
  t.is(mapOptions('uid=99', null), 'uid=99');
});

const order = ops.map(([name, word]) => (name === 'unshare' ? `${name} ${word}` : name));
for (const [first, second, why] of [
  ['slave', 'idmap', 'no mapped mount may reach the host'],
  ['makeas', 'overlay', 'root of the machine has no id in the layers'],
  ['idmap', 'overlay', 'it takes what is mounted then'],
  ['rlimit', 'root', "raising one takes a capability of the machine's"],
  ['sysctl', 'root', "raising one takes a capability of the machine's"],
  ['cwd', 'root', 'descriptors lead into the mounts before the copy'],
  ['root', 'unshare mnt', 'the copy must be less privileged, and locked'],
  ['unshare mnt', 'bounding', 'it needs SYS_ADMIN'],
  ['root', 'user', 'the user is one inside'],
] as const)
  test(`planLaunch() puts ${first} before ${second}: ${why}`, t =>
    t.true(order.indexOf(first) >= 0 && order.lastIndexOf(first) < order.indexOf(second)));

test('planLaunch() without a map does nothing of it', t => {
  const names = planLaunch(plain).map(([name]) => name);
  for (const name of ['userns', 'makeas', 'idmap', 'root']) t.false(names.includes(name));
});

test('planExec() enters whatever user namespace there is, before it becomes its user', t => {
  const exec = planExec({run: plain, containerSocket: '/s', socketPath: '/e', exitRecord: '/r'}).map(([name]) => name);
  t.deepEqual(
    exec.filter(name => ['makeasroot', 'enter', 'enteruser', 'bounding', 'user'].includes(name)),
    ['makeasroot', 'enter', 'enteruser', 'bounding', 'user'],
  );
});

test('planExec() keeps no pipe for what nobody will hear', t => {
  const program = planExec({
    ...{containerSocket: '/s', socketPath: '/e', exitRecord: '/r'},
    run: {...plain, openStdin: false, silent: true},
  });
  t.true(program.some(([name]) => name === 'silent'));
  t.deepEqual(
    program.find(([name]) => name === 'null'),
    ['null', '0', '1', '2'],
  );
});

test('planLaunch() maps the ids of a directory that is the root when it is hung', t => {
  const rootfs = {source: '/srv/debian', target: '/state/c1/rootfs'};
  const program = planLaunch({...plain, rootfs, isolation: {...isolated, userns}});
  t.deepEqual(
    program.filter(op => op[0] === 'rootdir'),
    [['rootdir', '/state/c1/rootfs', 'nodev', '/srv/debian', 'mapped']],
  );
  t.false(program.some(op => op[0] === 'idmap' && op[1] === '/srv/debian'));
});
