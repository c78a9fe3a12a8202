import type {Ip} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import {bytes, ip, mac, s32, u8, u16, u32} from './codecs.ts';
import {familyOf} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_REPLACE, NLM_F_REQUEST} from './message.ts';

export const RTM_NEWNEIGH = 28;
export const RTM_DELNEIGH = 29;
export const RTM_GETNEIGH = 30;
/** include/uapi/linux/neighbour.h; NUD_PERMANENT is never probed nor collected. */
export const NUD_PERMANENT = 0x80;

/** struct ndmsg and NDA_*. */
export const neighFormat = format(
  {family: u8, pad1: u8, pad2: u16, index: s32, state: u16, flags: u8, type: u8},
  {
    dst: [1, ip],
    mac: [2, mac],
    cacheInfo: [3, bytes],
    probes: [4, u32],
    vlan: [5, u16],
    index: [8, u32],
    master: [9, u32],
  },
);

export interface NeighSpec {
  /** ifindex of the link. */
  readonly index: number;
  readonly address: Ip;
  readonly mac: Mac;
}

export interface NeighInfo {
  readonly index: number;
  readonly address: Ip;
  /** Null while unresolved. */
  readonly mac: Mac | null;
  /** NUD_* bit: 0x02 reachable, 0x04 stale, 0x20 failed, 0x80 permanent. */
  readonly state: number;
}

/** Like `ip neigh replace ADDRESS lladdr MAC dev LINK nud permanent`. */
export function newNeigh({index, address, mac}: NeighSpec): NetlinkMessage {
  const payload = neighFormat.encode({
    family: familyOf(address),
    index,
    state: NUD_PERMANENT,
    attributes: {dst: address, mac},
  });
  return {type: RTM_NEWNEIGH, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE, payload};
}

/** Like `ip neigh del ADDRESS dev LINK`. ENOENT when it is not there. */
export function delNeigh({index, address}: Pick<NeighSpec, 'index' | 'address'>): NetlinkMessage {
  const payload = neighFormat.encode({family: familyOf(address), index, attributes: {dst: address}});
  return {type: RTM_DELNEIGH, flags: NLM_F_REQUEST, payload};
}

/** Like `ip neigh show [dev LINK]`; the kernel filters by NDA_IFINDEX. */
export function dumpNeighs(filter: {readonly index?: number; readonly family?: 4 | 6} = {}): NetlinkMessage {
  const family = filter.family === undefined ? 0 : familyOf(filter.family);
  const payload = neighFormat.encode({family, attributes: {index: filter.index}});
  return {type: RTM_GETNEIGH, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** Decodes RTM_NEWNEIGH and RTM_DELNEIGH, as answers and as events. */
export function decodeNeigh({payload}: {readonly payload: Uint8Array}): NeighInfo {
  const {index, state, attributes} = neighFormat.decode(payload);
  return {index, address: attributes.dst!, mac: attributes.mac ?? null, state};
}
