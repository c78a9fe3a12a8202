/** A seccomp profile in Docker's format (`--security-opt seccomp=FILE`), parsed. */
export interface SeccompProfile {
  /** What happens to calls that no rule speaks of. */
  readonly default: Action;
  /** As `SCMP_ARCH_…` without the prefix; empty: the machine's own alone. */
  readonly architectures: readonly string[];
  /** The other architectures of a machine, besides its own: 32-bit programs. */
  readonly subArchitectures: Readonly<Record<string, readonly string[]>>;
  readonly rules: readonly Rule[];
}

export interface Rule {
  /** Those this machine does not have are passed over. */
  readonly names: readonly string[];
  readonly action: Action;
  /** All must hold. */
  readonly conditions: readonly Condition[];
  readonly includes: Selector;
  readonly excludes: Selector;
}

/** When a rule counts: `includes` wants every capability, `excludes` is met by one. */
export interface Selector {
  /** Without `CAP_`. */
  readonly capabilities: readonly string[];
  /** As GOARCH: amd64, arm64. */
  readonly arches: readonly string[];
  /** `[major, minor]`, of `includes` alone. */
  readonly minKernel: KernelVersion | null;
}

export type KernelVersion = readonly [major: number, minor: number];

/** SECCOMP_RET_…, data included. */
export type Action = number;

export type Comparison = 'NE' | 'LT' | 'LE' | 'EQ' | 'GE' | 'GT' | 'MASKED_EQ';

/** Compares the argument, 64 bits without sign, with `value`; MASKED_EQ: `argument & value === masked`. */
export interface Condition {
  /** 0 to 5 */
  readonly index: number;
  readonly compare: Comparison;
  readonly value: bigint;
  readonly masked: bigint;
}

const returns = {
  KILL: 0x00000000,
  KILL_THREAD: 0x00000000,
  KILL_PROCESS: 0x80000000,
  TRAP: 0x00030000,
  ERRNO: 0x00050000,
  TRACE: 0x7ff00000,
  LOG: 0x7ffc0000,
  ALLOW: 0x7fff0000,
} as const;

export type ActionName = keyof typeof returns;

export const actionNames = Object.keys(returns) as readonly ActionName[];

/** `errno`, or the number for the tracer, goes into the lower 16 bits where the action has a use for it. */
export function action(name: ActionName, errno = 0): Action {
  const takesData = name === 'ERRNO' || name === 'TRACE' || name === 'TRAP';
  return returns[name] + (takesData ? errno : 0);
}

/** Whether a call with this action does not take place. */
export function isDenial(value: Action): boolean {
  return value < returns.TRACE || value === returns.KILL_PROCESS;
}

export const everywhere: Selector = {capabilities: [], arches: [], minKernel: null};
