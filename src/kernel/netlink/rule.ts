import type {Ip, Prefix} from '../../model/ip.ts';
import {bytes, ip, stringz, u8, u32} from './codecs.ts';
import {familyOf} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST} from './message.ts';
import {RTPROT_TNET} from './route.ts';

export const RTM_NEWRULE = 32;
export const RTM_DELRULE = 33;
const RTM_GETRULE = 34;
/** include/uapi/linux/fib_rules.h */
const FR_ACT_TO_TBL = 1;

/** struct fib_rule_hdr and FRA_*. */
export const ruleFormat = format(
  {family: u8, dstLength: u8, srcLength: u8, tos: u8, table: u8, res1: u8, res2: u8, action: u8, flags: u32},
  {
    dst: [1, ip],
    src: [2, ip],
    iifname: [3, stringz],
    priority: [6, u32],
    mark: [10, u32],
    suppressPrefixLength: [14, u32],
    table: [15, u32],
    markMask: [16, u32],
    oifname: [17, stringz],
    l3mdev: [19, u8],
    protocol: [21, u8],
    ipProto: [22, u8],
    sourcePorts: [23, bytes],
  },
);

export interface RuleSpec {
  readonly family: 4 | 6;
  /** Where it stands among the rules, lowest first; 32766 is main's. Left out, the kernel takes one before those that are there. */
  readonly priority?: number;
  readonly table: number;
  readonly from?: Prefix;
  readonly to?: Prefix;
  readonly iif?: string;
  readonly oif?: string;
  readonly mark?: number;
  readonly markMask?: number;
  /** 84 by default. */
  readonly protocol?: number;
}

export interface RuleInfo {
  readonly family: number;
  readonly priority: number;
  readonly table: number;
  readonly from: Prefix | null;
  readonly to: Prefix | null;
  readonly iif: string | null;
  readonly oif: string | null;
  readonly mark: number | null;
  readonly markMask: number | null;
  readonly protocol: number;
  /** FR_ACT_*; 1 is "look up in `table`". */
  readonly action: number;
}

/** Like `ip rule add [from P] [to P] [iif L] [oif L] [fwmark M/MASK] priority N table N protocol 84`. EEXIST for an equal one. */
export function newRule(spec: RuleSpec): NetlinkMessage {
  return ruleRequest(RTM_NEWRULE, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/** Like `ip rule del …` with everything given, protocol 84 included. ENOENT when it is not there. */
export function delRule(spec: RuleSpec): NetlinkMessage {
  return ruleRequest(RTM_DELRULE, 0, spec);
}

/** Like `ip rule show`. */
export function dumpRules(filter: {readonly family?: 4 | 6} = {}): NetlinkMessage {
  const family = filter.family === undefined ? 0 : familyOf(filter.family);
  return {
    type: RTM_GETRULE,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    payload: ruleFormat.encode({family, attributes: {}}),
  };
}

/** Decodes RTM_NEWRULE and RTM_DELRULE, as answers and as events. */
export function decodeRule({payload}: {readonly payload: Uint8Array}): RuleInfo {
  const {family, dstLength, srcLength, table, action, attributes} = ruleFormat.decode(payload);
  const prefix = (address: Ip | undefined, length: number): Prefix | null =>
    address === undefined ? null : (`${address}/${length}` as Prefix);
  return {
    family,
    priority: attributes.priority ?? 0,
    table: attributes.table ?? table,
    from: prefix(attributes.src, srcLength),
    to: prefix(attributes.dst, dstLength),
    iif: attributes.iifname ?? null,
    oif: attributes.oifname ?? null,
    mark: attributes.mark ?? null,
    markMask: attributes.markMask ?? null,
    protocol: attributes.protocol ?? 0,
    action,
  };
}

function ruleRequest(type: number, flags: number, spec: RuleSpec): NetlinkMessage {
  const {family, priority, table, iif, oif, mark, markMask, protocol = RTPROT_TNET} = spec;
  const [src, srcLength] = split(spec.from);
  const [dst, dstLength] = split(spec.to);
  const payload = ruleFormat.encode({
    family: familyOf(family),
    dstLength,
    srcLength,
    table: table < 256 ? table : 0,
    action: type === RTM_NEWRULE ? FR_ACT_TO_TBL : 0,
    attributes: {
      src,
      dst,
      iifname: iif,
      oifname: oif,
      mark,
      markMask,
      table: table < 256 ? undefined : table,
      priority,
      protocol,
    },
  });
  return {type, flags: NLM_F_REQUEST | flags, payload};
}

function split(prefix: Prefix | undefined): [Ip | undefined, number] {
  if (prefix === undefined) return [undefined, 0];
  const [address, length] = prefix.split('/');
  return [address as Ip, Number(length)];
}
