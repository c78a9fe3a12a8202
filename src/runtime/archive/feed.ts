import {once} from 'node:events';
import type {Readable, Writable} from 'node:stream';

/**
 * Copies a request's body into a program or a filter, and ends that. Unlike a pipeline it leaves the body open when the other
 * side is done early: a client must be able to read why. Rejects when the body breaks off; then `to` is not ended.
 */
export async function feed(from: Readable, to: Writable): Promise<void> {
  for await (const chunk of from.iterator({destroyOnReturn: false})) {
    if (to.destroyed || !to.writable) return;
    if (!to.write(chunk)) await Promise.race([once(to, 'drain'), once(to, 'close')]).catch(() => {});
  }
  to.end();
}
