import {readdirSync, readFileSync, statSync} from 'node:fs';

/** Names (comm) of the programs in a network namespace, by its inode. */
export function runningIn(netns: number): readonly string[] {
  return pidsIn(netns).flatMap(pid => {
    try {
      return [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()];
    } catch {
      return []; // it ended meanwhile
    }
  });
}

/** As our own /proc numbers them. */
export function pidsIn(netns: number): readonly number[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.map(Number).filter(pid => {
    try {
      return statSync(`/proc/${pid}/ns/net`).ino === netns;
    } catch {
      return false;
    }
  });
}
