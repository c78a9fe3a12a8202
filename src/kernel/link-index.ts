import type {NamespacePath} from './item.ts';
import {decodeLinkHead, getLink} from './netlink/link.ts';
import type {Sockets} from './sockets.ts';

/** Operations name links; the index is asked for when it is needed. Throws KernelError (ENODEV 19). */
export function linkIndex(sockets: Sockets, ns: NamespacePath, name: string): number {
  const [answer] = sockets.route(ns).request(getLink(name), `find link "${name}"`);
  return decodeLinkHead(answer!).index;
}
