import {type Fd, loadNative, shimPath} from '../../kernel/native.ts';

let guarded: Fd | undefined;

/**
 * Path by which this process starts shims: the executable through a read-only mount of its own. Whoever gets hold of
 * /proc/<pid>/exe of a process that enters a container, reaches the machine's file through that mount and cannot write to
 * it (CVE-2019-5736). Making it costs 10 µs and no memory, where a sealed memfd costs 0.4 ms and 0.86 MB; exec takes the same
 * 0.4 ms through either as through the path. It is made once, and a daemon keeps the shim it began with when the package is replaced.
 */
export function guardedShim(): string {
  guarded ??= loadNative().openReadonly(shimPath());
  return `/proc/self/fd/${guarded}`;
}
