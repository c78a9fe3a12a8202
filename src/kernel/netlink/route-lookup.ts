import {addressBits, type Ip} from '../../model/ip.ts';
import {familyOf} from './family.ts';
import {type NetlinkMessage, NLM_F_REQUEST} from './message.ts';
import {routeFormat} from './route.ts';

const RTM_GETROUTE = 26;
/** include/uapi/linux/rtnetlink.h: answer with the entry of the table instead of what it leads to. */
const RTM_F_FIB_MATCH = 0x2000;

export interface RouteQuery {
  readonly to: Ip;
  /** Ask for a packet that came in by this link (ifindex), as forwarding does; left out: for one sent from here. */
  readonly iif?: number;
  /** Source address; with `iif` the kernel wants one. */
  readonly from?: Ip;
}

/**
 * Like `ip route get [fibmatch] TO [from FROM iif LINK]`, ip rules and all. Answers with one message for decodeRoute():
 * the entry that matched. ENETUNREACH without one, EHOSTUNREACH when forwarding is off or the way back is another, EINVAL
 * for a martian.
 */
export function lookUpRoute({to, iif, from}: RouteQuery): NetlinkMessage {
  const payload = routeFormat.encode({
    family: familyOf(to),
    dstLength: addressBits(to),
    srcLength: from === undefined ? 0 : addressBits(from),
    flags: RTM_F_FIB_MATCH,
    attributes: {dst: to, src: from, iif},
  });
  return {type: RTM_GETROUTE, flags: NLM_F_REQUEST, payload, what: `find the route to ${to}`};
}

/** The same without fibmatch: what is looked for is the source address (`prefsrc`) that the kernel would take. */
export function lookUpSource(to: Ip): NetlinkMessage {
  const payload = routeFormat.encode({family: familyOf(to), dstLength: addressBits(to), attributes: {dst: to}});
  return {type: RTM_GETROUTE, flags: NLM_F_REQUEST, payload, what: `find the route to ${to}`};
}
