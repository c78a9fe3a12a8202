import {be16, bytes, ip, mac, s32, string, stringz, u8, u16, u32} from './codecs.ts';
import {format} from './format.ts';
import {list, nestedBy, nestedNoFlag} from './nests.ts';

/** include/uapi/linux/rtnetlink.h */
export const RTM_NEWLINK = 16;
export const RTM_DELLINK = 17;
export const RTM_GETLINK = 18;
export const RTM_NEWLINKPROP = 108;
export const RTM_DELLINKPROP = 109;

/** include/uapi/linux/if.h */
export const IFF_UP = 0x1;
export const IFF_PROMISC = 0x100;
export const IFF_ALLMULTI = 0x200;
export const IFF_LOWER_UP = 0x10000;

/** struct ifinfomsg. `type` is ARPHRD_*, `change` the mask of the `flags` to set. */
const ifinfomsg = {family: u8, pad: u8, type: u16, index: s32, flags: u32, change: u32} as const;

/** IFLA_BR_*, include/uapi/linux/if_link.h; times are in USER_HZ, hundredths of a second. */
const bridgeData = {
  forwardDelay: [1, u32],
  helloTime: [2, u32],
  maxAge: [3, u32],
  ageingTime: [4, u32],
  stpState: [5, u32],
  vlanFiltering: [7, u8],
  multicastSnooping: [23, u8],
} as const;

/** IFLA_MACVLAN_*, IFLA_IPVLAN_*, IFLA_VLAN_*, IFLA_VXLAN_*. */
const macvlanData = {mode: [1, u32], flags: [2, u16]} as const;
const ipvlanData = {mode: [1, u16], flags: [2, u16]} as const;
const vlanData = {id: [1, u16]} as const;
const vxlanData = {
  id: [1, u32],
  link: [3, u32],
  local: [4, ip],
  ttl: [5, u8],
  learning: [7, u8],
  port: [15, be16],
  local6: [17, ip],
} as const;

/** What a peer is made with: struct ifinfomsg and the attributes of a link again. */
const peer = format(ifinfomsg, {
  mac: [1, mac],
  name: [3, stringz],
  mtu: [4, u32],
  netnsPid: [19, u32],
  group: [27, u32],
  netnsFd: [28, u32],
});

/** IFLA_BRPORT_*, what a bridge knows of its port. `mode` is hairpin. */
const bridgePortData = {
  state: [1, u8],
  mode: [4, u8],
  guard: [5, u8],
  learning: [8, u8],
  unicastFlood: [9, u8],
  multicastFlood: [27, u8],
  broadcastFlood: [30, u8],
  neighSuppress: [32, u8],
  isolated: [33, u8],
  locked: [39, u8],
} as const;

const linkInfo = {
  kind: [1, string],
  data: [
    2,
    nestedBy('kind', 0, {
      bridge: bridgeData,
      veth: {peer: [1, peer.codec]},
      macvlan: macvlanData,
      ipvlan: ipvlanData,
      vlan: vlanData,
      vxlan: vxlanData,
    }),
  ],
  slaveKind: [4, string],
  slaveData: [5, nestedBy('slaveKind', 0, {bridge: bridgePortData})],
} as const;

/** IFLA_AF_SPEC by address family: AF_INET6 (10) with IFLA_INET6_ADDR_GEN_MODE. */
const afSpec = {inet6: [10, nestedNoFlag({addrGenMode: [8, u8]})]} as const;

/** IFLA_*. `link` is the other end of a veth, in the netns `linkNetnsId` if that is there. */
export const linkFormat = format(ifinfomsg, {
  mac: [1, mac],
  broadcast: [2, mac],
  name: [3, stringz],
  mtu: [4, u32],
  link: [5, s32],
  qdisc: [6, stringz],
  stats: [7, bytes],
  master: [10, u32],
  txQueueLength: [13, u32],
  operstate: [16, u8],
  linkmode: [17, u8],
  linkInfo: [18, nestedNoFlag(linkInfo)],
  netnsPid: [19, u32],
  alias: [20, string],
  stats64: [23, bytes],
  afSpec: [26, nestedNoFlag(afSpec)],
  group: [27, u32],
  netnsFd: [28, u32],
  extMask: [29, u32],
  promiscuity: [30, u32],
  txQueues: [31, u32],
  rxQueues: [32, u32],
  carrier: [33, u8],
  linkNetnsId: [37, s32],
  newNetnsId: [45, s32],
  propList: [52, list(53, stringz)],
  altname: [53, stringz],
});

export type LinkMessage = Parameters<typeof linkFormat.encode>[0];
