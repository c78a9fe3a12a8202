import {closeSync} from 'node:fs';
import type {NamespacePath} from './item.ts';
import type {Fd, Native} from './native.ts';

export interface ProcMounts {
  /** Where `sys/net/…` of a namespace is found: `/proc` for the host's. */
  root(ns: NamespacePath): string;
  close(): void;
}

/** One proc file system of its own costs 0.1 ms and serves so many sandboxes. */
const maxSandboxes = 16;

/**
 * /proc/sys/net/ipv4 is another directory in every namespace, but all have one parent and name: in one proc file system they
 * hang in one chain of the dentry hash, and a thousand sandboxes make a fresh one's first look-up 0.04 -> 0.9 ms
 * (proc_sys_compare). So sandboxes get proc file systems of their own, a few each.
 */
export function createProcMounts(native: Pick<Native, 'mountProc'>): ProcMounts {
  let fd: Fd | null = null;
  const seen = new Set<NamespacePath>();
  const close = (): void => {
    if (fd !== null) closeSync(fd);
    fd = null;
    seen.clear();
  };
  return {
    root(ns) {
      if (ns === '') return '/proc';
      if (!seen.has(ns) && seen.size >= maxSandboxes) close();
      seen.add(ns);
      fd ??= mountOrNothing(native);
      return fd === null ? '/proc' : `/proc/self/fd/${fd}`;
    },
    close,
  };
}

/** Where we may not mount (a user namespace whose /proc is masked), the one there is serves. */
function mountOrNothing(native: Pick<Native, 'mountProc'>): Fd | null {
  try {
    return native.mountProc();
  } catch {
    return null;
  }
}
