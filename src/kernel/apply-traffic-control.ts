import {formatOp} from './diff.ts';
import type {FilterItem, IngressItem, Item, NamespacePath, Op, TbfItem} from './item.ts';
import {linkIndex} from './link-index.ts';
import {delRedirect, newRedirect} from './netlink/filter.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import {delIngress, delRootQdisc, newIngress, replaceTbf} from './netlink/qdisc.ts';
import type {Sockets} from './sockets.ts';

interface Parts {
  readonly sockets: Sockets;
}
type QdiscItem = (TbfItem | IngressItem) & {readonly ns: NamespacePath};

/** A root qdisc is replaced, never added: the link has its default one. On a worker, because the kernel waits for RCU. */
export async function applyQdisc({sockets}: Parts, verb: Op['do'], item: QdiscItem): Promise<void> {
  const index = linkIndex(sockets, item.ns, item.link);
  await sockets.route(item.ns).requestAsync(qdiscMessage(verb, item, index), describe(verb, item));
}

function qdiscMessage(verb: Op['do'], item: QdiscItem, index: number): NetlinkMessage {
  if (item.type === 'ingress') return verb === 'del' ? delIngress(index) : newIngress(index);
  return verb === 'del' ? delRootQdisc(index) : replaceTbf({...item, index});
}

export async function applyFilter(
  {sockets}: Parts,
  verb: Op['do'],
  item: FilterItem & {readonly ns: NamespacePath},
): Promise<void> {
  const socket = sockets.route(item.ns);
  const index = linkIndex(sockets, item.ns, item.link);
  if (verb !== 'add') await socket.requestAsync(delRedirect(index), describe('del', item));
  if (verb === 'del') return;
  const target = linkIndex(sockets, item.ns, item.redirectTo);
  await socket.requestAsync(newRedirect({index, target}), describe('add', item));
}

function describe(verb: Op['do'], item: Item): string {
  return formatOp({do: verb === 'set' ? 'add' : verb, item});
}
