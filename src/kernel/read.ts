import {existsSync} from 'node:fs';
import {KernelError} from '../errors.ts';
import {type ApplyParts, readSysctl} from './apply.ts';
import {itemKey, type World} from './diff.ts';
import type {AddressItem, Item, LinkItem} from './item.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import {decodeLink, dumpLinks, getLink, type LinkInfo} from './netlink/link.ts';
import {decodeElements, dumpElements} from './netlink/nftables/elements.ts';
import {decodeTable, getTable} from './netlink/nftables/objects.ts';

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
  const items = [
    ...links
      .filter(({info}) => parts.isOurs(info.group) || wanted.has(itemKey(linkItem(info, links))))
      .map(({info}) => linkItem(info, links)),
    ...hostAddresses(parts, links).filter(item => wanted.has(itemKey(item))),
    ...readTable(parts),
    ...[...wanted.values()].flatMap(item => readOne(parts, item)),
  ];
  return new Map(items.map(item => [itemKey(item), item]));
}

interface HostLink {
  readonly info: LinkInfo;
}

export function hostLinks({sockets}: Pick<ReadParts, 'sockets'>): readonly HostLink[] {
  return sockets
    .route('')
    .dump(dumpLinks())
    .map(message => ({info: decodeLink(message)}));
}

function linkItem(info: LinkInfo, links: readonly HostLink[]): Item & LinkItem {
  const master = links.find(({info: {index}}) => index === info.masterIndex)?.info.name ?? null;
  return {
    ns: '',
    kind: 'link',
    name: info.name,
    type: info.kind === 'bridge' || info.kind === 'veth' ? info.kind : 'loopback',
    up: info.up,
    group: info.group,
    mtu: info.mtu,
    mac: info.mac,
    altname: info.altnames[0] ?? null,
    master,
    hairpin: info.hairpin ?? false,
    isolated: info.isolated ?? false,
    peer: null,
  };
}

function hostAddresses({sockets}: ReadParts, links: readonly HostLink[]): (Item & AddressItem)[] {
  const names = new Map(links.map(({info}) => [info.index, info.name]));
  return sockets
    .route('')
    .dump(dumpAddresses({family: 4}))
    .map(decodeAddress)
    .map(({index, address, prefixLength}) => ({
      ns: '',
      kind: 'address',
      link: names.get(index) ?? '',
      address,
      prefixLength,
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
