import {readdirSync, readFileSync, statSync} from 'node:fs';

/** Names (comm) of the programs in a network namespace, by its inode. */
export function runningIn(netns: number): readonly string[] {
  const pids = readdirSync('/proc').filter(name => /^\d+$/.test(name));
  return pids.flatMap(pid => {
    try {
      return statSync(`/proc/${pid}/ns/net`).ino === netns ? [readFileSync(`/proc/${pid}/comm`, 'utf8').trim()] : [];
    } catch {
      return []; // it ended meanwhile
    }
  });
}
