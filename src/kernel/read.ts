import {existsSync} from 'node:fs';
import {KernelError} from '../errors.ts';
import {type ApplyParts, readSysctl} from './apply.ts';
import {itemKey, type World} from './diff.ts';
import type {AddressItem, Item, LinkItem, RouteItem} from './item.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {decodeLink, dumpLinks, getLink, type LinkInfo} from './netlink/link.ts';
import {decodeElements, dumpElements} from './netlink/nftables/elements.ts';
import {decodeTable, getTable} from './netlink/nftables/objects.ts';
import {decodeRoute, dumpRoutes, RTPROT_TNET} from './netlink/route.ts';
import {readTrafficControl} from './read-traffic-control.ts';

export interface ReadParts extends ApplyParts {
  /** Whether a link with this IFLA_GROUP is ours. */
  readonly isOurs: (group: number) => boolean;
}

/**
 * The present version of everything in `want`, and besides it every link and every nft element of ours. Links, addresses
 * and sysctls are read in the host's namespace; of a sandbox only whether it is there.
 */
export function readWorld(parts: ReadParts, want: Iterable<Item>): World {
  const wanted = new Map(Array.from(want, item => [itemKey(item), item]));
  const links = hostLinks(parts);
  const names = new Map(links.map(({index, name}) => [index, name]));
  const items = [
    ...links.map(link => linkItem(link, names)).filter(item => parts.isOurs(item.group) || wanted.has(itemKey(item))),
    ...hostAddresses(parts, names).filter(item => wanted.has(itemKey(item))),
    ...hostRoutes(parts, names, wanted),
    ...readTrafficControl(parts, links, wanted),
    ...readTable(parts),
    ...[...wanted.values()].flatMap(item => readOne(parts, item)),
  ];
  return new Map(items.map(item => [itemKey(item), item]));
}

export function hostLinks({sockets}: Pick<ReadParts, 'sockets'>): readonly LinkInfo[] {
  return sockets.route('').dump(dumpLinks()).map(decodeLink);
}

/** Names of the host's links by ifindex. */
type LinkNames = ReadonlyMap<number, string>;

function linkItem(info: LinkInfo, names: LinkNames): Item & LinkItem {
  return {
    ns: '',
    kind: 'link',
    name: info.name,
    type: info.kind === 'bridge' || info.kind === 'veth' || info.kind === 'ifb' ? info.kind : 'loopback',
    up: info.up,
    group: info.group,
    mtu: info.mtu,
    mac: info.mac,
    altname: info.altnames[0] ?? null,
    master: info.masterIndex === null ? null : (names.get(info.masterIndex) ?? null),
    hairpin: info.hairpin ?? false,
    isolated: info.isolated ?? false,
    peer: null,
  };
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

/** Local routes of ours, which alone are wanted on a host; asked for only then. */
function hostRoutes({sockets}: ReadParts, names: LinkNames, wanted: World): (Item & RouteItem)[] {
  if (![...wanted.values()].some(item => item.kind === 'route' && item.ns === '')) return [];
  return sockets
    .route('')
    .dump(dumpRoutes({family: 6, protocol: RTPROT_TNET}))
    .map(decodeRoute)
    .filter(({type}) => type === 'local')
    .map(({to, via, oif, metric}) => ({
      ns: '',
      kind: 'route',
      to,
      via,
      link: names.get(oif ?? 0) ?? null,
      type: 'local',
      metric: metric ?? 0,
    }));
}

/** Our table, and its elements if it is of our making: another version's are replaced with it. */
function readTable({sockets, table}: ReadParts): Item[] {
  const socket = sockets.netfilter();
  const [answer] = orNothing(() => socket.request(getTable(table)));
  if (answer === undefined) return [];
  const {comment} = decodeTable(answer);
  const present: Item = {ns: '', kind: 'table', table: {...table, comment: comment ?? ''}};
  if (comment !== table.comment) return [present];
  const elements = table.sets.flatMap(set => decodeElements(socket.dump(dumpElements(table, set.name)), set));
  return [present, ...elements.map((element): Item => ({ns: '', kind: 'element', ...element}))];
}

function readOne(parts: ReadParts, item: Item): Item[] {
  if (item.kind === 'netns') return existsSync(item.ns) ? [item] : [];
  if (item.kind !== 'sysctl' || item.ns !== '') return [];
  const value = readSysctl(parts, item.ns, item.path);
  return value === null ? [] : [{...item, value}];
}

/** Whether frames pass: RFC 2863's `up`, which for a bridge port comes with the carrier event. */
export function isForwarding({sockets}: Pick<ReadParts, 'sockets'>, link: string): boolean {
  const [answer] = sockets.route('').request(getLink(link));
  return answer !== undefined && decodeLink(answer).operstate === 'up';
}

function orNothing<T>(read: () => readonly T[]): readonly T[] {
  try {
    return read();
  } catch (error) {
    if (error instanceof KernelError && error.errno === 2) return []; // ENOENT
    throw error;
  }
}
