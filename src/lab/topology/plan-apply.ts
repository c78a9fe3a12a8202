import {diff, isInside, itemKey, linkKey, toWorld, type World} from '../../kernel/diff.ts';
import type {Item, LinkItem, NamespacePath, Op} from '../../kernel/item.ts';

export interface ApplyWorlds {
  /** As read; a link has a peer when that is really its other end. */
  readonly actual: World;
  /** What topologies of this lab have asked for until now: all else is somebody else's, and stays. */
  readonly owned: World;
  readonly want: World;
  /** Namespaces that end after the operations: what is inside goes with them. */
  readonly ending: ReadonlySet<NamespacePath>;
}

type LinkIn = Item & LinkItem;

/** The operations that lead from what is there to what is wanted. A pair that is there between others is made anew. Pure. */
export function planApply(worlds: ApplyWorlds): readonly Op[] {
  const actual = inScope(worlds);
  const want = toWorld(Array.from(worlds.want.values(), item => adapted(item, worlds)));
  const stale = staleLinks(actual, want);
  const standing = toWorld([...want.values()].filter(item => !stale.has(itemKey(item)) && !isInside(item, stale)));
  return withoutImplied([...diff(actual, standing), ...diff(standing, want)]);
}

function inScope({actual, owned, want, ending}: ApplyWorlds): World {
  const asked = (item: Item): boolean => owned.has(itemKey(item)) || want.has(itemKey(item));
  const stays = (item: Item): boolean => !ending.has(item.ns) || (item.kind === 'link' && item.type === 'veth');
  return toWorld([...actual.values()].filter(item => asked(item) && stays(item)));
}

/** The kernel's own for Ethernet, for a link whose file no longer says one. */
const defaultMtu = 1500;

/** What the file does not speak of stays as somebody has set it. */
function adapted(item: Item, {actual, owned}: ApplyWorlds): Item {
  const [was, before] = [actual.get(itemKey(item)), owned.get(itemKey(item))];
  if (item.kind === 'route' && was?.kind === 'route') return {...item, link: item.link ?? was.link};
  if (item.kind !== 'link') return item;
  const mtu = item.mtu ?? (before?.kind === 'link' && before.mtu !== null ? defaultMtu : null);
  const {type, up, master, peer} = item;
  return was?.kind === 'link' && was.type === type ? {...was, up, master, peer, mtu} : {...item, mtu};
}

/** Links that cannot become what is wanted: of another type, or with the other end elsewhere. A pair is both its ends. */
function staleLinks(actual: World, want: World): ReadonlySet<string> {
  const links = [...want.values()].filter((item): item is LinkIn => item.kind === 'link');
  const stale = links.filter(link => !fits(actual.get(itemKey(link)), link));
  return new Set(stale.flatMap(link => (link.peer === null ? [itemKey(link)] : [itemKey(link), farKey(link)])));
}

function fits(found: Item | undefined, {type, peer}: LinkIn): boolean {
  if (found === undefined) return peer === null;
  if (found.kind !== 'link' || found.type !== type) return false;
  return peer === null || (found.peer?.ns === peer.ns && found.peer.name === peer.name);
}

function farKey({peer}: LinkIn): string {
  return linkKey(peer!.ns, peer!.name);
}

/** The other end comes and goes with its pair. */
function withoutImplied(ops: readonly Op[]): readonly Op[] {
  const implied = new Set(
    ops.flatMap(({do: verb, item}) =>
      verb !== 'set' && item.kind === 'link' && item.peer !== null ? [`${verb} ${farKey(item)}`] : [],
    ),
  );
  return ops.filter(({do: verb, item}) => !implied.has(`${verb} ${itemKey(item)}`));
}
