import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST} from './message.ts';
import {
  ingressHandle,
  qdiscFormat,
  RTM_DELQDISC,
  RTM_GETQDISC,
  RTM_NEWQDISC,
  TC_H_INGRESS,
  TC_H_ROOT,
  tbfFormat,
} from './traffic-control.ts';

/** A token bucket at the root of a link: what leaves by the link is delayed to the rate, and dropped beyond the limit. */
export interface TbfSpec {
  readonly index: number;
  readonly rateBitsPerS: number;
  /** What may leave at once; a packet that is larger than this never leaves (a GSO packet is cut first). */
  readonly burstBytes: number;
  /** Of the queue, burst included. */
  readonly limitBytes: number;
}

export interface QdiscStats {
  readonly drops: number;
  /** Times a packet had to wait. */
  readonly overlimits: number;
  readonly backlogBytes: number;
}

export interface QdiscInfo {
  readonly index: number;
  /** `tbf`, `ingress`, `noqueue` … */
  readonly kind: string;
  readonly at: 'root' | 'ingress' | 'inner';
  readonly tbf: Omit<TbfSpec, 'index'> | null;
  readonly stats: QdiscStats;
}

/** TC_LINKLAYER_ETHERNET: with any link layer the kernel computes times itself and wants no table of them (since 3.8). */
const linkLayerEthernet = 1;
/** PSCHED_SHIFT 6, include/net/pkt_sched.h: the tick in which the kernel tells a bucket's size. */
const tickNs = 64;
/** A rate above this many bytes a second is in TCA_TBF_RATE64 alone. */
const maxRate32 = 0xffff_ffff;

/** Like `tc qdisc replace dev LINK root tbf rate R burst B limit L`: keeps what is queued when only figures change. */
export function replaceTbf({index, rateBitsPerS, burstBytes, limitBytes}: TbfSpec): NetlinkMessage {
  const bytesPerS = Math.round(rateBitsPerS / 8);
  const payload = qdiscFormat.encode({
    index,
    parent: TC_H_ROOT,
    attributes: {
      kind: 'tbf',
      options: tbfFormat.encode({
        attributes: {
          parameters: {
            linkLayer: linkLayerEthernet,
            rate: Math.min(bytesPerS, maxRate32),
            limit: limitBytes,
            attributes: {},
          },
          // In bytes; without it the kernel would compute them from the ticks above, and lose some.
          burst: burstBytes,
          ...(bytesPerS > maxRate32 ? {rate64: BigInt(bytesPerS)} : {}),
        },
      }),
    },
  });
  return {type: RTM_NEWQDISC, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE, payload};
}

/** Like `tc qdisc del dev LINK root`; the link's default comes back. ENOENT when it has nothing else. */
export function delRootQdisc(index: number): NetlinkMessage {
  const payload = qdiscFormat.encode({index, parent: TC_H_ROOT, attributes: {}});
  return {type: RTM_DELQDISC, flags: NLM_F_REQUEST, payload};
}

/** Like `tc qdisc add dev LINK ingress`: a place for filters, before bridge and IP see what came in. EEXIST also for clsact. */
export function newIngress(index: number): NetlinkMessage {
  const payload = qdiscFormat.encode({
    index,
    handle: ingressHandle,
    parent: TC_H_INGRESS,
    attributes: {kind: 'ingress'},
  });
  return {type: RTM_NEWQDISC, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL, payload};
}

/** Like `tc qdisc del dev LINK ingress`, with its filters. */
export function delIngress(index: number): NetlinkMessage {
  const payload = qdiscFormat.encode({
    index,
    handle: ingressHandle,
    parent: TC_H_INGRESS,
    attributes: {},
  });
  return {type: RTM_DELQDISC, flags: NLM_F_REQUEST, payload};
}

/** Like `tc -s qdisc show`: every link's; the kernel does not filter. */
export function dumpQdiscs(): NetlinkMessage {
  return {type: RTM_GETQDISC, flags: NLM_F_REQUEST | NLM_F_DUMP, payload: qdiscFormat.encode({attributes: {}})};
}

/** Decodes RTM_NEWQDISC. The bucket's size comes back in ticks: see sameBurst(). */
export function decodeQdisc({payload}: {readonly payload: Uint8Array}): QdiscInfo {
  const {index, parent, attributes} = qdiscFormat.decode(payload);
  const {kind = '', options, stats2} = attributes;
  const queue = stats2?.queue;
  return {
    index,
    kind,
    at: parent === TC_H_ROOT ? 'root' : parent === TC_H_INGRESS ? 'ingress' : 'inner',
    tbf: kind === 'tbf' && options !== undefined ? decodeTbf(options) : null,
    stats: {drops: queue?.drops ?? 0, overlimits: queue?.overlimits ?? 0, backlogBytes: queue?.backlog ?? 0},
  };
}

/** Whether two buckets of one rate are the same to the kernel, which rounds their size to ticks of 64 ns. */
export function sameBurst(
  a: Pick<TbfSpec, 'burstBytes' | 'rateBitsPerS'>,
  b: Pick<TbfSpec, 'burstBytes' | 'rateBitsPerS'>,
): boolean {
  return a.rateBitsPerS === b.rateBitsPerS && Math.abs(burstTicks(a) - burstTicks(b)) <= 2;
}

function decodeTbf(options: Uint8Array): QdiscInfo['tbf'] {
  const {parameters, rate64} = tbfFormat.decode(options).attributes;
  const {rate = 0, buffer = 0, limit = 0} = parameters ?? {};
  const rateBitsPerS = (rate64 === undefined ? rate : Number(rate64)) * 8;
  return {rateBitsPerS, burstBytes: Math.round((buffer * tickNs * rateBitsPerS) / 8e9), limitBytes: limit};
}

/** Time to send the burst at the rate. */
function burstTicks({burstBytes, rateBitsPerS}: Pick<TbfSpec, 'burstBytes' | 'rateBitsPerS'>): number {
  return Math.floor((burstBytes * 8e9) / rateBitsPerS / tickNs);
}
