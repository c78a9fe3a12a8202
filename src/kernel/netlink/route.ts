import type {Ip, Prefix} from '../../model/ip.ts';
import {bytes, ip, u8, u32} from './codecs.ts';
import {AF_INET6, familyOf} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST} from './message.ts';

export const RTM_NEWROUTE = 24;
export const RTM_DELROUTE = 25;
const RTM_GETROUTE = 26;

/** rtm_protocol of everything we add, so that a fresh process knows its own. Below 128, free in /etc/iproute2/rt_protos. */
export const RTPROT_TNET = 84;
/** include/uapi/linux/rtnetlink.h */
export const RT_TABLE_MAIN = 254;
export const RT_TABLE_LOCAL = 255;
const RT_SCOPE_UNIVERSE = 0;
const RT_SCOPE_LINK = 253;
const RT_SCOPE_NOWHERE = 255;
const RTN_UNICAST = 1;
const RTNH_F_ONLINK = 4;
const routeTypes = [
  'unspec',
  'unicast',
  'local',
  'broadcast',
  'anycast',
  'multicast',
  'blackhole',
  'unreachable',
  'prohibit',
] as const;
type RouteType = (typeof routeTypes)[number];

/** struct rtmsg and RTA_*. `table` above 255 is only in RTA_TABLE. */
export const routeFormat = format(
  {
    family: u8,
    dstLength: u8,
    srcLength: u8,
    tos: u8,
    table: u8,
    protocol: u8,
    scope: u8,
    type: u8,
    flags: u32,
  },
  {
    dst: [1, ip],
    src: [2, ip],
    iif: [3, u32],
    oif: [4, u32],
    gateway: [5, ip],
    priority: [6, u32],
    prefsrc: [7, ip],
    metrics: [8, bytes],
    multipath: [9, bytes],
    cacheInfo: [12, bytes],
    table: [15, u32],
    pref: [20, u8],
  },
);

export interface RouteSpec {
  /** `0.0.0.0/0` and `::/0` are the default routes. */
  readonly to: Prefix;
  readonly via?: Ip;
  /** ifindex of the link to send by. */
  readonly oif?: number;
  readonly prefsrc?: Ip;
  /** RT_TABLE_*, 254 (main) by default. */
  readonly table?: number;
  readonly metric?: number;
  /** 84 by default. */
  readonly protocol?: number;
  /** The gateway need not be in an on-link prefix. */
  readonly onlink?: boolean;
  /** Anything but unicast drops or answers: `unreachable`, `blackhole`, `prohibit`. */
  readonly type?: RouteType;
}

export interface RouteInfo {
  readonly to: Prefix;
  readonly via: Ip | null;
  readonly oif: number | null;
  readonly prefsrc: Ip | null;
  readonly table: number;
  readonly metric: number | null;
  readonly protocol: number;
  /** RT_SCOPE_*: 0 universe, 253 link (on-link, no gateway), 254 host. */
  readonly scope: number;
  readonly type: RouteType;
}

/** Like `ip route add TO [via GATEWAY] [dev LINK] [src ADDRESS] [table N] proto 84`. EEXIST when the same prefix and metric is there. */
export function newRoute(spec: RouteSpec): NetlinkMessage {
  return routeRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/** Like `ip route replace …`: also takes the place of a foreign route with the same prefix and metric. */
export function replaceRoute(spec: RouteSpec): NetlinkMessage {
  return routeRequest(RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE, spec);
}

/** Like `ip route del …`. Matches what is given, protocol 84 included, so never a foreign route. ESRCH when it is not there. */
export function delRoute(spec: RouteSpec): NetlinkMessage {
  return routeRequest(RTM_DELROUTE, 0, spec);
}

/** Like `ip route show [table N] [proto P] [dev LINK]`; the kernel filters (strict checking). */
export function dumpRoutes(
  filter: {readonly family?: 4 | 6; readonly table?: number; readonly protocol?: number; readonly oif?: number} = {},
): NetlinkMessage {
  const {family, table, protocol, oif} = filter;
  const payload = routeFormat.encode({
    family: family === undefined ? 0 : familyOf(family),
    protocol,
    attributes: {table, oif},
  });
  return {type: RTM_GETROUTE, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** Decodes RTM_NEWROUTE and RTM_DELROUTE, as answers and as events. */
export function decodeRoute({payload}: {readonly payload: Uint8Array}): RouteInfo {
  const {family, dstLength, table, protocol, scope, type, attributes} = routeFormat.decode(payload);
  const any = family === AF_INET6 ? '::' : '0.0.0.0';
  return {
    to: `${attributes.dst ?? any}/${dstLength}` as Prefix,
    via: attributes.gateway ?? null,
    oif: attributes.oif ?? null,
    prefsrc: attributes.prefsrc ?? null,
    table: attributes.table ?? table,
    metric: attributes.priority ?? null,
    protocol,
    scope,
    type: routeTypes[type] ?? 'unspec',
  };
}

function routeRequest(type: number, flags: number, spec: RouteSpec): NetlinkMessage {
  const {table = RT_TABLE_MAIN, protocol = RTPROT_TNET} = spec;
  const [address, length] = spec.to.split('/') as [Ip, string];
  const payload = routeFormat.encode({
    family: familyOf(address),
    dstLength: Number(length),
    table: table < 256 ? table : 0,
    protocol,
    scope: scopeOf(type, spec),
    type: typeOf(type, spec),
    flags: spec.onlink ? RTNH_F_ONLINK : 0,
    attributes: {
      dst: length === '0' ? undefined : address,
      prefsrc: spec.prefsrc,
      gateway: spec.via,
      priority: spec.metric,
      table: table < 256 ? undefined : table,
      oif: spec.oif,
    },
  });
  return {type, flags: NLM_F_REQUEST | flags, payload};
}

/** A deletion without type takes the route whatever it is. */
function typeOf(type: number, spec: RouteSpec): number {
  if (spec.type !== undefined) return routeTypes.indexOf(spec.type);
  return type === RTM_DELROUTE ? 0 : RTN_UNICAST;
}

/** As iproute2: without a gateway the destination is on the link; RT_SCOPE_NOWHERE in a deletion matches any scope. */
function scopeOf(type: number, {to, via, type: routeType = 'unicast'}: RouteSpec): number {
  if (to.includes(':')) return RT_SCOPE_UNIVERSE;
  if (type === RTM_DELROUTE) return RT_SCOPE_NOWHERE;
  return via === undefined && routeType === 'unicast' ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}
