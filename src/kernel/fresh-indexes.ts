import {KernelError} from '../errors.ts';
import type {LinkItem, NamespacePath} from './item.ts';

/** Which ifindex links will have in namespaces where nothing was made yet. */
export interface LinkIndexes {
  /** Throws KernelError ENODEV where no such link is wanted. */
  of(ns: NamespacePath, link: string): number;
}

const LOOPBACK_IFINDEX = 1;
const ENODEV = 19;

/** As the kernel would number them itself: each namespace from `last` + 1 on, in the order of the links. Pure. */
export function allotIndexes(links: readonly (LinkItem & {readonly ns: NamespacePath})[], last: number): LinkIndexes {
  const spaces = new Map<NamespacePath, Map<string, number>>();
  const give = (ns: NamespacePath, name: string): void => {
    const space = spaces.get(ns) ?? new Map<string, number>();
    spaces.set(ns, space);
    if (!space.has(name)) space.set(name, last + 1 + space.size);
  };
  for (const {ns, name, type, peer} of links) {
    if (type === 'loopback') continue;
    give(ns, name);
    if (peer !== null) give(peer.ns, peer.name);
  }
  return {
    of(ns, link) {
      const index = link === 'lo' ? LOOPBACK_IFINDEX : spaces.get(ns)?.get(link);
      if (index !== undefined) return index;
      throw new KernelError(`Cannot find link "${link}" in "${ns}": none is made`, {errno: ENODEV});
    },
  };
}
