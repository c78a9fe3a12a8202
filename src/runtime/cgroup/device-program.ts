import type {DeviceRule} from '../../model/device-rule.ts';

/** `struct bpf_insn` (linux/bpf.h) in words. */
interface Instruction {
  readonly code: number;
  readonly dst?: number;
  readonly src?: number;
  readonly offset?: number;
  readonly immediate?: number;
}

/** Class, size or operation, and source of the operand, put together. JMP32 compares 32 bits (Linux 5.1). */
const codes = {
  /** dst = *(u32 *)(src + offset) */
  loadWord: 0x61,
  and: 0x54,
  shiftRight: 0x74,
  moveRegister: 0xbc,
  move: 0xb4,
  unlessImmediate: 0x56,
  unlessRegister: 0x5e,
  exit: 0x95,
} as const;

const register = {result: 0, context: 1, type: 2, access: 3, major: 4, minor: 5, scratch: 6} as const;

/** `struct bpf_cgroup_dev_ctx`: access << 16 | type, major, minor. */
const contextAt = {accessAndType: 0, major: 4, minor: 8} as const;
const types = {b: 1, c: 2} as const;
const accessBits: Readonly<Record<string, number>> = {m: 1, r: 2, w: 4};

/**
 * The rules as a program for BPF_PROG_TYPE_CGROUP_DEVICE, which returns 1 for what one of them grants and 0, EPERM, for
 * everything else. An open for reading and writing is one question with two bits: one rule has to grant both.
 */
export function compileDeviceProgram(rules: readonly DeviceRule[]): Uint8Array {
  return encode([
    {code: codes.loadWord, dst: register.type, src: register.context, offset: contextAt.accessAndType},
    {code: codes.moveRegister, dst: register.access, src: register.type},
    {code: codes.and, dst: register.type, immediate: 0xffff},
    {code: codes.shiftRight, dst: register.access, immediate: 16},
    {code: codes.loadWord, dst: register.major, src: register.context, offset: contextAt.major},
    {code: codes.loadWord, dst: register.minor, src: register.context, offset: contextAt.minor},
    ...rules.flatMap(ruleCode),
    ...returns(0),
  ]);
}

/** Each test that fails jumps behind the rule. */
function ruleCode({type, major, minor, access}: DeviceRule): readonly Instruction[] {
  const code = [
    unless(register.type, types[type]),
    ...(major === null ? [] : [unless(register.major, major)]),
    ...(minor === null ? [] : [unless(register.minor, minor)]),
    ...withinAccess(access),
    ...returns(1),
  ];
  return code.map((step, at) => (isTest(step) ? {...step, offset: code.length - at - 1} : step));
}

/** What is asked for, cut down to what is granted, is still all of it. */
function withinAccess(access: string): readonly Instruction[] {
  const granted = [...access].reduce((bits, letter) => bits | accessBits[letter]!, 0);
  if (granted === 7) return [];
  return [
    {code: codes.moveRegister, dst: register.scratch, src: register.access},
    {code: codes.and, dst: register.scratch, immediate: granted},
    {code: codes.unlessRegister, dst: register.scratch, src: register.access},
  ];
}

function unless(dst: number, immediate: number): Instruction {
  return {code: codes.unlessImmediate, dst, immediate};
}

function isTest({code}: Instruction): boolean {
  return code === codes.unlessImmediate || code === codes.unlessRegister;
}

function returns(result: 0 | 1): readonly Instruction[] {
  return [{code: codes.move, dst: register.result, immediate: result}, {code: codes.exit}];
}

/** u8 code, two registers in four bits each, s16 offset, s32 immediate; in the machine's order, which is little-endian. */
function encode(instructions: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(8 * instructions.length);
  instructions.forEach(({code, dst = 0, src = 0, offset = 0, immediate = 0}, index) => {
    bytes.writeUInt8(code, 8 * index);
    bytes.writeUInt8((src << 4) | dst, 8 * index + 1);
    bytes.writeInt16LE(offset, 8 * index + 2);
    bytes.writeInt32LE(immediate | 0, 8 * index + 4);
  });
  return bytes;
}
