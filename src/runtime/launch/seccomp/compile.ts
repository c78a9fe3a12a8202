import type {Instruction} from '../../../kernel/pcap-filter/program.ts';
import {type Architecture, architectures, syscallNumber} from './architectures.ts';
import {loadWord, planCall, returns, skipUnless, tree} from './code.ts';
import {
  type Action,
  action,
  isDenial,
  type KernelVersion,
  type Rule,
  type SeccompProfile,
  type Selector,
} from './profile.ts';

/** For whom a profile is compiled. */
export interface Target {
  /** As process.arch: x64, arm64. */
  readonly machine: string;
  readonly kernel: KernelVersion;
  /** Of the container, without `CAP_`. */
  readonly capabilities: readonly string[];
}

/** Offsets in `struct seccomp_data`. */
const numberAt = 0;
const archAt = 4;

const ENOSYS = 38;
const noSuchCall = action('ERRNO', ENOSYS);
/** BPF_MAXINSNS */
const maxInstructions = 4096;

/**
 * The profile as classic BPF. First the architecture: a number means another call on another one, so what no section is for
 * kills. Then a search tree over the numbers: 8 comparisons at most, and the kernel does even those only once, as it keeps a
 * bitmap of the calls that are always allowed (Linux 5.11). Throws RangeError where the machine or the length is too much.
 */
export function compileProfile(profile: SeccompProfile, target: Target): readonly Instruction[] {
  const rules = profile.rules.filter(rule => counts(rule, target));
  const sections = architecturesOf(profile, target).flatMap(arch => {
    const section = [loadWord(numberAt), ...guardX32(arch), ...tree(actionsByNumber(rules, arch, profile.default))];
    return [...skipUnless(arch.audit, section.length), ...section];
  });
  const program = [loadWord(archAt), ...sections, returns(action('KILL_PROCESS'))];
  if (program.length > maxInstructions)
    throw new RangeError(`it needs ${program.length} instructions, the kernel takes ${maxInstructions}`);
  return program;
}

/** Docker looks at the machine's architecture, never at that of the program. */
function counts({includes, excludes}: Rule, target: Target): boolean {
  const has = (name: string): boolean => target.capabilities.includes(name);
  const goArch = architectures[target.machine]!.goArch;
  return (
    includes.capabilities.every(has) &&
    (includes.arches.length === 0 || includes.arches.includes(goArch)) &&
    isSince(includes.minKernel, target.kernel) &&
    !excludes.capabilities.some(has) &&
    !excludes.arches.includes(goArch) &&
    !isExcludedKernel(excludes, target.kernel)
  );
}

function isSince(least: KernelVersion | null, [major, minor]: KernelVersion): boolean {
  return least === null || major > least[0] || (major === least[0] && minor >= least[1]);
}

function isExcludedKernel({minKernel}: Selector, kernel: KernelVersion): boolean {
  return minKernel !== null && isSince(minKernel, kernel);
}

function architecturesOf(profile: SeccompProfile, {machine}: Target): readonly Architecture[] {
  const own = architectures[machine];
  if (own === undefined) throw new RangeError(`no system calls are known of architecture ${machine}`);
  const more = profile.subArchitectures[own.name] ?? profile.architectures;
  const known = Object.values(architectures).filter(({name}) => name !== own.name && more.includes(name));
  return [own, ...known.filter(({host}) => host === machine)];
}

/**
 * Calls of the x32 ABI come under the same architecture, with bit 30 set. Docker allows them; Debian's and Fedora's kernels do not have
 * them, and we compile no third table for it: they do not exist here.
 */
function guardX32({name}: Architecture): readonly Instruction[] {
  const x32Bit = 0x40000000;
  return name === 'X86_64' ? [{code: 0x35, jt: 0, jf: 1, k: x32Bit}, returns(noSuchCall)] : [];
}

/**
 * What is done at each number from which on something else is done. Numbers above every one that the profile names are
 * of calls that its author did not know: programs fall back on what they did before at ENOSYS, and give up at EPERM.
 */
function actionsByNumber(rules: readonly Rule[], arch: Architecture, otherwise: Action): readonly Range[] {
  const byNumber = new Map<number, Rule[]>();
  for (const rule of rules)
    for (const name of rule.names) {
      const number = syscallNumber(arch, name);
      if (number !== null) byNumber.set(number, [...(byNumber.get(number) ?? []), rule]);
    }
  const numbers = [...byNumber.keys()].sort((a, b) => a - b);
  const plans = numbers.flatMap(number => [
    {from: number, code: planCall(byNumber.get(number)!, otherwise)},
    {from: number + 1, code: [returns(otherwise)]},
  ]);
  const last = {from: (numbers.at(-1) ?? -1) + 1, code: [returns(isDenial(otherwise) ? noSuchCall : otherwise)]};
  return merge([{from: 0, code: [returns(otherwise)]}, ...plans, last]);
}

export interface Range {
  readonly from: number;
  readonly code: readonly Instruction[];
}

/** The later of two at one number counts; neighbours that do the same are one. */
function merge(ranges: readonly Range[]): readonly Range[] {
  const merged: Range[] = [];
  ranges.forEach((range, i) => {
    if (ranges[i + 1]?.from === range.from) return;
    if (JSON.stringify(merged.at(-1)?.code) !== JSON.stringify(range.code)) merged.push(range);
  });
  return merged;
}
