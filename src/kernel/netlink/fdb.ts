import type {Ip} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import {AF_BRIDGE} from './family.ts';
import {
  type NetlinkMessage,
  NLM_F_APPEND,
  NLM_F_CREATE,
  NLM_F_DUMP,
  NLM_F_REPLACE,
  NLM_F_REQUEST,
  type ReceivedMessage,
} from './message.ts';
import {NUD_PERMANENT, neighFormat, RTM_DELNEIGH, RTM_GETNEIGH, RTM_NEWNEIGH} from './neigh.ts';

/** include/uapi/linux/neighbour.h: the entry is the link's own, or its bridge's. */
const NTF_SELF = 2;
const NTF_MASTER = 4;
const NUD_NOARP = 0x40;

/** One entry of a vxlan link's forwarding database: frames for `mac` go to the peer `to`. */
export interface FdbSpec {
  /** ifindex of the vxlan link. */
  readonly index: number;
  /** 00:00:00:00:00:00 takes what no other entry does; it may be there once a peer. */
  readonly mac: Mac;
  readonly to: Ip;
}

/** Like `bridge fdb append MAC dst PEER dev LINK self permanent`. Never fails because the entry is there already. */
export function newFdb(spec: FdbSpec): NetlinkMessage {
  return fdbRequest(RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_APPEND, spec);
}

/** Like `bridge fdb del MAC dst PEER dev LINK self`. ENOENT when it is not there. */
export function delFdb(spec: FdbSpec): NetlinkMessage {
  return fdbRequest(RTM_DELNEIGH, 0, spec);
}

/** Like `bridge fdb show dev LINK`; the kernel filters by the header's ifindex. */
export function dumpFdb(index: number): NetlinkMessage {
  const payload = neighFormat.encode({family: AF_BRIDGE, index, attributes: {}});
  return {type: RTM_GETNEIGH, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** The permanent entries that name a peer; learned ones and those of the bridge itself are left out. */
export function decodeFdb(messages: readonly ReceivedMessage[]): readonly FdbSpec[] {
  return messages.flatMap(({payload}) => {
    const {index, state, attributes} = neighFormat.decode(payload);
    const {mac, dst} = attributes;
    return mac === undefined || dst === undefined || !(state & NUD_PERMANENT) ? [] : [{index, mac, to: dst}];
  });
}

/** Like `bridge fdb replace MAC dev PORT master static`: the bridge sends frames for `mac` there, and expects its own from there. */
export function newPortFdb({index, mac}: Pick<FdbSpec, 'index' | 'mac'>): NetlinkMessage {
  const payload = neighFormat.encode({
    family: AF_BRIDGE,
    index,
    state: NUD_NOARP,
    flags: NTF_MASTER,
    attributes: {mac},
  });
  return {type: RTM_NEWNEIGH, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE, payload};
}

function fdbRequest(type: number, flags: number, {index, mac, to}: FdbSpec): NetlinkMessage {
  const payload = neighFormat.encode({
    family: AF_BRIDGE,
    index,
    state: NUD_PERMANENT | NUD_NOARP,
    flags: NTF_SELF,
    attributes: {mac, dst: to},
  });
  return {type, flags: NLM_F_REQUEST | flags, payload};
}
