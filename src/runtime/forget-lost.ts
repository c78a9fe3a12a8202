import {statfsSync} from 'node:fs';
import {isForeign} from '../model/sandbox.ts';
import type {Store} from '../store/store.ts';

/** NSFS_MAGIC, linux/magic.h: what statfs(2) says of a pinned namespace, and of a link in /proc/<pid>/ns. */
const nsfs = 0x6e736673;

/**
 * Forgets attachments whose sandbox is no more, as after a reboot: nothing can be repaired in it. To be called before
 * the controller looks, which takes away their links and rules as those of nobody. Other runtimes' sandboxes it judges itself.
 */
export function forgetLost(store: Store): void {
  const lost = [...store.state.attachments.values()].filter(
    ({sandbox}) => !isForeign(sandbox) && !isNamespace(sandbox),
  );
  if (lost.length > 0) store.commit({remove: {attachments: lost.map(({id}) => id)}});
}

/** After a reboot a file may be left on which nothing is mounted any more. */
function isNamespace(path: string): boolean {
  try {
    return statfsSync(path).type === nsfs;
  } catch {
    return false;
  }
}
