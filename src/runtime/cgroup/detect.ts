import {readFileSync, statfsSync} from 'node:fs';
import {join} from 'node:path';
import {assembleHost, type CgroupHost, type CgroupMount, parseCgroupMounts} from './host.ts';

/** f_type of statfs(2), from linux/magic.h. */
const superMagic = {1: 0x27e0eb, 2: 0x63677270} as const;

/**
 * Asks the kernel, never the distribution: v2 alone (Debian 12), v1 alone, or hybrid, where v1 holds the controllers and
 * the unified hierarchy beside it has none but still tracks, freezes and kills. Cheap (~0.2 ms); nothing is cached, since
 * hierarchies may be mounted later.
 */
export function detectCgroups(): CgroupHost {
  const mounts = parseCgroupMounts(readFileSync('/proc/self/mountinfo', 'utf8')).filter(isVisible);
  const unified = assembleHost(mounts, '').unified;
  return assembleHost(mounts, unified === null ? '' : readFileSync(join(unified, 'cgroup.controllers'), 'utf8'));
}

/** A mount can lie hidden under a later one (`ip netns exec` mounts a fresh /sys over all of them). */
function isVisible(mount: CgroupMount): boolean {
  try {
    return statfsSync(mount.mountpoint).type === superMagic[mount.version];
  } catch {
    return false;
  }
}
