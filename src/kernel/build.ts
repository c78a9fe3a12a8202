import {ipFamily} from '../model/ip.ts';
import {given} from './add-link.ts';
import {applySysctl} from './apply.ts';
import {formatOp} from './diff.ts';
import {allotIndexes, type LinkIndexes} from './fresh-indexes.ts';
import type {AddressItem, Item, LinkItem, NamespacePath, RouteItem, SysctlItem} from './item.ts';
import type {Native} from './native.ts';
import {newAddress} from './netlink/address.ts';
import {decodeLink, dumpLinks, newLink, setLink} from './netlink/link.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import {newRoute} from './netlink/route.ts';
import type {Sockets} from './sockets.ts';

export interface BuildParts {
  readonly native: Native;
  readonly sockets: Sockets;
}

/** No protocol number of ours: what stands in a lab is the learner's, who deletes it with `ip route del`. */
const RTPROT_STATIC = 4;

/**
 * Makes everything in namespaces that were made just now, one like the other: no reading, no undoing (who fails throws the
 * namespaces away), one exchange for all pairs of a namespace and one for all that goes on inside. Links get their ifindex from us, so that
 * nobody has to ask for it. Within 2 times of the same requests from C (bench/lab.ts).
 */
export function build(parts: BuildParts, items: readonly Item[]): void {
  const links = items.filter((item): item is LinkIn => item.kind === 'link');
  const [first] = links;
  if (first === undefined) return;
  const indexes = allotIndexes(links, lastIndexIn(parts, first.ns));
  createBridges(parts, links, indexes);
  createPairs(parts, links, indexes);
  settle(parts, {items, links, indexes});
}

type LinkIn = Item & LinkItem;

/** `lo`, and what modules put into every new namespace (tunl0, sit0 …). */
function lastIndexIn({sockets}: BuildParts, ns: NamespacePath): number {
  const links = sockets.route(ns).dump(dumpLinks()).map(decodeLink);
  return Math.max(...links.map(({index}) => index));
}

function createBridges(parts: BuildParts, links: readonly LinkIn[], indexes: LinkIndexes): void {
  const bridges = links.filter(({type}) => type === 'bridge');
  for (const [ns, mine] of byNamespace(bridges))
    send(
      parts,
      ns,
      mine.map(item => {
        const {name, mtu, up} = item;
        const bridge = {multicastSnooping: false};
        return named(newLink({name, index: indexes.of(ns, name), up, kind: 'bridge', bridge, ...given({mtu})}), item);
      }),
    );
}

/** One request makes both ends, each in its namespace, plugs one into its bridge and sets it up. */
function createPairs(parts: BuildParts, links: readonly LinkIn[], indexes: LinkIndexes): void {
  const pairs = links.filter(({peer}) => peer !== null);
  for (const [ns, mine] of byNamespace(pairs))
    send(
      parts,
      ns,
      mine.map(item => named(pairMessage(parts, item, indexes), item)),
    );
}

function pairMessage({sockets}: BuildParts, {ns, name, mtu, up, master, peer}: LinkIn, indexes: LinkIndexes) {
  const inside = peer!;
  const netnsFd = sockets.netnsFd(inside.ns);
  return newLink({
    name,
    index: indexes.of(ns, name),
    up,
    kind: 'veth',
    ...given({mtu}),
    ...(master === null ? {} : {master: indexes.of(ns, master)}),
    peer: {
      name: inside.name,
      index: indexes.of(inside.ns, inside.name),
      ...given({mtu: inside.mtu}),
      ...(netnsFd === undefined ? {} : {netnsFd}),
    },
  });
}

interface Plan {
  readonly items: readonly Item[];
  readonly links: readonly LinkIn[];
  readonly indexes: LinkIndexes;
}

/** What is inside the namespaces: settings, then in one go the links that go up, addresses, routes. */
function settle(parts: BuildParts, {items, links, indexes}: Plan): void {
  for (const item of ofKind<SysctlItem>(items, 'sysctl')) applySysctl(parts, 'add', item);
  const ends = links.flatMap(({peer, up}) => (peer !== null && up ? [{ns: peer.ns, name: peer.name}] : []));
  const loopbacks = links.filter(({type, up}) => type === 'loopback' && up);
  const steps = [
    ...[...loopbacks, ...ends].map(({ns, name}) => ({ns, message: setLink(indexes.of(ns, name), {up: true})})),
    ...ofKind<AddressItem>(items, 'address').map(item => ({
      ns: item.ns,
      message: named(addressMessage(item, indexes), item),
    })),
    ...ofKind<RouteItem>(items, 'route').map(item => ({
      ns: item.ns,
      message: named(routeMessage(item, indexes), item),
    })),
  ];
  for (const [ns, mine] of byNamespace(steps))
    send(
      parts,
      ns,
      mine.map(({message}) => message),
    );
}

function addressMessage({ns, link, address, prefixLength}: Item & AddressItem, indexes: LinkIndexes): NetlinkMessage {
  return newAddress({index: indexes.of(ns, link), address, prefixLength, noDad: ipFamily(address) === 6});
}

function routeMessage({ns, to, via, link, metric}: Item & RouteItem, indexes: LinkIndexes): NetlinkMessage {
  const oif = link === null ? null : indexes.of(ns, link);
  return newRoute({to, protocol: RTPROT_STATIC, ...given({via, oif}), ...(metric === undefined ? {} : {metric})});
}

function send({sockets}: BuildParts, ns: NamespacePath, messages: readonly NetlinkMessage[]): void {
  for (const {error} of sockets.route(ns).requestAll(messages)) if (error) throw error;
}

function named(message: NetlinkMessage, item: Item): NetlinkMessage {
  return {...message, what: formatOp({do: 'add', item})};
}

function ofKind<T>(items: readonly Item[], kind: Item['kind']): readonly (Item & T)[] {
  return items.filter(item => item.kind === kind) as (Item & T)[];
}

function byNamespace<T extends {readonly ns: NamespacePath}>(items: readonly T[]): ReadonlyMap<NamespacePath, T[]> {
  const groups = new Map<NamespacePath, T[]>();
  for (const item of items) {
    const group = groups.get(item.ns);
    if (group === undefined) groups.set(item.ns, [item]);
    else group.push(item);
  }
  return groups;
}
