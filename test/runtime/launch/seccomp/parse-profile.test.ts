import test from 'ava';
import {seccompFilter} from '../../../../src/runtime/launch/seccomp/filter.ts';
import {parseProfile} from '../../../../src/runtime/launch/seccomp/parse-profile.ts';
import {action} from '../../../../src/runtime/launch/seccomp/profile.ts';
import {asking, EPERM, target} from './call.ts';

const parse = (profile: unknown) => parseProfile(JSON.stringify(profile));

test("parseProfile() reads Docker's format", t => {
  const profile = parse({
    defaultAction: 'SCMP_ACT_ERRNO',
    defaultErrnoRet: 38,
    archMap: [
      {architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86']},
      {architecture: 'SCMP_ARCH_RISCV64', subArchitectures: null},
    ],
    syscalls: [
      {
        names: ['read'],
        action: 'SCMP_ACT_ALLOW',
        args: null,
        comment: 'why',
        includes: {caps: ['CAP_SYS_ADMIN'], minKernel: '4.8'},
        excludes: {},
      },
      {name: 'write', action: 'SCMP_ACT_TRACE', errnoRet: 7, args: [{index: 1, value: 1, op: 'SCMP_CMP_MASKED_EQ'}]},
    ],
  });
  t.is(profile.default, action('ERRNO', 38));
  t.deepEqual(profile.subArchitectures, {X86_64: ['X86'], RISCV64: []});
  t.deepEqual(profile.rules[0]!.includes, {capabilities: ['SYS_ADMIN'], arches: [], minKernel: [4, 8]});
  t.is(profile.rules[1]!.action, action('TRACE', 7));
  t.deepEqual(profile.rules[1]!.conditions, [{index: 1, compare: 'MASKED_EQ', value: 1n, masked: 0n}]);
});

test('parseProfile() keeps all 64 bits of a number', t => {
  const text =
    '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"name":"read","action":"SCMP_ACT_ERRNO","args":[{"index":0,"value": 18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}';
  t.is(parseProfile(text).rules[0]!.conditions[0]!.value, (1n << 64n) - 1n);
  t.is(asking(parseProfile(text))('read', (1n << 64n) - 1n), EPERM);
});

for (const [why, profile, message] of [
  ['no profile', 3, /Invalid type/],
  ['an unknown action', {defaultAction: 'SCMP_ACT_FROB'}, /defaultAction: SCMP_ACT_FROB is not supported$/],
  [
    'user notification, for which nobody listens',
    {defaultAction: 'SCMP_ACT_NOTIFY'},
    /SCMP_ACT_NOTIFY is not supported$/,
  ],
  [
    'a rule for nothing',
    {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{action: 'SCMP_ACT_LOG'}]},
    /either 'name' or 'names'/,
  ],
  [
    'both names',
    {defaultAction: 'SCMP_ACT_ALLOW', syscalls: [{name: 'a', names: ['b'], action: 'SCMP_ACT_LOG'}]},
    /both 'name' and 'names'/,
  ],
  [
    'both kinds of architectures',
    {defaultAction: 'SCMP_ACT_ALLOW', architectures: ['SCMP_ARCH_X86'], archMap: [{architecture: 'SCMP_ARCH_X86_64'}]},
    /both 'architectures' and 'archMap'/,
  ],
  [
    'a seventh argument',
    {
      defaultAction: 'SCMP_ACT_ALLOW',
      syscalls: [{name: 'a', action: 'SCMP_ACT_LOG', args: [{index: 6, value: 0, op: 'SCMP_CMP_EQ'}]}],
    },
    /syscalls.0.args.0.index/,
  ],
] as const) {
  test(`parseProfile() refuses ${why}`, t => {
    const error = t.throws(() => parse(profile), {code: 'ERR_BAD_REQUEST'});
    t.regex(error.message, /^Decoding seccomp profile failed: /);
    t.regex(error.message, message);
  });
}

test('parseProfile() refuses what is no JSON', t => {
  t.throws(() => parseProfile('{'), {message: /^Decoding seccomp profile failed: .*JSON/});
});

test('seccompFilter() compiles once', t => {
  const filter = seccompFilter(null, target);
  t.regex(filter, /^([0-9a-f]{16})+$/);
  t.is(seccompFilter(null, {...target, capabilities: []}), filter);
  t.not(seccompFilter(null, {...target, capabilities: ['SYS_ADMIN']}), filter);
  t.not(seccompFilter('{"defaultAction":"SCMP_ACT_ALLOW"}', target), filter);
});
