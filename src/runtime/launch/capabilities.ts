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

/** Every one that the kernel has. */
export const allCapabilities: readonly string[] = names;

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
