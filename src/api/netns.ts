import {statSync} from 'node:fs';

/** Header by which a client says where it stands; Docker's clients do not send it. */
export const netnsHeader = 'tnet-netns';

/** Identity of a network namespace, this process' by default: `dev:ino` of nsfs, as `stat -L -c %d:%i /proc/self/ns/net`. */
export function netnsIdentity(path = '/proc/self/ns/net'): string {
  const {dev, ino} = statSync(path);
  return `${dev}:${ino}`;
}
