import {KernelError} from '../../errors.ts';
import {type Ip, ipFamily} from '../../model/ip.ts';
import type {NamespacePath} from '../item.ts';
import type {Native} from '../native.ts';
import {
  type ConntrackInfo,
  conntrackFormat,
  decodeConntrack,
  dumpConntrack,
  IPCTNL_MSG_CT_GET,
} from '../netlink/conntrack.ts';
import {errnoName} from '../netlink/errno.ts';
import {familyOf} from '../netlink/family.ts';
import {decodeLink, dumpLinks, type LinkInfo} from '../netlink/link.ts';
import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from '../netlink/message.ts';
import {decodeRoute} from '../netlink/route.ts';
import {lookUpRoute, type RouteQuery} from '../netlink/route-lookup.ts';
import {decodeWaitingSocket, dumpWaitingSockets} from '../netlink/sock-diag.ts';
import {openNetlinkSocket} from '../netlink/socket.ts';
import type {Sockets} from '../sockets.ts';
import type {RouteFact, TakingSocket} from './facts.ts';
import type {PacketHeaders} from './headers.ts';
import {findSocketOwners} from './socket-owner.ts';

/** The questions about a packet's way that the kernel answers at any time. */

export function linksOf(sockets: Sockets, ns: NamespacePath): readonly LinkInfo[] {
  return sockets.route(ns).dump(dumpLinks()).map(decodeLink);
}

export function routeOf(sockets: Sockets, ns: NamespacePath, query: RouteQuery): RouteFact {
  try {
    const [answer] = sockets.route(ns).request(lookUpRoute(query));
    return {ns, to: query.to, route: answer === undefined ? null : decodeRoute(answer), error: null};
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    return {ns, to: query.to, route: null, error: errnoName(error.errno)};
  }
}

/** The host's entry of a connection, by the first packet of it; null when it is not tracked (dropped before, or bridged). */
export function flowOf(
  sockets: Sockets,
  {saddr, daddr, sport, dport, family, protocol}: Omit<PacketHeaders, 'echo' | 'echoId'>,
): ConntrackInfo | null {
  const entries = sockets.netfilter().dump(flowDump({family, protocol, dport})).map(decodeConntrack);
  const same = entries.filter(
    ({original}) => original.src === saddr && original.dst === daddr && original.proto === protocol,
  );
  return same.find(({original}) => original.srcPort === sport && original.dstPort === dport) ?? null;
}

function flowDump({family, protocol, dport}: Pick<PacketHeaders, 'family' | 'protocol' | 'dport'>): NetlinkMessage {
  if (dport !== null) return dumpConntrack({proto: protocol === 6 ? 'tcp' : 'udp', port: dport}, family);
  const payload = conntrackFormat.encode({family: familyOf(family), attributes: {}});
  return {type: IPCTNL_MSG_CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the connections'};
}

export interface SocketQuestion {
  readonly ns: NamespacePath;
  readonly proto: 'tcp' | 'udp';
  readonly address: Ip;
  readonly port: number;
}

/** Who waits at a port in a namespace: those first that take packets to `address`, the more exact address first. */
export function socketsFor(
  {native, sockets}: {readonly native: Native; readonly sockets: Sockets},
  {ns, proto, address, port}: SocketQuestion,
): readonly TakingSocket[] {
  const netnsFd = sockets.netnsFd(ns);
  const socket = openNetlinkSocket({native, protocol: 'sockDiag', ...(netnsFd === undefined ? {} : {netnsFd})});
  try {
    // A socket on :: takes IPv4 too, unless it was told not to.
    const families = ipFamily(address) === 4 ? ([4, 6] as const) : ([6] as const);
    const waiting = families.flatMap(family => socket.dump(dumpWaitingSockets(proto, family)).map(decodeWaitingSocket));
    const netns = ns === '' ? '/proc/self/ns/net' : ns;
    return waiting
      .filter(found => found.port === port)
      .sort((a, b) => rank(a.address, address) - rank(b.address, address))
      .map(found => ({
        ...found,
        takes: rank(found.address, address) < 2,
        owners: findSocketOwners(found.inode, netns),
      }));
  } finally {
    socket.close();
  }
}

/** 0 exactly this address, 1 every address, 2 another one. */
function rank(own: Ip, address: Ip): 0 | 1 | 2 {
  if (own === address) return 0;
  return own === '0.0.0.0' || own === '::' ? 1 : 2;
}
