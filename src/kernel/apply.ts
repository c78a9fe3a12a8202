import {closeSync, constants, readFileSync, writeSync} from 'node:fs';
import {KernelError, TnetError} from '../errors.ts';
import {ipFamily} from '../model/ip.ts';
import {deleteLinks} from './delete-links.ts';
import {formatOp} from './diff.ts';
import {describeStep, isNft} from './execute.ts';
import type {ElementItem, LinkItem, NamespacePath, Op, RouteItem, SysctlItem} from './item.ts';
import type {Native} from './native.ts';
import {delAddress, newAddress} from './netlink/address.ts';
import {addAltname, decodeLink, delAltname, delLink, getLink, newLink, setLink} from './netlink/link.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import {delNeigh, newNeigh} from './netlink/neigh.ts';
import {addElements, deleteElements} from './netlink/nftables/elements.ts';
import {createTable, deleteTable, replaceTable} from './netlink/nftables/objects.ts';
import type {NftSet, NftTable} from './netlink/nftables/types.ts';
import {delRoute, newRoute, type RouteSpec, RT_TABLE_LOCAL, replaceRoute} from './netlink/route.ts';
import type {NetlinkSocket} from './netlink/socket.ts';
import type {Sockets} from './sockets.ts';

export interface ApplyParts {
  readonly native: Native;
  readonly sockets: Sockets;
  /** The table whose elements are items. */
  readonly table: NftTable;
}

/** Carries out one step of `execute()`: a single operation, one nft transaction, or links that go together. */
export async function applyStep(parts: ApplyParts, step: readonly Op[]): Promise<void> {
  const op = step[0]!;
  if (isNft(op)) return applyNft(parts, step);
  const {item} = op;
  if (step.length > 1) return deleteLinks(parts.sockets.route(item.ns), step.map(linkName));
  switch (item.kind) {
    case 'netns':
      return applyNetns(parts, op.do, item.ns);
    case 'link':
      return applyLink(parts, op.do, {...item, kind: 'link'}, op.do === 'set' ? (op.was as LinkItem) : null);
    case 'sysctl':
      return applySysctl(parts, op.do, item);
    default:
      return applyInLink(parts, op);
  }
}

const linkName = ({item}: Op): string => (item as LinkItem).name;

/** Our ends never get IPv6 link-local addresses by themselves: their chatter is flooded to every port of the bridge. */
const quiet = {ipv6LinkLocal: false};

function applyNetns({native, sockets}: ApplyParts, verb: Op['do'], path: string): void {
  if (verb === 'add') native.pinNetns(path);
  else {
    sockets.release(path);
    native.unpinNetns(path);
  }
}

async function applyLink(
  parts: ApplyParts,
  verb: Op['do'],
  item: LinkItem & {ns: NamespacePath},
  was: LinkItem | null,
): Promise<void> {
  const socket = parts.sockets.route(item.ns);
  if (item.type === 'loopback') socket.request(setLink(item.name, {up: verb !== 'del' && item.up}));
  else if (verb === 'del') await socket.requestAsync(delLink(item.name), `delete link "${item.name}"`);
  else if (verb === 'set') changeLink(parts, item, was);
  else addLink(parts, item);
}

/**
 * The peer goes straight into the sandbox. Everything that can fail after the creation takes the link away again, so that
 * the step is atomic. A veth end cannot be created up, and IFLA_AF_SPEC is ignored at creation: hence the second message.
 */
function addLink({sockets}: ApplyParts, item: LinkItem & {ns: NamespacePath}): void {
  const socket = sockets.route(item.ns);
  socket.request(newLinkMessage(sockets, item), `add link "${item.name}"`);
  try {
    const port = item.master === null ? {} : {hairpin: item.hairpin, isolated: item.isolated};
    const messages = [
      setLink(item.name, quiet),
      setLink(item.name, {up: item.up, ...port}),
      ...(item.altname === null ? [] : [addAltname(item.name, item.altname)]),
    ];
    requestAll(socket, messages, `set up link "${item.name}"`);
    if (item.peer) sockets.route(item.peer.ns).request(setLink(item.peer.name, {up: true}));
  } catch (cause) {
    socket.request(delLink(item.name));
    throw cause;
  }
}

function newLinkMessage(sockets: Sockets, item: LinkItem & {ns: NamespacePath}): NetlinkMessage {
  const {name, group, mtu, mac, master, peer} = item;
  const settings = {
    name,
    group,
    ...given({mtu, mac}),
    ...(master === null ? {} : {master: masterIndex(sockets, item, master)}),
  };
  if (peer === null) return newLink({...settings, kind: 'bridge'});
  const netnsFd = sockets.netnsFd(peer.ns);
  return newLink({
    ...settings,
    kind: 'veth',
    peer: {name: peer.name, ...given({mac: peer.mac, mtu: peer.mtu}), ...(netnsFd === undefined ? {} : {netnsFd})},
  });
}

/** A bridge that another program made under our name meanwhile has another group: nothing of ours is plugged into it. */
function masterIndex(sockets: Sockets, {ns, name, group}: LinkItem & {ns: NamespacePath}, master: string): number {
  const [answer] = sockets.route(ns).request(getLink(master), `find link "${master}"`);
  const info = decodeLink(answer!);
  if (info.group === group) return info.index;
  throw new TnetError('ERR_LINK_FOREIGN', `Cannot plug "${name}" into "${master}": another program made it; remove it`);
}

