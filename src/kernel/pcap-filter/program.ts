import type {Condition, Step, Test} from './condition.ts';

/** `struct sock_filter`: jumps skip `jt` or `jf` instructions. */
export interface Instruction extends Step {
  readonly jt: number;
  readonly jf: number;
}

/** include/uapi/linux/bpf_common.h: BPF_JMP | operation, BPF_RET. */
const jumps = {equal: 0x15, greater: 0x25, atLeast: 0x35, anyBit: 0x45} as const;
const jumpAlways = 0x05;
const ret = 0x06;
/** BPF_MAXINSNS: the kernel refuses more. */
const maxInstructions = 4096;
/** `jt` and `jf` are bytes. */
const maxSkip = 255;

/** A place in the code, known when the code before it is. */
interface Label {
  at: number;
}

type Line =
  | {readonly kind: 'step'; readonly step: Step}
  | {readonly kind: 'jump'; readonly test: Test; readonly yes: Label; readonly no: Label; far: readonly Label[]}
  | {readonly kind: 'always'; readonly to: Label};

/** Code that returns `snaplen` where the condition holds, and 0 elsewhere. Throws RangeError when it is too long for the kernel. */
export function programOf(condition: Condition, snaplen: number): readonly Instruction[] {
  const lines: Line[] = [];
  const [accept, refuse]: [Label, Label] = [{at: 0}, {at: 0}];
  const places = new Map<Label, number>();
  emit(condition, {yes: accept, no: refuse, loaded: []});
  places.set(accept, lines.length).set(refuse, lines.length + 1);
  return assemble(lines, places, snaplen);

  function emit(from: Condition, {yes, no, loaded}: Ways): void {
    switch (from.kind) {
      case 'always':
      case 'never':
        lines.push({kind: 'always', to: from.kind === 'always' ? yes : no});
        break;
      case 'not':
        emit(from.of, {yes: no, no: yes, loaded});
        break;
      case 'test':
        if (!isSame(from.steps, loaded)) for (const step of from.steps) lines.push({kind: 'step', step});
        lines.push({kind: 'jump', test: from, yes, no, far: []});
        break;
      default: {
        const right: Label = {at: 0};
        const left = from.kind === 'and' ? {yes: right, no, loaded} : {yes, no: right, loaded};
        emit(from.left, left);
        places.set(right, lines.length);
        emit(from.right, {yes, no, loaded: loadedAfter(from.left)});
      }
    }
  }
}

interface Ways {
  readonly yes: Label;
  readonly no: Label;
  /** The steps whose result is in the accumulator on every way that leads here; none when they differ. */
  readonly loaded: readonly Step[];
}

/** Whichever way a condition ends. */
function loadedAfter(condition: Condition): readonly Step[] {
  if (condition.kind === 'test') return condition.steps;
  if (condition.kind === 'not') return loadedAfter(condition.of);
  if (condition.kind !== 'and' && condition.kind !== 'or') return [];
  const [left, right] = [loadedAfter(condition.left), loadedAfter(condition.right)];
  return isSame(left, right) ? left : [];
}

function isSame(steps: readonly Step[], others: readonly Step[]): boolean {
  return (
    steps.length === others.length && steps.every(({code, k}, i) => code === others[i]!.code && k === others[i]!.k)
  );
}

/** A jump too far for a byte goes through one of 32 bits behind it; that moves others, which may then be too far too. */
function assemble(lines: readonly Line[], places: ReadonlyMap<Label, number>, snaplen: number): readonly Instruction[] {
  for (let moved = true; moved; ) {
    const starts = layOut(lines, places);
    moved = false;
    lines.forEach((line, i) => {
      if (line.kind !== 'jump') return;
      const far = [line.yes, line.no].filter(to => line.far.includes(to) || to.at - starts[i]! - 1 > maxSkip);
      moved ||= far.length > line.far.length;
      line.far = far;
    });
  }
  const starts = layOut(lines, places);
  const code = [...lines.flatMap((line, i) => encodeLine(line, starts[i]!)), end(snaplen), end(0)];
  if (code.length > maxInstructions)
    throw new RangeError(`invalid filter: it needs ${code.length} instructions, the kernel takes ${maxInstructions}`);
  return code;
}

/** Where each line begins; tells the labels where they are. */
function layOut(lines: readonly Line[], places: ReadonlyMap<Label, number>): readonly number[] {
  let at = 0;
  const starts = lines.map(line => {
    const start = at;
    at += line.kind === 'jump' ? 1 + line.far.length : 1;
    return start;
  });
  for (const [label, line] of places) label.at = line < lines.length ? starts[line]! : at + (line - lines.length);
  return starts;
}

function encodeLine(line: Line, start: number): readonly Instruction[] {
  if (line.kind === 'step') return [{...line.step, jt: 0, jf: 0}];
  if (line.kind === 'always') return [jump(line.to.at - start - 1)];
  const {test, yes, no, far} = line;
  const skip = (to: Label): number => (far.includes(to) ? far.indexOf(to) : to.at - start - 1);
  const detours = far.map((to, i) => jump(to.at - start - i - 2));
  return [{code: jumps[test.compare], k: test.k, jt: skip(yes), jf: skip(no)}, ...detours];
}

function jump(skip: number): Instruction {
  return {code: jumpAlways, k: skip, jt: 0, jf: 0};
}

function end(bytes: number): Instruction {
  return {code: ret, k: bytes, jt: 0, jf: 0};
}

/** `struct sock_filter[]` of a little-endian machine, as all are that we run on: u16 code, u8 jt, u8 jf, u32 k. */
export function encodeProgram(program: readonly Instruction[]): Uint8Array {
  const bytes = Buffer.alloc(program.length * 8);
  program.forEach(({code, jt, jf, k}, i) => {
    bytes.writeUInt16LE(code, i * 8);
    bytes.set([jt, jf], i * 8 + 2);
    bytes.writeUInt32LE(k, i * 8 + 4);
  });
  return bytes;
}
