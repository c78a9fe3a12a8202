import {type Family, ipFamily, type Prefix} from '../model/ip.ts';
import type {SysctlChange} from '../model/state.ts';
import {readSysctl} from './apply.ts';
import {decodeAddress, dumpAddresses} from './netlink/address.ts';
import type {LinkInfo} from './netlink/link.ts';
import {decodeRoute, dumpRoutes, type RouteInfo, RT_TABLE_MAIN} from './netlink/route.ts';
import {hostLinks, type ReadParts} from './read.ts';

/** RT_SCOPE_LINK: an on-link route, or a link-local address. */
const scopeLink = 253;
/** ARPHRD_LOOPBACK */
const loopbackType = 772;

/** What must be set so that packets of a family that come in by the host's links, or by `bridges`, are forwarded. */
export function forwardingChanges(parts: ReadParts, family: Family, bridges: readonly string[]): SysctlChange[] {
  const uplinks = uplinkNames(parts, family);
  if (family === 4)
    return changes(
      parts,
      uplinks.map(name => `net/ipv4/conf/${name}/forwarding`),
    );
  const all = 'net/ipv6/conf/all/forwarding';
  if (readSysctl(parts, '', all) === '1') return [];
  // Linux 6.17 and later: for one device, whatever the others do.
  if (readSysctl(parts, '', 'net/ipv6/conf/all/force_forwarding') !== null)
    return changes(
      parts,
      [...uplinks, ...bridges].map(name => `net/ipv6/conf/${name}/force_forwarding`),
    );
  return [
    // A router does not listen to other routers (accept_ra 1), and the host would lose its default route; 2 keeps it.
    ...changes(
      parts,
      uplinks.map(name => `net/ipv6/conf/${name}/accept_ra`),
      {from: '1', to: '2'},
    ),
    ...changes(
      parts,
      uplinks.map(name => `net/ipv6/conf/${name}/forwarding`),
    ),
    ...changes(parts, [all]),
  ];
}

/** Prefixes of the host's on-link routes, of both families, without those of our links. */
export function connectedPrefixes(parts: ReadParts): readonly Prefix[] {
  const ours = new Set(ourLinks(parts).map(({index}) => index));
  return routes(parts)
    .filter(({to, scope, oif, via, type}) => {
      const onLink = ipFamily(to) === 4 ? scope === scopeLink : via === null && type === 'unicast' && !isLinkLocal(to);
      return onLink && !ours.has(oif ?? 0);
    })
    .map(({to}) => to);
}

/** MTU in bytes of the link of the host's default route, IPv4 before IPv6; null without one. */
export function defaultMtu(parts: ReadParts): number | null {
  const defaults = routes(parts).filter(({to, oif}) => to.endsWith('/0') && oif !== null);
  const route = defaults.find(({to}) => ipFamily(to) === 4) ?? defaults[0];
  return hostLinks(parts).find(({index}) => index === route?.oif)?.mtu ?? null;
}

function changes(
  parts: ReadParts,
  paths: readonly string[],
  {from, to}: {readonly from: string; readonly to: string} = {from: '0', to: '1'},
): SysctlChange[] {
  return paths.filter(path => readSysctl(parts, '', path) === from).map(path => ({path, value: to, was: from}));
}

/** Host links with an address of a family, without loopback and ours. */
function uplinkNames(parts: ReadParts, family: Family): readonly string[] {
  const addressed = new Set(
    parts.sockets
      .route('')
      .dump(dumpAddresses({family}))
      .map(decodeAddress)
      .filter(({scope}) => scope !== scopeLink)
      .map(({index}) => index),
  );
  const isUplink = ({index, hardwareType, group}: LinkInfo): boolean =>
    addressed.has(index) && hardwareType !== loopbackType && !parts.isOurs(group);
  return hostLinks(parts)
    .filter(isUplink)
    .map(({name}) => name);
}

/** Not asked by table: a fresh namespace has no main table yet (ENOENT). */
function routes({sockets}: ReadParts): readonly RouteInfo[] {
  return ([4, 6] as const)
    .flatMap(family => sockets.route('').dump(dumpRoutes({family})).map(decodeRoute))
    .filter(({table}) => table === RT_TABLE_MAIN);
}

function ourLinks(parts: ReadParts): readonly LinkInfo[] {
  return hostLinks(parts).filter(({group}) => parts.isOurs(group));
}

function isLinkLocal(prefix: Prefix): boolean {
  return /^f(e[89ab]|f)/.test(prefix);
}
