import {TnetError} from '../../errors.ts';

/** By number, as in linux/capability.h (6.18). */
const names = [
  'CHOWN',
  'DAC_OVERRIDE',
  'DAC_READ_SEARCH',
  'FOWNER',
  'FSETID',
  'KILL',
  'SETGID',
  'SETUID',
  'SETPCAP',
  'LINUX_IMMUTABLE',
  'NET_BIND_SERVICE',
  'NET_BROADCAST',
  'NET_ADMIN',
  'NET_RAW',
  'IPC_LOCK',
  'IPC_OWNER',
  'SYS_MODULE',
  'SYS_RAWIO',
  'SYS_CHROOT',
  'SYS_PTRACE',
  'SYS_PACCT',
  'SYS_ADMIN',
  'SYS_BOOT',
  'SYS_NICE',
  'SYS_RESOURCE',
  'SYS_TIME',
  'SYS_TTY_CONFIG',
  'MKNOD',
  'LEASE',
  'AUDIT_WRITE',
  'AUDIT_CONTROL',
  'SETFCAP',
  'MAC_OVERRIDE',
  'MAC_ADMIN',
  'SYSLOG',
  'WAKE_ALARM',
  'BLOCK_SUSPEND',
  'AUDIT_READ',
  'PERFMON',
  'BPF',
  'CHECKPOINT_RESTORE',
] as const;

/** Docker's 14 (moby `oci/caps/defaults.go`); `CapEff: 00000000a80425fb`. */
export const defaultCapabilities: readonly string[] = [
  'CHOWN',
  'DAC_OVERRIDE',
  'FSETID',
  'FOWNER',
  'MKNOD',
  'NET_RAW',
  'SETGID',
  'SETUID',
  'SETFCAP',
  'SETPCAP',
  'NET_BIND_SERVICE',
  'SYS_CHROOT',
  'KILL',
  'AUDIT_WRITE',
];

/** How much of root a container gets: Docker's `--privileged`, `--cap-add`, `--cap-drop`. */
export interface CapabilityChange {
  readonly privileged: boolean;
  /** As normalizeCapabilities() leaves them. */
  readonly capAdd: readonly string[];
  readonly capDrop: readonly string[];
}

/** Upper case, with `CAP_`; `ALL` stays. ERR_BAD_REQUEST, in Docker's words, for a name the kernel does not have. */
export function normalizeCapabilities(given: readonly string[]): readonly string[] {
  return given.map(name => {
    const upper = name.toUpperCase();
    if (upper === 'ALL') return upper;
    const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
    if ((names as readonly string[]).includes(full.slice(4))) return full;
    throw new TnetError('ERR_BAD_REQUEST', `unknown capability: "${full}"`);
  });
}

/**
 * Docker's order (moby daemon/pkg/oci/caps, TweakCapabilities): `--privileged` is everything; `--cap-add ALL` everything but
 * what is dropped; `--cap-drop ALL` what is added alone; else the default without what is dropped, then what is added.
 * Names without `CAP_`. `available` is this process's bounding set, beyond which nobody can give: what was asked for by
 * name and is not in it is ERR_BAD_REQUEST, what was not is left out.
 */
export function grantCapabilities(change: CapabilityChange, available: bigint): readonly string[] {
  const isAvailable = (name: string): boolean => ((available >> BigInt(capabilityNumber(name))) & 1n) === 1n;
  const [add, drop] = [change.capAdd, change.capDrop].map(list => list.map(name => name.replace(/^CAP_/, ''))) as [
    string[],
    string[],
  ];
  const everything = names.filter(isAvailable);
  if (change.privileged) return everything;
  const missing = add.find(name => name !== 'ALL' && !isAvailable(name));
  if (missing !== undefined)
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid CapAdd: capability not supported by your kernel or not available in the current environment: "CAP_${missing}"`,
    );
  if (add.includes('ALL')) return everything.filter(name => !drop.includes(name));
  const base = drop.includes('ALL')
    ? []
    : defaultCapabilities.filter(name => isAvailable(name) && !drop.includes(name));
  return [...new Set([...base, ...add])];
}

/** 16 hex digits as in /proc/<pid>/status. Names without `CAP_`; ERR_BAD_REQUEST for one the kernel does not have. */
export function capabilityMask(capabilities: readonly string[]): string {
  const mask = capabilities.reduce((bits, name) => bits | (1n << BigInt(capabilityNumber(name))), 0n);
  return mask.toString(16).padStart(16, '0');
}

function capabilityNumber(name: string): number {
  const number = (names as readonly string[]).indexOf(name);
  if (number < 0) throw new TnetError('ERR_BAD_REQUEST', `Unknown capability "${name}"`);
  return number;
}
