import {closeSync, constants, readFileSync, writeSync} from 'node:fs';
import {KernelError} from '../errors.ts';
import {formatIdMap} from '../model/id-map.ts';
import {ipFamily} from '../model/ip.ts';
import {isForeign} from '../model/sandbox.ts';
import {addLink, allowPeer, given, portSettings, requestAll} from './add-link.ts';
import {applyIptables} from './apply-iptables.ts';
import {applyPortVlan} from './apply-port-vlan.ts';
import {applyFilter, applyQdisc} from './apply-traffic-control.ts';
import {deleteLink, deleteLinks} from './delete-links.ts';
import {formatOp} from './diff.ts';
import {describeStep, isIptables, isNft} from './execute.ts';
import type {Iptables} from './iptables.ts';
import type {
  AltnameItem,
  ElementItem,
  Item,
  LinkItem,
  NamespacePath,
  NetnsItem,
  Op,
  RouteItem,
  SettingsItem,
  SysctlItem,
} from './item.ts';
import {lendLink, returnLink} from './lend-link.ts';
import {linkIndex} from './link-index.ts';
import type {Native} from './native.ts';
import {delAddress, newAddress} from './netlink/address.ts';
import {delFdb, newFdb} from './netlink/fdb.ts';
import {addAltname, delAltname, setLink} from './netlink/link.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import {delNeigh, newNeigh} from './netlink/neigh.ts';
import {addElements, deleteElements} from './netlink/nftables/elements.ts';
import {createTable, deleteTable, replaceTable} from './netlink/nftables/objects.ts';
import type {NftSet, NftTable} from './netlink/nftables/types.ts';
import {delRoute, newRoute, type RouteSpec, RT_TABLE_LOCAL, replaceRoute} from './netlink/route.ts';
import {delRule, newRule} from './netlink/rule.ts';
import type {Sockets} from './sockets.ts';

export interface ApplyParts {
  readonly native: Native;
  readonly sockets: Sockets;
  readonly iptables: Iptables;
  /** Whether a link with this IFLA_GROUP is ours. */
  readonly isOurs: (group: number) => boolean;
  /** The table whose elements are items. */
  readonly table: NftTable;
}

/** Carries out one step of `execute()`: a single operation, one nft transaction, or links that go together. */
export async function applyStep(parts: ApplyParts, step: readonly Op[]): Promise<void> {
  const op = step[0]!;
  if (isNft(op)) return applyNft(parts, step);
  const {item} = op;
  if (isIptables(item)) return applyIptables(parts, step);
  if (step.length > 1) return deleteLinks(parts, step.map(linkName));
  switch (item.kind) {
    case 'netns':
      return applyNetns(parts, op.do, {...item, kind: 'netns'});
    case 'link':
      return applyLink(parts, op.do, {...item, kind: 'link'}, op.do === 'set' ? (op.was as LinkItem) : null);
    case 'lent':
      return op.do === 'del' ? returnLink(parts.sockets, item) : lendLink(parts.sockets, item, parts.isOurs);
    case 'altname':
      return applyAltname(parts, op.do, item);
    case 'sysctl':
      return applySysctl(parts, op.do, item);
    case 'settings':
      return applySettings(parts, op.do, item);
    case 'port-vlan':
      return applyPortVlan(parts.sockets, op.do, item);
    case 'qdisc':
      return applyQdisc(parts, op.do, item);
    case 'filter':
      return applyFilter(parts, op.do, item);
    default:
      return applyInLink(parts, op);
  }
}

const linkName = ({item}: Op): string => (item as LinkItem).name;

