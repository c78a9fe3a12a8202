import type {Op} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {isForeign} from '../model/sandbox.ts';
import type {State} from '../model/state.ts';

/** Without what is in sandboxes that are gone, or reaches into them: nothing can be done there, and their links went with them. */
export function withoutLost(ops: readonly Op[], {hasNamespace}: Pick<Kernel, 'hasNamespace'>): readonly Op[] {
  const known = new Map<string, boolean>([['', true]]);
  const isThere = (ns: string): boolean => {
    const found = known.get(ns) ?? hasNamespace(ns);
    known.set(ns, found);
    return found;
  };
  return ops.filter(op => sandboxesOf(op).every(ns => !isForeign(ns) || isThere(ns)));
}

function sandboxesOf({do: verb, item}: Op): readonly string[] {
  return verb === 'add' && item.kind === 'link' && item.peer ? [item.ns, item.peer.ns] : [item.ns];
}

/**
 * Attachments that nothing is left of, as after a reboot: the other runtime's namespace is gone, and so is the end on the
 * host. Where one is still there we may only not see the namespace, in a mount namespace of ours.
 */
export function lostAttachments({attachments}: State, kernel: Kernel): readonly Attachment[] {
  const foreign = [...attachments.values()].filter(({sandbox}) => isForeign(sandbox));
  if (foreign.length === 0) return [];
  const links = new Set(kernel.linkNames());
  return foreign.filter(({sandbox, hostIfname}) => !links.has(hostIfname) && !kernel.hasNamespace(sandbox));
}
