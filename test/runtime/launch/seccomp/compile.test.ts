import test from 'ava';
import fc from 'fast-check';
import {architectures, syscallNumber} from '../../../../src/runtime/launch/seccomp/architectures.ts';
import {compileProfile} from '../../../../src/runtime/launch/seccomp/compile.ts';
import {defaultProfile} from '../../../../src/runtime/launch/seccomp/default-profile.ts';
import {
  action,
  type Comparison,
  type Condition,
  everywhere,
  type Rule,
  type SeccompProfile,
} from '../../../../src/runtime/launch/seccomp/profile.ts';
import {syscallTables} from '../../../../src/runtime/launch/seccomp/syscall-tables.ts';
import {ALLOW, asking, decide, ENOSYS, EPERM, KILL_PROCESS, target} from './call.ts';

const {x64, X86, arm64} = architectures as Required<typeof architectures>;

for (const [arch, numbers] of [
  [x64!, {read: 0, clone: 56, clone3: 435, keyctl: 250, uretprobe: 335, removexattrat: 466}],
  [X86!, {read: 3, socketcall: 102, umount: 22, umount2: 52, clock_gettime64: 403}],
  [arm64!, {read: 63, newfstatat: 79, umount2: 39, fcntl: 25, clone3: 435}],
] as const) {
  test(`syscallNumber() knows ${arch.name}`, t => {
    for (const [name, number] of Object.entries(numbers)) t.is(syscallNumber(arch, name), number, name);
    t.is(syscallNumber(arch, 'frobnicate'), null);
  });
}

/** What the default profile says of `name`, read from its data rule by rule; the compiler is not asked. */
function permitted(name: string, capabilities: readonly string[]): boolean {
  return defaultProfile.rules.some(
    rule =>
      rule.names.includes(name) &&
      rule.action === ALLOW &&
      rule.conditions.length === 0 &&
      rule.includes.capabilities.every(cap => capabilities.includes(cap)) &&
      (rule.includes.arches.length === 0 || rule.includes.arches.includes('amd64')),
  );
}

for (const capabilities of [[], ['SYS_ADMIN'], ['BPF', 'SYS_TIME']]) {
  test(`compileProfile() decides every number as the default profile says, with ${capabilities.join() || 'nothing'}`, t => {
    const program = compileProfile(defaultProfile, {...target, capabilities});
    const names = new Map<number, string>();
    for (const name of syscallTables.x86_64.split(' ').map(word => word.replace(/^\d+:/, '')))
      names.set(syscallNumber(x64!, name)!, name);
    const last = Math.max(...[...names].filter(([, name]) => permitted(name, [])).map(([number]) => number));
    const byArguments = ['socket', 'personality', 'clone', 'clone3'];
    for (let number = 0; number < 1000; number++) {
      const name = names.get(number) ?? '';
      if (byArguments.includes(name)) continue;
      const want = permitted(name, capabilities) ? ALLOW : number > last ? ENOSYS : EPERM;
      t.is(decide(program, {audit: x64!.audit, number}), want, `${number} ${name}`);
    }
    for (const number of [-1 >>> 0, 0x40000000, 0x40000001, 0x7fffffff])
      t.is(decide(program, {audit: x64!.audit, number}), ENOSYS, `${number}`);
  });
}

test('compileProfile() kills what comes from an architecture it has no section for', t => {
  const program = compileProfile(defaultProfile, target);
  for (const audit of [0, arm64!.audit, 0xc00000f3]) t.is(decide(program, {audit, number: 0}), KILL_PROCESS);
  const native = compileProfile({...defaultProfile, subArchitectures: {}}, target);
  t.is(decide(native, {audit: X86!.audit, number: 3}), KILL_PROCESS);
});

test('compileProfile() speaks of 32-bit programs by their own numbers', t => {
  const ask = asking(defaultProfile, {}, 'X86');
  for (const name of ['read', 'mmap2', 'clock_gettime64', 'socketcall']) t.is(ask(name), ALLOW, name);
  for (const name of ['mount', 'keyctl', 'bpf', 'kexec_load', 'iopl']) t.is(ask(name), EPERM, name);
});

test('compileProfile() knows arm64', t => {
  const ask = asking(defaultProfile, {machine: 'arm64'});
  for (const name of ['openat', 'newfstatat', 'ppoll']) t.is(ask(name), ALLOW, name);
  for (const name of ['mount', 'keyctl', 'kexec_file_load']) t.is(ask(name), EPERM, name);
  t.is(ask('clone', 0x11n), ALLOW);
  t.is(ask('clone', 0x10000011n), EPERM);
});

test('the default profile looks at arguments', t => {
  const ask = asking(defaultProfile);
  t.is(ask('socket', 2n), ALLOW);
  t.is(ask('socket', 40n), EPERM); // AF_VSOCK
  t.is(ask('socket', 38n), ALLOW); // AF_ALG
  t.is(ask('clone', 0x11n), ALLOW);
  for (const flag of [0x20000n, 0x02000000n, 0x04000000n, 0x08000000n, 0x10000000n, 0x20000000n, 0x40000000n])
    t.is(ask('clone', flag | 0x11n), EPERM, flag.toString(16));
  t.is(ask('clone3'), ENOSYS);
  for (const value of [0n, 8n, 0x20000n, 0x20008n, 0xffffffffn]) t.is(ask('personality', value), ALLOW);
  for (const value of [1n, 0x0040000n, 0xffffffffffffffffn, 1n << 32n]) t.is(ask('personality', value), EPERM);
});

