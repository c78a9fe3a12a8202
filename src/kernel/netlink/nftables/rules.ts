import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from '../message.ts';
import type {Expression} from './expressions.ts';
import {chainFormat, NFNL_SUBSYS_NFTABLES, ruleFormat} from './message.ts';
import {decodeComment} from './userdata.ts';

const NFT_MSG_GETCHAIN = (NFNL_SUBSYS_NFTABLES << 8) | 4;
const NFT_MSG_GETRULE = (NFNL_SUBSYS_NFTABLES << 8) | 7;

/** A table by its family (NFPROTO_*) and name. */
export interface TableName {
  readonly family: number;
  readonly name: string;
}

export interface RuleInfo {
  readonly table: string;
  readonly chain: string;
  readonly handle: number;
  readonly comment: string | null;
  readonly expressions: readonly Expression[];
}

/** A base chain; chains that are only jumped to have a null hook. */
export interface ChainInfo {
  readonly table: string;
  readonly name: string;
  readonly type: string | null;
  /** enum nf_inet_hooks: 0 prerouting, 1 input, 2 forward, 3 output, 4 postrouting. */
  readonly hook: number | null;
  readonly priority: number | null;
}

/** Like `nft -a list table FAMILY NAME`, its rules. ENOENT when it is not there. */
export function dumpRules({family, name}: TableName): NetlinkMessage {
  const payload = ruleFormat.encode({family, attributes: {table: name}});
  return {type: NFT_MSG_GETRULE, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: `read the rules of table "${name}"`};
}

/** Like `nft list chains FAMILY`; the kernel cannot select by table. */
export function dumpChains(family: number): NetlinkMessage {
  const payload = chainFormat.encode({family, attributes: {}});
  return {type: NFT_MSG_GETCHAIN, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the nft chains'};
}

/** Decodes NFT_MSG_NEWRULE and NFT_MSG_DELRULE, as answers and as events. */
export function decodeRule({payload}: {readonly payload: Uint8Array}): RuleInfo {
  const {table, chain, handle, expressions, userdata} = ruleFormat.decode(payload).attributes;
  return {
    table: table ?? '',
    chain: chain ?? '',
    handle: handle === undefined ? 0 : Number(Buffer.from(handle).readBigUInt64BE()),
    comment: decodeComment(userdata),
    expressions: expressions ?? [],
  };
}

/** Decodes NFT_MSG_NEWCHAIN and NFT_MSG_DELCHAIN. */
export function decodeChain({payload}: {readonly payload: Uint8Array}): ChainInfo {
  const {table, name, type, hook} = chainFormat.decode(payload).attributes;
  return {
    table: table ?? '',
    name: name ?? '',
    type: type ?? null,
    hook: hook?.number ?? null,
    priority: hook?.priority ?? null,
  };
}
