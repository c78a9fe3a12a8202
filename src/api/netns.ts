import {statSync} from 'node:fs';

/** Header by which a client says where it stands; Docker's clients do not send it. */
export const netnsHeader = 'tnet-netns';

/** Identity of the network namespace of this process, `dev:ino` of nsfs; as `stat -L -c %d:%i /proc/self/ns/net`. */
export function netnsIdentity(): string {
  const {dev, ino} = statSync('/proc/self/ns/net');
  return `${dev}:${ino}`;
}
