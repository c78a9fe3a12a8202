import test from 'ava';
import {decodeContainer} from '../../src/daemon/decode-container.ts';
import {encodeConfinement, encodeProcessSettings} from '../../src/daemon/encode-process-settings.ts';
import {defaultConfinement} from '../../src/model/confinement.ts';
import {plainProcess} from '../../src/model/process-settings.ts';

const decode = (HostConfig: object, User?: string) =>
  decodeContainer({Image: 'host', Cmd: ['true'], User, HostConfig}).config;

test('decodeContainer() without settings has Docker’s defaults', t => {
  t.deepEqual(decode({}).process, plainProcess);
  t.deepEqual(decode({}).confinement, defaultConfinement);
  t.deepEqual(
    decode({GroupAdd: null, Ulimits: null, Sysctls: {}, ShmSize: 0, Init: null, Devices: [], SecurityOpt: null})
      .process,
    plainProcess,
  );
});

test('what decodeContainer() takes, inspect shows', t => {
  const given = {
    GroupAdd: ['video', '7'],
    Init: true,
    Ulimits: [{Name: 'nofile', Soft: 1, Hard: -1}],
    Sysctls: {'net.ipv4.ip_forward': '1'},
    ShmSize: 4096,
    OomScoreAdj: -5,
    Devices: [{PathOnHost: '/dev/fuse', PathInContainer: '/dev/f', CgroupPermissions: 'rwm'}],
    DeviceCgroupRules: ['c 42:* rwm', 'b *:1 r'],
  };
  const {process} = decode(given, 'ann:staff');
  t.is(process.user, 'ann:staff');
  t.deepEqual(encodeProcessSettings(process), given);
});

test('decodeContainer() puts the permissions of a device in order, and each once', t => {
  const [device] = decode({Devices: [{PathOnHost: '/dev/a', CgroupPermissions: 'mrm'}]}).process.devices;
  t.deepEqual(device, {source: '/dev/a', target: '/dev/a', permissions: 'rm'});
});

for (const [options, want] of [
  [['no-new-privileges'], ['no-new-privileges']],
  [
    ['no-new-privileges:true', 'seccomp:unconfined'],
    ['no-new-privileges', 'seccomp=unconfined'],
  ],
  [['no-new-privileges=true', 'no-new-privileges=false'], null],
  [['seccomp=builtin'], null],
  [['apparmor=unconfined', 'label=disable'], null],
  [['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}'], ['seccomp={"defaultAction":"SCMP_ACT_ALLOW"}']],
] as const) {
  test(`decodeContainer() takes --security-opt ${options.join(' ')}`, t => {
    t.deepEqual(encodeConfinement(decode({SecurityOpt: options}).confinement), want);
  });
}

for (const [host, message] of [
  [{SecurityOpt: ['frob']}, 'invalid --security-opt 1: "frob"'],
  [{SecurityOpt: ['frob=1']}, 'invalid --security-opt 2: "frob=1"'],
  [{SecurityOpt: ['no-new-privileges=maybe']}, 'invalid --security-opt 2: "no-new-privileges=maybe"'],
  [{SecurityOpt: ['seccomp={}']}, /^Decoding seccomp profile failed: /],
  [{SecurityOpt: ['constructor=1']}, /invalid --security-opt 2/],
  [
    {Ulimits: [{Name: 'nofile', Soft: 3, Hard: 2}]},
    'ulimit soft limit must be less than or equal to hard limit: 3 > 2',
  ],
  [
    {Ulimits: [{Name: 'nofile', Soft: -1, Hard: 2}]},
    'ulimit soft limit must be less than or equal to hard limit: -1 > 2',
  ],
  [{ShmSize: -1}, 'SHM size can not be less than 0'],
  [{OomScoreAdj: -1001}, 'Invalid value -1001, range for oom score adj is [-1000, 1000]'],
  [{Devices: [{PathOnHost: '/dev/a', CgroupPermissions: 'q'}]}, 'invalid device mode: q'],
  [{DeviceCgroupRules: ['c 1:3']}, "invalid device cgroup rule format: 'c 1:3'"],
  [{Devices: [{PathOnHost: 'dev/a'}]}, 'dev/a is not an absolute path'],
] as const) {
  test(`decodeContainer() refuses ${JSON.stringify(host)}`, t => {
    t.throws(() => decode(host), {code: 'ERR_BAD_REQUEST', message});
  });
}
