/** One instruction that loads or computes: `struct sock_filter` without jumps. */
export interface Step {
  readonly code: number;
  readonly k: number;
}

/** What classic BPF can decide: after `steps`, the accumulator is compared with `k`. */
export interface Test {
  readonly kind: 'test';
  readonly steps: readonly Step[];
  readonly compare: 'equal' | 'greater' | 'atLeast' | 'anyBit';
  readonly k: number;
}

export type Condition =
  | Test
  | {readonly kind: 'always' | 'never'}
  | {readonly kind: 'and' | 'or'; readonly left: Condition; readonly right: Condition}
  | {readonly kind: 'not'; readonly of: Condition};

export const always: Condition = {kind: 'always'};
export const never: Condition = {kind: 'never'};

export function all(...conditions: readonly Condition[]): Condition {
  return conditions.reduce((left, right) => ({kind: 'and', left, right}));
}

export function any(...conditions: readonly Condition[]): Condition {
  return conditions.reduce((left, right) => ({kind: 'or', left, right}));
}

/** include/uapi/linux/bpf_common.h: class | size | mode. */
export const code = {
  loadByte: 0x30,
  loadHalf: 0x28,
  loadWord: 0x20,
  loadByteAtX: 0x50,
  loadHalfAtX: 0x48,
  /** Length of the packet on the wire. */
  loadLength: 0x80,
  /** X = 4 * (byte & 15): the length of an IPv4 header. */
  loadHeaderLength: 0xb1,
  and: 0x54,
} as const;

/** SKF_AD_OFF + SKF_AD_PKTTYPE of include/uapi/linux/filter.h: PACKET_HOST 0 … PACKET_OUTGOING 4. */
export const packetTypeOffset = 0xffff_f000 + 4;

const loads = {1: code.loadByte, 2: code.loadHalf, 4: code.loadWord} as const;

export function load(offset: number, bytes: 1 | 2 | 4): Step {
  return {code: loads[bytes], k: offset};
}

export function equal(value: number, ...steps: readonly Step[]): Condition {
  return {kind: 'test', steps, compare: 'equal', k: value};
}

export function anyBit(mask: number, ...steps: readonly Step[]): Condition {
  return {kind: 'test', steps, compare: 'anyBit', k: mask};
}

export function atLeast(value: number, ...steps: readonly Step[]): Condition {
  return {kind: 'test', steps, compare: 'atLeast', k: value};
}

export function atMost(value: number, ...steps: readonly Step[]): Condition {
  return {kind: 'not', of: {kind: 'test', steps, compare: 'greater', k: value}};
}
