import type {Instruction} from '../../../../src/kernel/pcap-filter/program.ts';
import {architectures, syscallNumber} from '../../../../src/runtime/launch/seccomp/architectures.ts';
import {compileProfile, type Target} from '../../../../src/runtime/launch/seccomp/compile.ts';
import type {SeccompProfile} from '../../../../src/runtime/launch/seccomp/profile.ts';
import {interpret} from '../../../kernel/pcap-filter/interpreter.ts';

export const EPERM = 0x00050001;
export const ENOSYS = 0x00050026;
export const ALLOW = 0x7fff0000;
export const KILL_PROCESS = 0x80000000;

export interface Call {
  readonly audit: number;
  readonly number: number;
  readonly args?: readonly bigint[];
}

/** What the kernel would do: `struct seccomp_data` word for word, in the byte order of the packets the interpreter knows. */
export function decide(program: readonly Instruction[], {audit, number, args = []}: Call): number {
  const data = Buffer.alloc(64);
  data.writeUInt32BE(number, 0);
  data.writeUInt32BE(audit, 4);
  args.forEach((arg, i) => {
    data.writeUInt32BE(Number(arg & 0xffffffffn), 16 + 8 * i);
    data.writeUInt32BE(Number(arg >> 32n), 20 + 8 * i);
  });
  return interpret(program, data) >>> 0;
}

export const target: Target = {machine: 'x64', kernel: [6, 1], capabilities: []};

/** A function that asks the compiled profile by name. */
export function asking(
  profile: SeccompProfile,
  change: Partial<Target> = {},
  archName = change.machine ?? 'x64',
): (name: string, ...args: readonly bigint[]) => number {
  const program = compileProfile(profile, {...target, ...change});
  const arch = architectures[archName]!;
  return (name, ...args) => {
    const number = syscallNumber(arch, name);
    if (number === null) throw new Error(`${archName} has no ${name}`);
    return decide(program, {audit: arch.audit, number, args});
  };
}
