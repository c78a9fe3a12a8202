import {type DeviceRule, sortAccess} from '../../model/device-rule.ts';

const character = (major: number, minor: number | null): DeviceRule => ({type: 'c', major, minor, access: 'rwm'});

/**
 * Docker's and runc's: every node may be made, and these be opened. Not /dev/fuse (10:229), and not /dev/net/tun, which runc
 * took out in 1.2.
 */
export const defaultDeviceRules: readonly DeviceRule[] = [
  {type: 'c', major: null, minor: null, access: 'm'},
  {type: 'b', major: null, minor: null, access: 'm'},
  character(1, 3), // null
  character(1, 5), // zero
  character(1, 7), // full
  character(1, 8), // random
  character(1, 9), // urandom
  character(5, 0), // tty
  character(5, 1), // console
  character(5, 2), // ptmx
  character(136, null), // pts/*
];

/** The same numbers but once, with all that any rule grants: the kernel's v1 list does so too. */
export function mergeDeviceRules(rules: readonly DeviceRule[]): readonly DeviceRule[] {
  const merged = new Map<string, DeviceRule>();
  for (const rule of rules) {
    const key = `${rule.type} ${rule.major}:${rule.minor}`;
    merged.set(key, {...rule, access: sortAccess(rule.access + (merged.get(key)?.access ?? ''))});
  }
  return [...merged.values()];
}
