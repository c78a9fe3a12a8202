import {bytes, s32, u8, u16, u32} from './codecs.ts';
import {AF_BRIDGE} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from './message.ts';

/** include/uapi/linux/rtnetlink.h */
const RTM_DELLINK = 17;
const RTM_GETLINK = 18;
const RTM_SETLINK = 19;
const RTEXT_FILTER_BRVLAN = 2;

/** include/uapi/linux/if_bridge.h: attributes of IFLA_AF_SPEC, and flags of struct bridge_vlan_info. */
const IFLA_BRIDGE_FLAGS = 0;
const IFLA_BRIDGE_VLAN_INFO = 2;
const BRIDGE_FLAGS_SELF = 2;
const PVID = 2;
const UNTAGGED = 4;
const RANGE_BEGIN = 8;
const RANGE_END = 16;

const message = format(
  {family: u8, pad: u8, type: u16, index: s32, flags: u32, change: u32},
  {afSpec: [26, bytes], extMask: [29, u32]},
);

/**
 * How frames of a VLAN pass a bridge port: `access`: without a tag both ways, and what comes in without one belongs to it;
 * `untagged`: out without one; `tagged`; `none`: not at all.
 */
export type VlanMembership = 'access' | 'untagged' | 'tagged' | 'none';

export interface PortVlans {
  /** ifindex of the port, or of the bridge itself. */
  readonly index: number;
  readonly first: number;
  readonly last: number;
  /** Whether it is the bridge itself, by which the host takes part. */
  readonly self: boolean;
}

const flagsOf = {access: PVID | UNTAGGED, untagged: UNTAGGED, tagged: 0} as const;

/** Like `bridge vlan add dev PORT vid FIRST-LAST [pvid] [untagged] [self]`. EOPNOTSUPP where bridges filter no VLANs. */
export function setVlans(vlans: PortVlans, membership: Exclude<VlanMembership, 'none'>): NetlinkMessage {
  return request(RTM_SETLINK, vlans, flagsOf[membership]);
}

/** Like `bridge vlan del dev PORT vid FIRST-LAST [self]`. ENOENT: it has none of them. */
export function delVlans(vlans: PortVlans): NetlinkMessage {
  return request(RTM_DELLINK, vlans, 0);
}

/** Like `bridge vlan show`, of every port of every bridge. */
export function dumpVlans(): NetlinkMessage {
  const payload = message.encode({family: AF_BRIDGE, attributes: {extMask: RTEXT_FILTER_BRVLAN}});
  return {type: RTM_GETLINK, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** One port's, by VLAN. */
export function decodeVlans({payload}: {readonly payload: Uint8Array}): {
  readonly index: number;
  readonly vlans: ReadonlyMap<number, VlanMembership>;
} {
  const {index, attributes} = message.decode(payload);
  const view = Buffer.from(attributes.afSpec ?? new Uint8Array());
  const vlans = new Map<number, VlanMembership>();
  for (let at = 0; at + 4 <= view.length; at += Math.max(4, (view.readUInt16LE(at) + 3) & ~3)) {
    if (view.readUInt16LE(at + 2) !== IFLA_BRIDGE_VLAN_INFO) continue;
    const [flags, vid] = [view.readUInt16LE(at + 4), view.readUInt16LE(at + 6)];
    vlans.set(vid, flags & PVID ? 'access' : flags & UNTAGGED ? 'untagged' : 'tagged');
  }
  return {index, vlans};
}

function request(type: number, {index, first, last, self}: PortVlans, flags: number): NetlinkMessage {
  const infos =
    first === last
      ? [vlanInfo(flags, first)]
      : [vlanInfo(flags | RANGE_BEGIN, first), vlanInfo(flags | RANGE_END, last)];
  const afSpec = Buffer.concat([...(self ? [attribute(IFLA_BRIDGE_FLAGS, [BRIDGE_FLAGS_SELF])] : []), ...infos]);
  const payload = message.encode({family: AF_BRIDGE, index, attributes: {afSpec}});
  return {type, flags: NLM_F_REQUEST, payload};
}

const vlanInfo = (flags: number, vid: number): Buffer => attribute(IFLA_BRIDGE_VLAN_INFO, [flags, vid]);

/** Of 16-bit words, padded to four bytes. */
function attribute(type: number, words: readonly number[]): Buffer {
  const length = 4 + words.length * 2;
  const out = Buffer.alloc((length + 3) & ~3);
  for (const [i, word] of [length, type, ...words].entries()) out.writeUInt16LE(word, i * 2);
  return out;
}
