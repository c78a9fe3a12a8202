import {s64, u32, u64} from './codecs.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_REPLACE, NLM_F_REQUEST} from './message.ts';
import {qdiscFormat, RTM_NEWQDISC, TC_H_ROOT} from './traffic-control.ts';

/** What tc-netem(8) does to packets at the root of a link. Probabilities are 0 to 1; what is 0 does not happen. */
export interface NetemSpec {
  readonly index: number;
  readonly delayMs: number;
  /** Evenly distributed around the delay. */
  readonly jitterMs: number;
  readonly loss: number;
  readonly duplicate: number;
  readonly corrupt: number;
  /** Of packets that do not wait at all. */
  readonly reorder: number;
  /** 0: as fast as it goes. */
  readonly rateBitsPerS: number;
  /** Packets that may wait. */
  readonly limit: number;
}

/** struct tc_netem_qopt; latency and jitter here are in ticks and superseded by the attributes in ns. */
const parameters = {latency: u32, limit: u32, loss: u32, gap: u32, duplicate: u32, jitter: u32} as const;
const probability = format({probability: u32, correlation: u32}, {});
/** struct tc_netem_rate, bytes a second. */
const rate = format({rate: u32, packetOverhead: u32, cellSize: u32, cellOverhead: u32}, {});
const maxRate32 = 0xffff_ffff;

/** TCA_NETEM_*, include/uapi/linux/pkt_sched.h. LATENCY64 and JITTER64 since Linux 4.15. */
export const netemFormat = format(parameters, {
  reorder: [3, probability.codec],
  corrupt: [4, probability.codec],
  rate: [6, rate.codec],
  rate64: [8, u64],
  latency64: [10, s64],
  jitter64: [11, s64],
});

const share = (of1: number): number => Math.round(of1 * 0xffff_ffff);
const nanoseconds = (ms: number): bigint => BigInt(Math.round(ms * 1e6));

/** Like `tc qdisc replace dev LINK root netem delay D J loss L% duplicate … reorder … rate R limit N`. ENOENT where the kernel has none. */
export function replaceNetem(spec: NetemSpec): NetlinkMessage {
  const {index, loss, duplicate, corrupt, reorder, delayMs, jitterMs, rateBitsPerS, limit} = spec;
  const bytesPerS = Math.round(rateBitsPerS / 8);
  const options = netemFormat.encode({
    limit,
    loss: share(loss),
    duplicate: share(duplicate),
    gap: reorder > 0 ? 1 : 0,
    attributes: {
      ...(reorder > 0 ? {reorder: {probability: share(reorder), attributes: {}}} : {}),
      ...(corrupt > 0 ? {corrupt: {probability: share(corrupt), attributes: {}}} : {}),
      ...(bytesPerS > 0 ? {rate: {rate: Math.min(bytesPerS, maxRate32), attributes: {}}} : {}),
      ...(bytesPerS > maxRate32 ? {rate64: BigInt(bytesPerS)} : {}),
      latency64: nanoseconds(delayMs),
      jitter64: nanoseconds(jitterMs),
    },
  });
  const payload = qdiscFormat.encode({index, parent: TC_H_ROOT, attributes: {kind: 'netem', options}});
  return {type: RTM_NEWQDISC, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE, payload};
}

/**
 * A netem without its parameters, which no kernel makes: one that has netem says EINVAL (netem_init()), one that has none ENOENT.
 * The kernel loads the module for it.
 */
export function askForNetem(index: number): NetlinkMessage {
  const payload = qdiscFormat.encode({index, parent: TC_H_ROOT, attributes: {kind: 'netem'}});
  return {type: RTM_NEWQDISC, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE, payload};
}
