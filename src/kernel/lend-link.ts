import {closeSync, openSync} from 'node:fs';
import {KernelError, TnetError} from '../errors.ts';
import {ipFamily} from '../model/ip.ts';
import {given} from './add-link.ts';
import type {HomeRoute, LentItem, LinkHome, NamespacePath} from './item.ts';
import {newAddress} from './netlink/address.ts';
import {addAltname, decodeLink, delAltname, getLink, type LinkInfo, setLink} from './netlink/link.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import {newRoute} from './netlink/route.ts';
import type {Sockets} from './sockets.ts';

const EEXIST = 17;
const ENODEV = 19;

type Lent = LentItem & {readonly ns: NamespacePath};

/** Moves a link of the host's into a sandbox, with its name there, up. Atomic. ERR_BAD_REQUEST when there is no such link. */
export function lendLink(sockets: Sockets, item: Lent, isOurs: (group: number) => boolean): void {
  const {ns, link, hostName, altname, home} = item;
  const host = sockets.route('');
  const {index, up} = lendable(sockets, hostName, isOurs);
  // The kernel would move it first, and only then see that its new name is taken.
  if (isThere(sockets, ns, link))
    throw new KernelError(`Cannot lend "${hostName}" as "${link}": File exists`, {errno: EEXIST});
  host.request(addAltname(hostName, altname), `mark link "${hostName}"`);
  try {
    // A link that is up cannot be renamed before Linux 6.2.
    host.request(setLink(index, {up: false}), `set link "${hostName}" down`);
    host.request(setLink(index, {netnsFd: sockets.netnsFd(ns)!, name: link}), `move link "${hostName}" into ${ns}`);
    sockets.route(ns).request(setLink(altname, {up: true}), `set link "${link}" up`);
  } catch (cause) {
    if (isThere(sockets, ns, altname)) returnLink(sockets, item);
    else host.request(delAltname(hostName, altname));
    host.request(setLink(hostName, {up}));
    if (home !== undefined) restore(sockets, hostName, home);
    throw cause;
  }
}

function isThere(sockets: Sockets, ns: NamespacePath, name: string): boolean {
  try {
    return sockets.route(ns).request(getLink(name)).length > 0;
  } catch (error) {
    if (error instanceof KernelError && error.errno === ENODEV) return false;
    throw error;
  }
}

/** Gives it back with the name it had, as it was or down. What of it is there decides: it may have been renamed since. */
export function returnLink(sockets: Sockets, {ns, link, hostName, altname, home: was}: Lent): void {
  const inside = sockets.route(ns);
  const {index, name} = decodeLink(inside.request(getLink(altname), `find link "${link}"`)[0]!);
  inside.request(setLink(index, {up: false}), `set link "${name}" down`);
  const home = openSync('/proc/self/ns/net', 'r');
  try {
    inside.request(setLink(index, {netnsFd: home, name: hostName}), `give link "${name}" back as "${hostName}"`);
  } finally {
    closeSync(home);
  }
  sockets.route('').request(delAltname(hostName, altname));
  if (was !== undefined) restore(sockets, hostName, was);
}

/** A link loses all its addresses and routes on the way, and its IPv6 ones when it is set down alone. */
function restore(sockets: Sockets, name: string, {up, mtu, mac, addresses, routes = []}: LinkHome): void {
  const host = sockets.route('');
  const now = decodeLink(host.request(getLink(name), `find link "${name}"`)[0]!);
  const changed = {mtu: mtu === now.mtu ? null : mtu, mac: mac === now.mac ? null : mac};
  host.request(setLink(now.index, {up, ...given(changed)}), `restore link "${name}"`);
  for (const {address, prefixLength} of addresses) {
    const message = newAddress({index: now.index, address, prefixLength, noDad: ipFamily(address) === 6});
    unlessThere(() => host.request(message, `restore address "${address}/${prefixLength}" of "${name}"`));
  }
  // Next hops are reached by routes to their links.
  for (const route of [...routes].sort((a, b) => Number(a.via !== null) - Number(b.via !== null)))
    unlessThere(() => host.request(homeRoute(now.index, route), `restore route "${route.to}" by "${name}"`));
}

function homeRoute(oif: number, {to, via, metric, table, protocol}: HomeRoute): NetlinkMessage {
  return newRoute({to, oif, table, protocol, ...given({via}), ...(metric === undefined ? {} : {metric})});
}

function unlessThere(add: () => unknown): void {
  try {
    add();
  } catch (error) {
    if (!(error instanceof KernelError) || error.errno !== EEXIST) throw error;
  }
}

function lendable(sockets: Sockets, name: string, isOurs: (group: number) => boolean): LinkInfo {
  const info = decodeLink(sockets.route('').request(getLink(name), `find link "${name}"`)[0]!);
  if (name === 'lo' || isOurs(info.group))
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `Cannot lend "${name}": it is ${name === 'lo' ? "the host's loopback" : 'a link of a network of ours'}`,
    );
  return info;
}
