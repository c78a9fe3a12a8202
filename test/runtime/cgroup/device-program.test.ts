import test from 'ava';
import {type DeviceRule, formatDeviceRule, parseDeviceRule} from '../../../src/model/device-rule.ts';
import {compileDeviceProgram} from '../../../src/runtime/cgroup/device-program.ts';
import {defaultDeviceRules, mergeDeviceRules} from '../../../src/runtime/cgroup/device-rules.ts';

const rules = (...texts: readonly string[]): readonly DeviceRule[] => texts.flatMap(text => parseDeviceRule(text)!);

interface Question {
  readonly type: 'b' | 'c';
  readonly major: number;
  readonly minor: number;
  readonly access: string;
}

/** What the kernel would answer: the few instructions that our programs consist of, as linux/bpf.h describes them. */
function answer(program: Uint8Array, {type, major, minor, access}: Question): number {
  const code = Buffer.from(program);
  const bits = [...access].reduce((sum, letter) => sum | {m: 1, r: 2, w: 4}[letter]!, 0);
  const context = [((bits << 16) | {b: 1, c: 2}[type]) >>> 0, major, minor];
  const r: number[] = [];
  for (let at = 0; ; at++) {
    const [opcode, registers] = [code.readUInt8(8 * at), code.readUInt8(8 * at + 1)];
    const [dst, src] = [registers & 15, registers >> 4];
    const [offset, immediate] = [code.readInt16LE(8 * at + 2), code.readInt32LE(8 * at + 4)];
    if (opcode === 0x61) r[dst] = context[offset / 4]!;
    else if (opcode === 0x54) r[dst] = (r[dst]! & immediate) >>> 0;
    else if (opcode === 0x74) r[dst] = r[dst]! >>> immediate;
    else if (opcode === 0xbc) r[dst] = r[src]!;
    else if (opcode === 0xb4) r[dst] = immediate >>> 0;
    else if (opcode === 0x56) at += r[dst] === immediate >>> 0 ? 0 : offset;
    else if (opcode === 0x5e) at += r[dst] === r[src] ? 0 : offset;
    else if (opcode === 0x95) return r[0]!;
    else throw new Error(`unknown instruction ${opcode.toString(16)}`);
  }
}

const ask = (program: Uint8Array, rule: string): number => {
  const [{type, major, minor, access}] = rules(rule) as [DeviceRule];
  return answer(program, {type, major: major!, minor: minor!, access});
};

for (const [granted, asked, want] of [
  [['c 1:3 rwm'], 'c 1:3 rw', 1],
  [['c 1:3 rwm'], 'c 1:5 r', 0],
  [['c 1:3 rwm'], 'c 2:3 r', 0],
  [['c 1:3 rwm'], 'b 1:3 r', 0],
  [['c 1:3 r'], 'c 1:3 r', 1],
  [['c 1:3 r'], 'c 1:3 w', 0],
  [['c 1:3 r'], 'c 1:3 rw', 0],
  [['c 1:3 r'], 'c 1:3 m', 0],
  [['c 1:3 r', 'c 1:3 w'], 'c 1:3 rw', 1],
  [['c 42:* rw'], 'c 42:7 w', 1],
  [['c 42:* rw'], 'c 42:7 m', 0],
  [['b *:7 m'], 'b 8:7 m', 1],
  [['b *:7 m'], 'b 8:8 m', 0],
  [['a *:* r'], 'b 8:0 r', 1],
  [['a *:* r'], 'c 8:0 r', 1],
  [['a *:* r'], 'c 8:0 w', 0],
  [['c 4294967295:4294967295 r'], 'c 4294967295:4294967295 r', 1],
  [['c 4294967295:* r'], 'c 1:1 r', 0],
  [[], 'c 1:3 r', 0],
] as const)
  test(`compileDeviceProgram() of [${granted.join(', ')}] answers ${want} to ${asked}`, t =>
    t.is(ask(compileDeviceProgram(mergeDeviceRules(rules(...granted))), asked), want));

test('compileDeviceProgram() of the default rules: what every container has, and nodes of anything', t => {
  const program = compileDeviceProgram(mergeDeviceRules(defaultDeviceRules));
  const yes = ['c 1:3 rw', 'c 1:9 r', 'c 5:0 rwm', 'c 5:2 rw', 'c 136:12 rw', 'b 8:0 m', 'c 10:229 m'];
  const no = ['c 1:1 r', 'c 10:229 r', 'c 10:200 rw', 'b 8:0 r', 'b 8:0 rm', 'c 4:0 w', 'c 1:11 r'];
  t.deepEqual(
    [...yes, ...no].filter(question => ask(program, question) === 1),
    yes,
  );
});

test('mergeDeviceRules() has the same numbers once', t => {
  const merged = mergeDeviceRules(rules('c 1:3 r', 'b 1:3 r', 'c 1:3 mw', 'c 1:* r'));
  t.deepEqual(merged.map(formatDeviceRule), ['c 1:3 rwm', 'b 1:3 r', 'c 1:* r']);
});

test('parseDeviceRule() takes Docker’s form and nothing else', t => {
  t.deepEqual(rules('a 1:* wr').map(formatDeviceRule), ['b 1:* rw', 'c 1:* rw']);
  for (const text of [
    '',
    'c',
    'c 1:3',
    'd 1:3 r',
    'c 1:3 x',
    'c 1:3 rwmr',
    'c 1 r',
    'c -1:3 r',
    'c 4294967296:0 r',
    ' c 1:3 r',
  ])
    t.is(parseDeviceRule(text), null, text);
});