test('the default profile opens with capabilities, and with the kernel', t => {
  const admin = asking(defaultProfile, {capabilities: ['SYS_ADMIN']});
  for (const name of ['clone', 'clone3', 'mount', 'unshare', 'bpf']) t.is(admin(name, 0x10000000n), ALLOW, name);
  t.is(admin('keyctl'), EPERM);
  t.is(asking(defaultProfile)('ptrace'), ALLOW);
  t.is(asking(defaultProfile, {kernel: [4, 7]})('ptrace'), EPERM);
  t.is(asking(defaultProfile, {kernel: [4, 7], capabilities: ['SYS_PTRACE']})('ptrace'), ALLOW);
  t.is(asking(defaultProfile, {kernel: [10, 0]})('ptrace'), ALLOW);
});

const rule = (names: string, change: Partial<Rule> = {}): Rule => ({
  ...{names: names.split(' '), action: ALLOW, conditions: [], includes: everywhere, excludes: everywhere},
  ...change,
});
const profile = (...rules: readonly Rule[]): SeccompProfile => ({
  ...{default: EPERM, architectures: [], subArchitectures: {}, rules},
});

const holds: Readonly<Record<Comparison, (arg: bigint, value: bigint, masked: bigint) => boolean>> = {
  NE: (a, b) => a !== b,
  LT: (a, b) => a < b,
  LE: (a, b) => a <= b,
  EQ: (a, b) => a === b,
  GE: (a, b) => a >= b,
  GT: (a, b) => a > b,
  MASKED_EQ: (a, b, masked) => (a & b) === masked,
};
const word = fc.bigInt({min: 0n, max: (1n << 64n) - 1n});
/** Near each other and near 2^32, where the halves matter. */
const argument = fc.oneof(word, fc.constantFrom(0n, 1n, 2n, 0xffffffffn, 1n << 32n, (1n << 32n) + 1n));
const condition: fc.Arbitrary<Condition> = fc.record({
  index: fc.nat(5),
  compare: fc.constantFrom(...(Object.keys(holds) as Comparison[])),
  value: argument,
  masked: argument,
});

test('compileProfile() compares 64 bits as arithmetic does', t => {
  const conditions = fc.array(condition, {minLength: 1, maxLength: 3});
  const cases = fc.tuple(
    fc.array(conditions, {minLength: 1, maxLength: 3}),
    fc.array(argument, {minLength: 6, maxLength: 6}),
  );
  fc.assert(
    fc.property(cases, ([rules, args]) => {
      const ask = asking(
        profile(...rules.map((each, i) => rule('read', {conditions: each, action: action('ERRNO', 100 + i)}))),
      );
      const first = rules.findIndex(each => each.every(c => holds[c.compare](args[c.index]!, c.value, c.masked)));
      t.is(ask('read', ...args), first < 0 ? EPERM : action('ERRNO', 100 + first));
    }),
    {numRuns: 1000},
  );
});

test('compileProfile() takes a rule without conditions where none with conditions holds', t => {
  const never: Condition = {index: 0, compare: 'EQ', value: 7n, masked: 0n};
  const ask = asking(profile(rule('read'), rule('read', {conditions: [never], action: action('ERRNO', 5)})));
  t.is(ask('read', 7n), action('ERRNO', 5));
  t.is(ask('read', 8n), ALLOW);
});

test('compileProfile() lets a profile that allows by default allow what it does not know', t => {
  const program = compileProfile({...profile(rule('mount', {action: EPERM})), default: ALLOW}, target);
  t.is(decide(program, {audit: x64!.audit, number: 165}), EPERM);
  for (const number of [0, 164, 166, 900]) t.is(decide(program, {audit: x64!.audit, number}), ALLOW);
});

test('compileProfile() jumps far: sections and halves of more than 255 instructions', t => {
  const names = [...Array(180).keys()].map(number => syscallName(number)).filter(name => name !== '');
  const conditions: Condition[] = [{index: 5, compare: 'MASKED_EQ', value: 6n, masked: 4n}];
  const rules = names.map((name, i) => rule(name, {conditions, action: action('ERRNO', 1000 + i)}));
  const ask = asking({...profile(...rules), subArchitectures: {X86_64: ['X86']}});
  for (const [i, name] of names.entries()) t.is(ask(name, 0n, 0n, 0n, 0n, 0n, 4n), action('ERRNO', 1000 + i), name);
  t.is(ask('read'), EPERM);
});

function syscallName(number: number): string {
  const words = syscallTables.x86_64.split(' ').map(word => word.replace(/^\d+:/, ''));
  return words.find(name => syscallNumber(x64!, name) === number) ?? '';
}

test('compileProfile() is short, and refuses what is longer than the kernel takes', t => {
  t.true(compileProfile(defaultProfile, target).length < 500);
  const many = Array.from({length: 1000}, (_, i) =>
    rule('read', {conditions: [{index: 0, compare: 'EQ', value: BigInt(i), masked: 0n}]}),
  );
  t.throws(() => compileProfile(profile(...many), target), {
    message: /^it needs \d+ instructions, the kernel takes 4096$/,
  });
});
