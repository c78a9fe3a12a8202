import {statSync} from 'node:fs';
import type {Item} from '../../kernel/item.ts';
import {foreignSandbox} from '../../model/sandbox.ts';
import {plainLink} from '../../network/drivers/driver.ts';
import {badRequest} from '../failure.ts';

/** The sandbox at `path`. `own` is the daemon's namespace: a stale /proc/PID/ns/net may be the host's. Throws ERR_BAD_REQUEST. */
export function sandboxAt(path: string, own: string): string {
  const identity = identityAt(path);
  if (identity === own) throw badRequest(`network namespace "${path}" is the host's own`);
  return foreignSandbox(path, identity);
}

function identityAt(path: string): string {
  try {
    const {dev, ino} = statSync(path);
    return `${dev}:${ino}`;
  } catch (cause) {
    throw badRequest(`open container netns: open "${path}": ${(cause as Error).message}`);
  }
}

/** What a fresh namespace of another runtime needs besides its attachments. */
export const loopbackUp = (sandbox: string): readonly Item[] => [
  {...plainLink, ns: sandbox, name: 'lo', type: 'loopback'},
];
