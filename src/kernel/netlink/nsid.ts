import {s32, u8, u32} from './codecs.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_REQUEST} from './message.ts';

const RTM_GETNSID = 90;

/** struct rtgenmsg and NETNSA_*, include/uapi/linux/net_namespace.h. */
const nsidFormat = format({family: u8, pad1: u8, pad2: u8, pad3: u8}, {nsid: [1, s32], fd: [3, u32]});

/** The number by which the asked namespace knows another one, as in IFLA_LINK_NETNSID. Like `ip netns list-id`. */
export function getNsid(netnsFd: number): NetlinkMessage {
  return {type: RTM_GETNSID, flags: NLM_F_REQUEST, payload: nsidFormat.encode({family: 0, attributes: {fd: netnsFd}})};
}

/** -1: it has none for it. */
export function decodeNsid({payload}: {readonly payload: Uint8Array}): number {
  return nsidFormat.decode(payload).attributes.nsid ?? -1;
}
