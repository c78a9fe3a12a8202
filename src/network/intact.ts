import {itemKey, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';

/**
 * What repair has to do with: not what is on a link inside a sandbox, nor that link itself, as long as it is there. It is
 * its owner's, who may have changed it. A veth is there when its end on the host is; a macvlan has none and is looked for.
 */
export function withoutIntact(
  items: readonly Item[],
  actual: World,
): {readonly items: readonly Item[]; readonly actual: World} {
  const intact = new Set(items.flatMap(item => (actual.has(itemKey(item)) ? linksInside(item) : [])));
  const kept = (item: Item): boolean => !intact.has(nameOf(item.ns, linkOf(item)));
  return {items: items.filter(kept), actual: new Map([...actual].filter(([, item]) => kept(item)))};
}

/** The link in a sandbox that is there when `item` is. */
function linksInside(item: Item): readonly string[] {
  if (item.kind !== 'link') return [];
  const {ns, name} = item.peer ?? item;
  // IPv6 of its loopback is switched on with the first link that has it.
  return ns === '' ? [] : [nameOf(ns, name), nameOf(ns, 'lo')];
}

/** The link that `item` is, or is on: of sysctls `net/ipv6/conf/LINK/…`. */
function linkOf(item: Item): string | null {
  if (item.kind === 'link') return item.name;
  if (item.kind === 'sysctl') return item.path.split('/')[3] ?? null;
  return 'link' in item ? item.link : null;
}

/** '' for the host's own, which are never intact. */
function nameOf(ns: string, link: string | null): string {
  return ns === '' || link === null ? '' : `${ns} ${link}`;
}
