import {syscallTables} from './syscall-tables.ts';

export interface Architecture {
  /** As libseccomp calls it, without `SCMP_ARCH_`. */
  readonly name: string;
  /** AUDIT_ARCH_…: the ELF machine, little-endian, 64-bit where it is. linux/audit.h */
  readonly audit: number;
  /** The machine (process.arch) that runs its programs. */
  readonly host: string;
  readonly goArch: string;
  readonly table: keyof typeof syscallTables;
}

const littleEndian = 0x40000000;
const bits64 = 0x80000000;

/** By process.arch; those that no machine of ours has of its own by libseccomp's name. */
export const architectures: Readonly<Record<string, Architecture>> = {
  x64: {name: 'X86_64', audit: bits64 + littleEndian + 62, host: 'x64', goArch: 'amd64', table: 'x86_64'},
  X86: {name: 'X86', audit: littleEndian + 3, host: 'x64', goArch: '386', table: 'x86'},
  arm64: {name: 'AARCH64', audit: bits64 + littleEndian + 183, host: 'arm64', goArch: 'arm64', table: 'aarch64'},
};

const numbers = new Map<string, ReadonlyMap<string, number>>();

/** null when the architecture has no such call. */
export function syscallNumber({table}: Architecture, name: string): number | null {
  const known = numbers.get(table) ?? parseTable(syscallTables[table]);
  numbers.set(table, known);
  return known.get(name) ?? null;
}

function parseTable(runs: string): ReadonlyMap<string, number> {
  let next = 0;
  const entries = runs.split(' ').map((word): [string, number] => {
    const [name, number] = word.split(':').reverse();
    next = number === undefined ? next : Number(number);
    return [name!, next++];
  });
  return new Map(entries);
}
