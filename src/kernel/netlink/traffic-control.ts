import {bytes, s32, stringz, u8, u16, u32, u64} from './codecs.ts';
import {format} from './format.ts';
import {list, nested, nestedNoFlag} from './nests.ts';

/** include/uapi/linux/rtnetlink.h */
export const RTM_NEWQDISC = 36;
export const RTM_DELQDISC = 37;
export const RTM_GETQDISC = 38;
export const RTM_NEWTFILTER = 44;
export const RTM_DELTFILTER = 45;
export const RTM_GETTFILTER = 46;

/** include/uapi/linux/pkt_sched.h: handles are major << 16 | minor. */
export const TC_H_ROOT = 0xffff_ffff;
export const TC_H_INGRESS = 0xffff_fff1;
/** `ffff:`, the handle that the ingress qdisc always has. */
export const ingressHandle = 0xffff_0000;

/** struct tcmsg. Of filters `info` is priority << 16 | protocol in network order. */
const tcmsg = {family: u8, pad1: u8, pad2: u16, index: s32, handle: u32, parent: u32, info: u32} as const;

/** struct tc_tbf_qopt: two struct tc_ratespec, then bytes, ticks and bytes. */
const tbfParameters = format(
  {
    cellLog: u8,
    linkLayer: u8,
    overhead: u16,
    cellAlign: u16,
    mpu: u16,
    rate: u32,
    peakCellLog: u8,
    peakLinkLayer: u8,
    peakOverhead: u16,
    peakCellAlign: u16,
    peakMpu: u16,
    peakRate: u32,
    limit: u32,
    buffer: u32,
    mtu: u32,
  },
  {},
);

/** TCA_TBF_*: `rateTable` is what only kernels before 3.8 looked at. */
export const tbfFormat = format(
  {},
  {parameters: [1, tbfParameters.codec], rateTable: [2, bytes], rate64: [4, u64], burst: [6, u32]},
);

/** struct gnet_stats_queue */
const queueStats = format({queueLength: u32, backlog: u32, drops: u32, requeues: u32, overlimits: u32}, {});

/** TCA_*; `stats2` holds TCA_STATS_*. Options stay bytes, for they are no attributes with every kind: pfifo_fast sends a struct. */
export const qdiscFormat = format(tcmsg, {
  kind: [1, stringz],
  options: [2, bytes],
  stats2: [7, nestedNoFlag({basic: [1, bytes], queue: [3, queueStats.codec]})],
  chain: [11, u32],
  hardwareOffload: [12, u8],
});

/** struct tc_mirred: tc_gen and the egress device. */
const mirredParameters = format(
  {index: u32, capabilities: u32, action: s32, references: u32, bindings: u32, egressAction: s32, target: u32},
  {},
);

/** TCA_ACT_*; the options by kind. */
const action = {
  kind: [1, stringz],
  options: [2, nested({times: [1, bytes], parameters: [2, mirredParameters.codec]})],
} as const;

/** TCA_U32_*; actions are numbered in the order in which they act, and ours is the only one. */
export const u32Format = format(
  {},
  {
    hash: [2, u32],
    divisor: [4, u32],
    selector: [5, bytes],
    actions: [7, {...list(1, nestedNoFlag(action)), flags: 0}],
  },
);

export const filterFormat = format(tcmsg, {kind: [1, stringz], options: [2, bytes], chain: [11, u32]});