function changeLink({sockets}: ApplyParts, item: LinkItem & {ns: NamespacePath}, was: LinkItem | null): void {
  const {name, up, group, mtu, mac, master, hairpin, isolated, altname} = item;
  const moved = master === was?.master ? {} : {master: master === null ? 0 : linkIndex(sockets, item.ns, master)};
  const messages = [setLink(name, {up, group, ...given({mtu, mac}), ...moved})];
  if (master !== null) messages.push(setLink(name, {hairpin, isolated}));
  if (altname !== null && altname !== was?.altname) messages.push(addAltname(name, altname));
  if (was?.altname && altname !== null && altname !== was.altname) messages.push(delAltname(name, was.altname));
  requestAll(sockets.route(item.ns), messages, `change link "${name}"`);
}

/** Addresses, routes and neighbours. */
function applyInLink({sockets}: ApplyParts, op: Op): void {
  const {item} = op;
  const index = (link: string): number => linkIndex(sockets, item.ns, link);
  const message = (): NetlinkMessage => {
    switch (item.kind) {
      case 'address': {
        const spec = {index: index(item.link), address: item.address, prefixLength: item.prefixLength};
        // Nobody else can have what we give away, and detection takes a second.
        return op.do === 'del' ? delAddress(spec) : newAddress({...spec, noDad: ipFamily(item.address) === 6});
      }
      case 'route': {
        const spec = routeSpec(item, index);
        return op.do === 'del' ? delRoute(spec) : op.do === 'set' ? replaceRoute(spec) : newRoute(spec);
      }
      case 'neigh': {
        const spec = {index: index(item.link), address: item.address, mac: item.mac};
        return op.do === 'del' ? delNeigh(spec) : newNeigh(spec);
      }
      default:
        throw new TypeError(`no way to ${op.do} ${item.kind}`);
    }
  };
  sockets.route(item.ns).request(message(), formatOp(op));
}

function routeSpec({to, via, link, type, metric}: RouteItem, index: (link: string) => number): RouteSpec {
  return {
    to,
    ...given({via, oif: link === null ? null : index(link)}),
    ...(metric === undefined ? {} : {metric}),
    ...(type === 'local' ? {type, table: RT_TABLE_LOCAL} : {}),
  };
}

/** There is no way to un-write a sysctl but its old value: `del` is left to the removal of the device or namespace. */
function applySysctl(
  {native, sockets}: ApplyParts,
  verb: Op['do'],
  {ns, path, value}: SysctlItem & {ns: NamespacePath},
): void {
  if (verb === 'del') return;
  try {
    const fd = native.openFile(`${sockets.procRoot(ns)}/sys/${path}`, constants.O_WRONLY, sockets.netnsFd(ns));
    try {
      writeSync(fd, value);
    } finally {
      closeSync(fd);
    }
  } catch (cause) {
    const {errno, code} = cause as {errno?: number; code?: string};
    throw new KernelError(`Cannot set sysctl "${path}" to "${value}": ${code}`, {errno: Math.abs(errno ?? 0), cause});
  }
}

/** The present value, null when there is no such file. */
export function readSysctl(
  {native, sockets}: Pick<ApplyParts, 'native' | 'sockets'>,
  ns: NamespacePath,
  path: string,
): string | null {
  let fd: number;
  try {
    fd = native.openFile(`${sockets.procRoot(ns)}/sys/${path}`, constants.O_RDONLY, sockets.netnsFd(ns));
  } catch {
    return null;
  }
  try {
    return readFileSync(fd, 'utf8').trimEnd();
  } finally {
    closeSync(fd);
  }
}

function applyNft({sockets, table}: ApplyParts, step: readonly Op[]): void {
  sockets.netfilter().batch(
    bySet(step).flatMap(ops => nftMessages(table, ops)),
    describeStep(step),
  );
}

/** Consecutive operations of one kind on one set: they fit into one message. */
function bySet(step: readonly Op[]): readonly (readonly Op[])[] {
  const runs: Op[][] = [];
  const name = ({do: verb, item}: Op): string =>
    verb === 'set' || item.kind !== 'element' ? '' : `${verb} ${item.set}`;
  for (const op of step) {
    const last = runs.at(-1)?.[0];
    if (last && name(op) !== '' && name(last) === name(op)) runs.at(-1)!.push(op);
    else runs.push([op]);
  }
  return runs;
}

function nftMessages(table: NftTable, ops: readonly Op[]): readonly NetlinkMessage[] {
  const op = ops[0]!;
  if (op.item.kind === 'table')
    return op.do === 'del'
      ? [deleteTable(table)].flat()
      : op.do === 'add'
        ? createTable(op.item.table)
        : replaceTable(op.item.table);
  const elements = ops.map(({item}) => item as ElementItem);
  const set = setOf(table, elements[0]!);
  if (op.do === 'add') return addElements(table, set, elements);
  if (op.do === 'del') return deleteElements(table, set, elements);
  return [
    ...deleteElements(
      table,
      set,
      ops.flatMap(each => (each.do === 'set' ? [each.was as ElementItem] : [])),
    ),
    ...addElements(table, set, elements),
  ];
}

function setOf(table: NftTable, {set}: ElementItem): NftSet {
  const found = table.sets.find(({name}) => name === set);
  if (found === undefined) throw new TypeError(`table "${table.name}" has no set "${set}"`);
  return found;
}

export function linkIndex(sockets: Sockets, ns: NamespacePath, name: string): number {
  const [answer] = sockets.route(ns).request(getLink(name), `find link "${name}"`);
  return decodeLink(answer!).index;
}

function requestAll(socket: NetlinkSocket, messages: readonly NetlinkMessage[], what: string): void {
  for (const {error} of socket.requestAll(messages.map(message => ({...message, what})))) if (error) throw error;
}

/** Without the entries that are null. */
function given<T extends Record<string, unknown>>(values: T): {[K in keyof T]?: NonNullable<T[K]>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
