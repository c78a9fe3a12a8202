import {itemKey, type World} from './diff.ts';
import type {Item, NamespacePath} from './item.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {decodeLink, dumpLinks, type LinkInfo} from './netlink/link.ts';
import {decodeRoute, dumpRoutes, RT_TABLE_MAIN} from './netlink/route.ts';
import type {ReadParts} from './read.ts';
import {linkItem} from './read.ts';

/** Links, addresses and the main table's routes of a sandbox. Throws KernelError (ENOENT 2) when it is gone. */
export function readSandbox({sockets}: ReadParts, ns: NamespacePath): World {
  const socket = sockets.route(ns);
  const links: readonly LinkInfo[] = socket.dump(dumpLinks()).map(decodeLink);
  const names = new Map(links.map(({index, name}) => [index, name]));
  const addresses = socket.dump(dumpAddresses()).map(decodeAddress);
  const routes = socket.dump(dumpRoutes({table: RT_TABLE_MAIN})).map(decodeRoute);
  const items: Item[] = [
    ...links.map(link => linkItem(link, names, ns)),
    ...addresses.map(({index, address, prefixLength}): Item => {
      return {ns, kind: 'address', link: names.get(index) ?? '', address, prefixLength};
    }),
    ...routes.map(({to, via, oif}): Item => ({ns, kind: 'route', to, via, link: names.get(oif ?? 0) ?? null})),
  ];
  return new Map(items.map(item => [itemKey(item), item]));
}
