import {existsSync} from 'node:fs';
import {KernelError} from '../errors.ts';
import {sandboxPath} from '../model/sandbox.ts';
import {type ApplyParts, readSysctl} from './apply.ts';
import {itemKey, type World} from './diff.ts';
import type {AddressItem, FdbItem, Item, LinkItem, NamespacePath, RouteItem} from './item.ts';
import {linkIndex} from './link-index.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {decodeVlans, dumpVlans} from './netlink/bridge-vlan.ts';
import {decodeFdb, dumpFdb} from './netlink/fdb.ts';
import {decodeLink, decodeLinkHead, dumpLinks, getLink, type LinkInfo} from './netlink/link.ts';
import {IFF_PROMISC} from './netlink/link-message.ts';
import {decodeElements, dumpElements} from './netlink/nftables/elements.ts';
import {decodeTable, getTable} from './netlink/nftables/objects.ts';
import {decodeRoute, dumpRoutes, RTPROT_TNET} from './netlink/route.ts';
import {readTrafficControl} from './read-traffic-control.ts';

export type ReadParts = ApplyParts;

/**
 * The present version of everything in `want`, and besides it every link and every nft element of ours. Links, addresses
 * and sysctls are read in the host's namespace; of a sandbox only whether it is there.
 */
export function readWorld(parts: ReadParts, want: Iterable<Item>): World {
  return readParts(parts, want, () => true);
}

/** The present version of everything in `want` and nothing else: what none of it is about is not asked for. */
export function findWorld(parts: ReadParts, want: readonly Item[]): World {
  const kinds = new Set(want.map(({kind}) => kind));
  const sets = new Set(want.map(item => (item.kind === 'element' ? item.set : '')));
  const keys = new Set(want.map(itemKey));
  const found = readParts(parts, want, (kind, set) => (kind === 'element' && set ? sets.has(set) : kinds.has(kind)));
  return new Map([...found].filter(([key]) => keys.has(key)));
}

/** Whether items of a kind are wanted, elements of one set. */
type IsAsked = (kind: Item['kind'], set?: string) => boolean;

/** All of these are found by way of their link. */
const onLinks: readonly Item['kind'][] = ['link', 'altname', 'address', 'fdb', 'route', 'qdisc', 'filter'];

function readParts(parts: ReadParts, want: Iterable<Item>, isAsked: IsAsked): World {
  const wanted = new Map(Array.from(want, item => [itemKey(item), item]));
  const links = onLinks.some(kind => isAsked(kind)) ? hostLinks(parts) : [];
  const names = new Map(links.map(({index, name}) => [index, name]));
  const items = [
    ...links.map(link => linkItem(link, names)).filter(item => parts.isOurs(item.group) || wanted.has(itemKey(item))),
    ...links.flatMap(link => altnameItems(link, '')).filter(item => wanted.has(itemKey(item))),
    ...(isAsked('address') ? hostAddresses(parts, names) : []).filter(item => wanted.has(itemKey(item))),
    ...hostPeers(parts, names, wanted).filter(item => wanted.has(itemKey(item))),
    ...hostRoutes(parts, names, wanted),
    ...portVlans(parts, names, wanted),
    ...readTrafficControl(parts, links, wanted),
    ...readTable(parts, isAsked),
    ...[...wanted.values()].flatMap(item => readOne(parts, item)),
  ];
  return new Map(items.map(item => [itemKey(item), item]));
}

export function hostLinks({sockets}: Pick<ReadParts, 'sockets'>): readonly LinkInfo[] {
  return sockets.route('').dump(dumpLinks()).map(decodeLink);
}

/** Whether duplicates of a link's IPv6 addresses were looked for to the end; `taken` has one. */
export function readUniqueness(
  {sockets}: Pick<ReadParts, 'sockets'>,
  ns: NamespacePath,
  link: string,
): {readonly isSettled: boolean; readonly taken: string | undefined} {
  const index = linkIndex(sockets, ns, link);
  const addresses = sockets
    .route(ns)
    .dump(dumpAddresses({index, family: 6}))
    .map(decodeAddress);
  const taken = addresses.find(({dadFailed}) => dadFailed)?.address;
  return {isSettled: taken === undefined && !addresses.some(({tentative}) => tentative), taken};
}

type FdbEntry = Item & FdbItem;

/** Names of the host's links by ifindex. */
type LinkNames = ReadonlyMap<number, string>;

const linkTypes = ['bridge', 'veth', 'ifb', 'dummy', 'macvlan', 'ipvlan', 'vlan', 'vxlan', 'tun'] as const;

export function linkItem(info: LinkInfo, names: LinkNames, ns: NamespacePath = ''): Item & LinkItem {
  return {
    ns,
    kind: 'link',
    name: info.name,
    type: linkTypes.find(type => type === info.kind) ?? 'loopback',
    up: info.up,
    group: info.group,
    mtu: info.mtu,
    mac: info.mac,
    altname: info.altnames[0] ?? null,
    master: info.masterIndex === null ? null : (names.get(info.masterIndex) ?? null),
    hairpin: info.hairpin ?? false,
    isolated: info.isolated ?? false,
    neighSuppress: info.neighSuppress ?? false,
    locked: info.locked ?? false,
    promiscuous: (info.flags & IFF_PROMISC) !== 0,
    filtersVlans: info.filtersVlans,
    peer: null,
  };
}

