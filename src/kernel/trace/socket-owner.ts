import {readdirSync, readFileSync, readlinkSync, statSync} from 'node:fs';

export interface SocketOwner {
  readonly pid: number;
  /** comm(5), up to 15 bytes. */
  readonly command: string;
}

/**
 * Processes of the namespace `netns` (a path) that hold the socket `inode`, by /proc/PID/fd as ss(8) does. Looks only
 * into processes that are in that namespace themselves: 0.1 ms each. Empty when it belongs to the kernel or to somebody else.
 */
export function findSocketOwners(inode: number, netns: string): readonly SocketOwner[] {
  const namespace = `net:[${statSync(netns).ino}]`;
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids
    .filter(pid => orNull(() => readlinkSync(`/proc/${pid}/ns/net`)) === namespace && holds(pid, `socket:[${inode}]`))
    .map(pid => ({pid: Number(pid), command: orNull(() => readFileSync(`/proc/${pid}/comm`, 'utf8').trim()) ?? ''}));
}

function holds(pid: string, target: string): boolean {
  const fds = orNull(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
  return fds.some(fd => orNull(() => readlinkSync(`/proc/${pid}/fd/${fd}`)) === target);
}

/** A process may be gone between two looks. */
function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