function applyNetns({native, sockets}: ApplyParts, verb: Op['do'], {ns: path, ids, of}: Item & NetnsItem): void {
  if (verb === 'add') {
    if (ids === undefined) native.pinNetns(path, of === undefined ? undefined : sockets.netnsFd(of));
    else native.pinMappedNetns(path, formatIdMap(ids.uids), formatIdMap(ids.gids));
  } else {
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
  else if (verb === 'del') await deleteLink(parts, item.ns, {name: item.name, by: deletedName(item)});
  else if (verb === 'set') changeLink(parts, item, was);
  else addLink(parts, item);
}

/** In a namespace of others `eth0` may be anybody's; our altname is ours. */
function deletedName({ns, name, altname}: LinkItem & {ns: NamespacePath}): string {
  return isForeign(ns) ? (altname ?? name) : name;
}

function changeLink({sockets}: ApplyParts, item: LinkItem & {ns: NamespacePath}, was: LinkItem | null): void {
  const {name, up, group, mtu, mac, master, altname, promiscuous = null} = item;
  const moved = master === was?.master ? {} : {master: master === null ? 0 : linkIndex(sockets, item.ns, master)};
  const messages = [setLink(name, {up, group, ...given({mtu, mac, promiscuous}), ...moved})];
  if (item.filtersVlans !== undefined) messages.push(setLink(name, {vlanFiltering: item.filtersVlans}));
  if (master !== null) messages.push(setLink(name, portSettings(item)));
  if (altname !== null && altname !== was?.altname) messages.push(addAltname(name, altname));
  if (was?.altname && altname !== null && altname !== was.altname) messages.push(delAltname(name, was.altname));
  requestAll(sockets.route(item.ns), messages, `change link "${name}"`);
  allowPeer(sockets, item);
}

function applySettings({sockets}: ApplyParts, verb: Op['do'], item: SettingsItem & {ns: NamespacePath}): void {
  if (verb === 'del') return;
  const {ns, link, kind: _, ...settings} = item;
  sockets.route(ns).request(setLink(link, given(settings)), `change link "${link}"`);
}

function applyAltname({sockets}: ApplyParts, verb: Op['do'], item: AltnameItem & {ns: NamespacePath}): void {
  const {ns, link, altname} = item;
  const message = verb === 'del' ? delAltname(link, altname) : addAltname(link, altname);
  sockets.route(ns).request(message, `${verb} altname "${altname}" of link "${link}"`);
}

/** Addresses, routes, rules, neighbours and a vxlan link's peers. */
function applyInLink({sockets}: ApplyParts, op: Op): void {
  const {item} = op;
  const index = (link: string): number => linkIndex(sockets, item.ns, link);
  const message = (): NetlinkMessage => {
    switch (item.kind) {
      case 'address': {
        const spec = {index: index(item.link), address: item.address, prefixLength: item.prefixLength};
        // Nobody else can have what we give away, and detection takes a second.
        return op.do === 'del'
          ? delAddress(spec)
          : newAddress({
              ...spec,
              noDad: ipFamily(item.address) === 6 && !item.dad,
              noPrefixRoute: item.noPrefixRoute ?? false,
            });
      }
      case 'route': {
        const spec = routeSpec(item, index);
        return op.do === 'del' ? delRoute(spec) : op.do === 'set' ? replaceRoute(spec) : newRoute(spec);
      }
      case 'rule': {
        const spec = {family: ipFamily(item.from), from: item.from, table: item.table};
        return op.do === 'del' ? delRule(spec) : newRule(spec);
      }
      case 'neigh': {
        const spec = {index: index(item.link), address: item.address, mac: item.mac};
        return op.do === 'del' ? delNeigh(spec) : newNeigh(spec);
      }
      case 'fdb': {
        const spec = {index: index(item.link), mac: item.mac, to: item.to};
        return op.do === 'del' ? delFdb(spec) : newFdb(spec);
      }
      default:
        throw new TypeError(`no way to ${op.do} ${item.kind}`);
    }
  };
  sockets.route(item.ns).request(message(), formatOp(op));
}

function routeSpec(
  {to, via, link, type, metric, table, protocol}: RouteItem,
  index: (link: string) => number,
): RouteSpec {
  return {
    to,
    ...given({via, oif: link === null ? null : index(link)}),
    ...(metric === undefined ? {} : {metric}),
    ...(table === undefined ? {} : {table}),
    ...(protocol === undefined ? {} : {protocol}),
    ...(type === 'local' ? {type, table: RT_TABLE_LOCAL} : {}),
  };
}

/** There is no way to un-write a sysctl but its old value: `del` is left to the removal of the device or namespace. */
export function applySysctl(
  {native, sockets}: Pick<ApplyParts, 'native' | 'sockets'>,
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
