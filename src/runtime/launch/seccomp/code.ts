import type {Instruction} from '../../../kernel/pcap-filter/program.ts';
import type {Action, Condition, Rule} from './profile.ts';

/** linux/bpf_common.h */
const codes = {load: 0x20, and: 0x54, always: 0x05, equal: 0x15, greater: 0x25, atLeast: 0x35, ret: 0x06} as const;
/** `jt` and `jf` are bytes. */
const maxSkip = 255;

export function loadWord(offset: number): Instruction {
  return {code: codes.load, jt: 0, jf: 0, k: offset};
}

export function returns(action: Action): Instruction {
  return {code: codes.ret, jt: 0, jf: 0, k: action};
}

/** Goes on when the accumulator is `value`, else behind the `length` instructions that follow. */
export function skipUnless(value: number, length: number): readonly Instruction[] {
  return length > maxSkip
    ? [{code: codes.equal, jt: 1, jf: 0, k: value}, jump(length)]
    : [{code: codes.equal, jt: 0, jf: length, k: value}];
}

interface Leaf {
  readonly from: number;
  readonly code: readonly Instruction[];
}

/** Runs the code of the last range that begins at or below the accumulator. Every piece of code ends by returning. */
export function tree(ranges: readonly Leaf[]): readonly Instruction[] {
  if (ranges.length === 1) return ranges[0]!.code;
  const middle = ranges.length >> 1;
  const [below, above] = [tree(ranges.slice(0, middle)), tree(ranges.slice(middle))];
  return [...skipIfAtLeast(ranges[middle]!.from, below.length), ...below, ...above];
}

function skipIfAtLeast(value: number, length: number): readonly Instruction[] {
  return length > maxSkip
    ? [{code: codes.atLeast, jt: 0, jf: 1, k: value}, jump(length)]
    : [{code: codes.atLeast, jt: length, jf: 0, k: value}];
}

function jump(length: number): Instruction {
  return {code: codes.always, jt: 0, jf: 0, k: length};
}

/** The rules of one call: those with conditions in their order, then one without, then `otherwise`. */
export function planCall(rules: readonly Rule[], otherwise: Action): readonly Instruction[] {
  const conditional = rules.filter(({conditions}) => conditions.length > 0);
  const plain = rules.find(({conditions}) => conditions.length === 0);
  return [...conditional.flatMap(planRule), returns(plain?.action ?? otherwise)];
}

function planRule({conditions, action}: Rule): readonly Instruction[] {
  const steps = conditions.flatMap(condition => {
    const code = compareArgument(condition);
    return code.map((step, i) => ({...step, passAfter: code.length - i - 1}));
  });
  return [...steps.map((step, i) => place(step, steps.length - i)), returns(action)];
}

type Way = 'next' | 'pass' | 'fail';

/** An instruction whose jumps are still words: the next one, behind the condition, behind the rule. */
interface Step {
  readonly code: number;
  readonly k: number;
  readonly yes?: Way;
  readonly no?: Way;
}

function place(
  {code, k, yes = 'next', no = 'next', passAfter}: Step & {passAfter: number},
  failAfter: number,
): Instruction {
  const skips = {next: 0, pass: passAfter, fail: failAfter};
  return {code, k, jt: skips[yes], jf: skips[no]};
}

/** BPF has registers of 32 bits: an argument, in little-endian order, is two of them, and the high one decides first. */
function compareArgument({index, compare, value, masked}: Condition): readonly Step[] {
  const [low, high] = [16 + 8 * index, 20 + 8 * index].map(offset => ({code: codes.load, k: offset}));
  const equal = {code: codes.equal, k: upper(value)};
  const greater = {code: codes.greater, k: upper(value)};
  const ordered = (code: number, holds: 'pass' | 'fail'): readonly Step[] => {
    const fails = holds === 'pass' ? 'fail' : 'pass';
    return [
      high!,
      {...greater, yes: holds},
      {...equal, no: fails},
      low!,
      {code, k: lower(value), yes: holds, no: fails},
    ];
  };
  switch (compare) {
    case 'EQ':
      return [high!, {...equal, no: 'fail'}, low!, {code: codes.equal, k: lower(value), yes: 'pass', no: 'fail'}];
    case 'NE':
      return [high!, {...equal, no: 'pass'}, low!, {code: codes.equal, k: lower(value), yes: 'fail', no: 'pass'}];
    case 'GE':
      return ordered(codes.atLeast, 'pass');
    case 'GT':
      return ordered(codes.greater, 'pass');
    case 'LT':
      return ordered(codes.atLeast, 'fail');
    case 'LE':
      return ordered(codes.greater, 'fail');
    case 'MASKED_EQ':
      return [
        ...[high!, {code: codes.and, k: upper(value)}, {code: codes.equal, k: upper(masked), no: 'fail' as const}],
        ...[low!, {code: codes.and, k: lower(value)}],
        {code: codes.equal, k: lower(masked), yes: 'pass', no: 'fail'},
      ];
  }
}

function upper(value: bigint): number {
  return Number(value >> 32n);
}

function lower(value: bigint): number {
  return Number(value & 0xffffffffn);
}