function altnameItems({name, altnames}: LinkInfo, ns: NamespacePath): readonly Item[] {
  return altnames.map(altname => ({ns, kind: 'altname', link: name, altname}));
}

function hostAddresses({sockets}: ReadParts, names: LinkNames): (Item & AddressItem)[] {
  return sockets
    .route('')
    .dump(dumpAddresses())
    .map(decodeAddress)
    .map(({index, address, prefixLength}) => ({
      ns: '',
      kind: 'address',
      link: names.get(index) ?? '',
      address,
      prefixLength,
    }));
}

/** Of ours, asked for only when some are wanted: local ones of bridges, and those to the single addresses of point-to-point links. */
function hostRoutes({sockets}: ReadParts, names: LinkNames, wanted: World): (Item & RouteItem)[] {
  if (![...wanted.values()].some(item => item.kind === 'route' && item.ns === '')) return [];
  return ([4, 6] as const)
    .flatMap(family => sockets.route('').dump(dumpRoutes({family, protocol: RTPROT_TNET})))
    .map(decodeRoute)
    .filter(({type}) => type === 'local' || type === 'unicast')
    .map(({to, via, oif, type, metric}) => ({
      ns: '',
      kind: 'route',
      to,
      via,
      link: names.get(oif ?? 0) ?? null,
      ...(type === 'local' ? {type, metric: metric ?? 0} : {}),
    }));
}

/** Our table, and its elements if it is of our making: another version's are replaced with it. */
function readTable({sockets, table}: ReadParts, isAsked: IsAsked): Item[] {
  if (!isAsked('table') && !isAsked('element')) return [];
  const socket = sockets.netfilter();
  const [answer] = orNothing(() => socket.request(getTable(table)));
  if (answer === undefined) return [];
  const {comment} = decodeTable(answer);
  const present: Item = {ns: '', kind: 'table', table: {...table, comment: comment ?? ''}};
  if (comment !== table.comment) return [present];
  const asked = table.sets.filter(({name}) => isAsked('element', name));
  const elements = asked.flatMap(set => decodeElements(socket.dump(dumpElements(table, set.name)), set));
  return [present, ...elements.map((element): Item => ({ns: '', kind: 'element', ...element}))];
}

function readOne(parts: ReadParts, item: Item): Item[] {
  if (item.kind === 'netns') return existsSync(sandboxPath(item.ns)) ? [item] : [];
  if (item.kind === 'link' && item.detail !== undefined && item.ns !== '') return linkInSandbox(parts, item);
  if (item.kind !== 'sysctl' || item.ns !== '') return [];
  const value = readSysctl(parts, item.ns, item.path);
  return value === null ? [] : [{...item, value}];
}

/** A link without an end on the host can only be looked for where it is. */
function linkInSandbox({sockets}: ReadParts, {ns, name}: Item & LinkItem): Item[] {
  const [answer] = orNothing(() => sockets.route(ns).request(getLink(name)));
  if (answer === undefined) return [];
  const info = decodeLink(answer);
  return [linkItem(info, new Map(), ns), ...altnameItems(info, ns)];
}

/** Of those that are asked for, what links of the host's are there; VLANs of one range that differ are as good as none. */
function portVlans({sockets}: ReadParts, names: LinkNames, wanted: World): Item[] {
  const items = [...wanted.values()].flatMap(item => (item.kind === 'port-vlan' && item.ns === '' ? [item] : []));
  if (items.length === 0) return [];
  const ports = sockets.route('').dump(dumpVlans()).map(decodeVlans);
  const byName = new Map(ports.map(({index, vlans}) => [names.get(index) ?? '', vlans]));
  return items.flatMap(item => {
    const vlans = byName.get(item.link);
    if (vlans === undefined) return [];
    const {first, last} = item;
    const found = new Set(Array.from({length: last - first + 1}, (_, i) => vlans.get(first + i) ?? 'none'));
    return [{...item, membership: found.size === 1 ? [...found][0]! : 'none'}];
  });
}

/** Peers of the vxlan links that are asked about. */
function hostPeers({sockets}: ReadParts, names: LinkNames, wanted: World): FdbEntry[] {
  const links = new Set([...wanted.values()].flatMap(item => (item.kind === 'fdb' ? [item.link] : [])));
  const indexes = [...names].filter(([, name]) => links.has(name));
  return indexes.flatMap(([index, link]) =>
    decodeFdb(sockets.route('').dump(dumpFdb(index))).map(
      ({mac, to}): FdbEntry => ({ns: '', kind: 'fdb', link, mac, to}),
    ),
  );
}

/** Whether frames pass: RFC 2863's `up`, which for a bridge port comes with the carrier event. */
export function isForwarding({sockets}: Pick<ReadParts, 'sockets'>, link: string): boolean {
  const [answer] = sockets.route('').request(getLink(link));
  return answer !== undefined && decodeLinkHead(answer).operstate === 'up';
}

function orNothing<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof KernelError && [2, 19].includes(error.errno)) return []; // ENOENT, ENODEV
    throw error;
  }
}

export function hasNamespace({netnsFd}: Pick<ReadParts['sockets'], 'netnsFd'>, ns: NamespacePath): boolean {
  try {
    netnsFd(ns);
    return true;
  } catch (error) {
    if (error instanceof KernelError) return false;
    throw error;
  }
}
