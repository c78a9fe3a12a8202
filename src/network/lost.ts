import type {Op} from '../kernel/item.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Attachment} from '../model/attachment.ts';
import {isForeign, isUnseen} from '../model/sandbox.ts';
import type {State} from '../model/state.ts';
import {foreignLink} from './foreign-homes.ts';

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
  // Of Docker's address management, whose leases are without links, nothing is ever lost.
  const foreign = [...attachments.values()].filter(
    ({sandbox, hostIfname}) => isForeign(sandbox) && !(isUnseen(sandbox) && hostIfname === ''),
  );
  if (foreign.length === 0) return [];
  const links = new Set(kernel.linkNames());
  return foreign.filter(({sandbox, hostIfname}) => !links.has(hostIfname) && !kernel.hasNamespace(sandbox));
}

/** Without the links of foreign attachments that their owner has deleted: nothing can be limited or set there. */
export function withoutGoneLinks(state: State, kernel: Pick<Kernel, 'linkNames'>): State {
  const foreign = [...state.attachments.values()].filter(
    ({network}) => state.networks.get(network)?.driver === 'foreign',
  );
  if (foreign.length === 0) return state;
  const links = new Set(kernel.linkNames());
  const bare = foreign.map(attachment => {
    const {[foreignLink]: link = '', ...options} = attachment.options;
    const hostIfname = links.has(attachment.hostIfname) ? attachment.hostIfname : '';
    return links.has(link) ? {...attachment, hostIfname} : {...attachment, hostIfname, options};
  });
  return {...state, attachments: new Map([...state.attachments, ...bare.map(each => [each.id, each] as const)])};
}

/** Without the attachments whose link went with a sandbox that we do not see: one made again would be in nobody's. */
export function withoutTaken(state: State, kernel: Pick<Kernel, 'linkNames'>): State {
  const unseen = [...state.attachments.values()].filter(
    ({sandbox, hostIfname}) => isUnseen(sandbox) && hostIfname !== '',
  );
  if (unseen.length === 0) return state;
  const links = new Set(kernel.linkNames());
  const taken = new Set(unseen.filter(({hostIfname}) => !links.has(hostIfname)).map(({id}) => id));
  return {...state, attachments: new Map([...state.attachments].filter(([id]) => !taken.has(id)))};
}
