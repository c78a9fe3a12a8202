import {readSysctl} from '../../kernel/apply.ts';
import {itemKey, toWorld, type World} from '../../kernel/diff.ts';
import type {Item, LinkItem, NamespacePath} from '../../kernel/item.ts';
import type {Native} from '../../kernel/native.ts';
import {decodeAddress, dumpAddresses} from '../../kernel/netlink/address.ts';
import {decodeLink, dumpLinks, type LinkInfo} from '../../kernel/netlink/link.ts';
import {decodeNsid, getNsid} from '../../kernel/netlink/nsid.ts';
import {decodeRoute, dumpRoutes, RT_TABLE_MAIN} from '../../kernel/netlink/route.ts';
import {linkItem} from '../../kernel/read.ts';
import type {Sockets} from '../../kernel/sockets.ts';

export interface ReadParts {
  readonly native: Native;
  readonly sockets: Sockets;
}

/** What is in these namespaces now. Of settings and pairs, those that `asked` speaks of. */
export function readLab(parts: ReadParts, namespaces: readonly NamespacePath[], asked: readonly Item[]): World {
  const links = new Map(namespaces.map(ns => [ns, parts.sockets.route(ns).dump(dumpLinks()).map(decodeLink)]));
  const found = toWorld(namespaces.flatMap(ns => contents(parts, ns, links.get(ns)!)));
  const pairs = asked.filter((item): item is LinkIn => item.kind === 'link' && item.peer !== null);
  return new Map([
    ...found,
    ...toWorld(pairs.filter(pair => arePaired(parts, pair, links)).map(pair => withPeer(found, pair))),
    ...toWorld(asked.flatMap(item => (links.has(item.ns) ? settingOf(parts, item) : []))),
  ]);
}

type LinkIn = Item & LinkItem;
type Links = ReadonlyMap<NamespacePath, readonly LinkInfo[]>;

function contents({sockets}: ReadParts, ns: NamespacePath, links: readonly LinkInfo[]): readonly Item[] {
  const socket = sockets.route(ns);
  const names = new Map(links.map(({index, name}) => [index, name]));
  const addresses = socket.dump(dumpAddresses()).map(decodeAddress);
  const routes = ([4, 6] as const).flatMap(family => socket.dump(dumpRoutes({family, table: RT_TABLE_MAIN})));
  return [
    ...links.map(link => linkItem(link, names, ns)),
    ...addresses.map(({index, address, prefixLength}): Item => {
      return {ns, kind: 'address', link: names.get(index) ?? '', address, prefixLength};
    }),
    ...routes
      .map(decodeRoute)
      .filter(({type}) => type === 'unicast')
      .map(({to, via, oif, metric, protocol}): Item => {
        const own = metric === null || (to.includes(':') && metric === IP6_RT_PRIO_USER);
        return {ns, kind: 'route', to, via, link: names.get(oif ?? 0) ?? null, protocol, ...(own ? {} : {metric})};
      }),
  ];
}

/** What an IPv6 route without a metric gets; include/uapi/linux/ipv6_route.h. */
const IP6_RT_PRIO_USER = 1024;

/** Indexes alone would not tell: every namespace counts from 2. */
function arePaired({sockets}: ReadParts, {ns, name, peer}: LinkIn, links: Links): boolean {
  const near = links.get(ns)?.find(link => link.name === name);
  const far = links.get(peer!.ns)?.find(link => link.name === peer!.name);
  if (near === undefined || far === undefined || near.peerIndex !== far.index) return false;
  if (peer!.ns === ns) return near.linkNetnsId === null;
  const [answer] = sockets.route(ns).request(getNsid(sockets.netnsFd(peer!.ns)!));
  return answer !== undefined && decodeNsid(answer) === near.linkNetnsId;
}

function withPeer(found: World, pair: LinkIn): Item {
  return {...(found.get(itemKey(pair)) as LinkIn), peer: pair.peer};
}

/** The kernel puts tabs between numbers where people write blanks. */
function settingOf(parts: ReadParts, item: Item): readonly Item[] {
  if (item.kind !== 'sysctl') return [];
  const value = readSysctl(parts, item.ns, item.path);
  const words = (text: string): string => text.trim().split(/\s+/).join(' ');
  if (value === null) return [];
  return [{...item, value: words(value) === words(item.value) ? item.value : value}];
}
