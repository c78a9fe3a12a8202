import {isInside, itemKey, linkKey, type World} from '../kernel/diff.ts';
import type {Item} from '../kernel/item.ts';

export interface RepairScope {
  readonly items: readonly Item[];
  readonly actual: World;
  /** Links whose making was cut off: what is inside them is not known, so they are made anew. */
  readonly halfMade: readonly Item[];
}

/**
 * What repair has to do with: not what is on a link inside a sandbox, nor that link itself, as long as it is there. It is
 * its owner's, who may have changed it. A veth is there when its end on the host is; a macvlan has none and is looked for.
 */
export function repairScope(items: readonly Item[], actual: World): RepairScope {
  const halfMade = halfMadeLinks(items, actual);
  const without = withoutLinks(actual, halfMade);
  const intact = intactLinks(items, without);
  const kept = (item: Item): boolean => !intact.has(nameOf(item.ns, linkOf(item)));
  return {
    items: items.filter(kept),
    actual: new Map([...without].filter(([, item]) => kept(item))),
    halfMade,
  };
}

/** Links that are there and lack the name that they get last. */
function halfMadeLinks(items: readonly Item[], actual: World): readonly Item[] {
  return items.flatMap(item => {
    if (item.kind !== 'altname' || actual.has(itemKey(item))) return [];
    return actual.get(linkKey(item.ns, item.link)) ?? [];
  });
}

function withoutLinks(actual: World, links: readonly Item[]): World {
  if (links.length === 0) return actual;
  const keys = new Set(links.map(itemKey));
  return new Map([...actual].filter(([key, item]) => !keys.has(key) && !isInside(item, keys)));
}

/** IPv6 of a sandbox's loopback is switched on with the first link that has it: it is only as intact as all of them. */
function intactLinks(items: readonly Item[], actual: World): ReadonlySet<string> {
  const links = items.flatMap((item): readonly {item: Item; inside: {ns: string; name: string}}[] => {
    // Not ours to make again: it may have been unplugged, or be back on the host for a reason.
    if (item.kind === 'lent') return [{item, inside: {ns: item.ns, name: item.link}}];
    return item.kind === 'link' ? [{item, inside: item.peer ?? item}] : [];
  });
  const within = links.filter(({inside}) => inside.ns !== '');
  const isThere = (item: Item): boolean => item.kind === 'lent' || actual.has(itemKey(item));
  const missing = within.filter(({item}) => !isThere(item));
  const cut = new Set(missing.map(({inside}) => inside.ns));
  const intact = within.filter(({item}) => isThere(item));
  return new Set(
    intact.flatMap(({inside: {ns, name}}) => [nameOf(ns, name), ...(cut.has(ns) ? [] : [nameOf(ns, 'lo')])]),
  );
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
