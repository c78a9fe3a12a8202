import {closeSync} from 'node:fs';
import type {NamespacePath} from './item.ts';
import type {Native} from './native.ts';
import {decodeLink, delLink, delLinksByGroup, setLink} from './netlink/link.ts';
import {RTM_DELLINK} from './netlink/link-message.ts';
import {decodeMessages, type NetlinkMessage, type ReceivedMessage} from './netlink/message.ts';
import {routeGroups} from './netlink/monitor.ts';
import type {Sockets} from './sockets.ts';

export interface DeleteParts {
  readonly native: Pick<Native, 'openNetlink' | 'joinGroup' | 'receive' | 'watch'>;
  readonly sockets: Pick<Sockets, 'route'>;
}

/** `by` may be an altname. Through when the link is gone, as below. */
export async function deleteLink(
  parts: DeleteParts,
  ns: NamespacePath,
  {name, by}: {readonly name: string; readonly by: string},
): Promise<void> {
  const [request, what] = [delLink(by), `delete link "${name}"`];
  // A socket of ours would keep another runtime's namespace alive.
  if (ns !== '') await parts.sockets.route(ns).requestAsync(request, what);
  else await untilGone(parts, {request, names: [name], what});
}

/**
 * Deletes many links with one wait: they move into a group of their own, which then goes with one request, so that whatever
 * else has their group (a bridge has that of its ports) stays. Kernel: rtnl_group_dellink() waits for RCU once for all, ~0.3 ms
 * a veth pair; one by one 15-35 ms. A crash in between leaves links of our groups that nothing wants: repair removes them.
 */
export async function deleteLinks(parts: DeleteParts, names: readonly string[]): Promise<void> {
  const moves = names.map(name => ({...setLink(name, {group: leavingGroup}), what: `delete link "${name}"`}));
  const answers = parts.sockets.route('').requestAll(moves);
  const refused = answers.find(({error}) => error && error.errno !== ENODEV)?.error;
  if (refused) throw refused;
  const there = names.filter((_, i) => !answers[i]!.error);
  if (there.length === 0) return;
  const request = delLinksByGroup(leavingGroup);
  await untilGone(parts, {request, names: there, what: `delete ${there.length} links`});
}

/** "tn" in the high half marks a link as ours (network/drivers/driver.ts); no network has the index 65535. */
const leavingGroup = 0x746e_ffff;
const ENODEV = 19;

interface Deletion {
  readonly request: NetlinkMessage;
  /** Of all that it deletes. */
  readonly names: readonly string[];
  readonly what: string;
}

/**
 * The kernel tells of a link's end when its name, its addresses and its place in a bridge are free (1-5 ms); the request
 * returns when the last reader of its memory is through as well (rcu_barrier in netdev_run_todo, 15-35 ms), for which nobody
 * needs to wait. It cannot be interrupted, so what has begun also ends when the daemon dies meanwhile.
 */
function untilGone(parts: DeleteParts, {request, names, what}: Deletion): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = onGone(parts.native, names, resolve);
    parts.sockets
      .route('')
      .requestAsync(request, what)
      .finally(stop)
      .then(() => resolve(), reject);
  });
}

/** Calls back when the kernel has told of the end of each of these links; not at all when it has told too much. Returns what stops it. */
function onGone(native: DeleteParts['native'], names: readonly string[], callback: () => void): () => void {
  const left = new Set(names);
  const fd = native.openNetlink(NETLINK_ROUTE);
  native.joinGroup(fd, routeGroups.link);
  const unwatch = native.watch(fd, () => {
    for (const name of goneIn(receive(native, fd))) left.delete(name);
    if (left.size === 0) callback();
  });
  return () => {
    unwatch();
    closeSync(fd);
  };
}

const NETLINK_ROUTE = 0;

/** An overflow (ENOBUFS) has lost events: the answer to the request will tell. */
function receive(native: DeleteParts['native'], fd: number): readonly Uint8Array[] {
  try {
    return native.receive(fd);
  } catch {
    return [];
  }
}

/** Before its end a bridge port is told to have left the bridge, in a message of AF_BRIDGE. */
function goneIn(datagrams: readonly Uint8Array[]): readonly string[] {
  const isEnd = ({type, payload}: ReceivedMessage): boolean => type === RTM_DELLINK && payload[0] === AF_UNSPEC;
  return datagrams
    .flatMap(decodeMessages)
    .filter(isEnd)
    .map(message => decodeLink(message).name);
}

const AF_UNSPEC = 0;
