import {be32, be64, bytes, stringz, u32} from '../codecs.ts';
import {format} from '../format.ts';
import {dataSchema} from './expressions.ts';
import {NFNL_SUBSYS_NFTABLES, nfgenmsg} from './message.ts';

export const NFT_MSG_TRACE = (NFNL_SUBSYS_NFTABLES << 8) | 17;

/** NFTA_TRACE_*; the headers come only with the first message of each base chain. `mark`, `iif` and `oif` are in network order. */
const traceFormat = format(nfgenmsg, {
  table: [1, stringz],
  chain: [2, stringz],
  rule: [3, be64],
  type: [4, be32],
  verdict: [5, dataSchema.verdict[1]],
  id: [6, u32],
  link: [7, bytes],
  network: [8, bytes],
  transport: [9, bytes],
  iif: [10, be32],
  oif: [12, be32],
  mark: [14, be32],
  nfproto: [15, be32],
  policy: [16, be32],
});

/** enum nft_trace_types */
const types = ['unspec', 'policy', 'return', 'rule'] as const;
/** NF_DROP … and the negative NFT_*; include/uapi/linux/netfilter.h, nf_tables.h. */
const verdicts: ReadonlyMap<number, NftVerdict> = new Map([
  [0, 'drop'],
  [1, 'accept'],
  [2, 'stolen'],
  [3, 'queue'],
  [-1, 'continue'],
  [-2, 'break'],
  [-3, 'jump'],
  [-4, 'goto'],
  [-5, 'return'],
]);

export type NftVerdict = 'drop' | 'accept' | 'stolen' | 'queue' | 'continue' | 'break' | 'jump' | 'goto' | 'return';

/** One thing nf_tables did to a packet that `meta nftrace` is set on. */
export interface NftTrace {
  /** NFPROTO_* of the table: 1 inet, 2 ip, 10 ip6. */
  readonly family: number;
  readonly table: string;
  readonly chain: string;
  /** Handle of the rule that matched; null for a policy and the end of a chain. */
  readonly rule: number | null;
  readonly type: (typeof types)[number];
  readonly verdict: NftVerdict;
  /** Where a jump or goto leads. */
  readonly target: string | null;
  /** The same for one packet as long as it is in one namespace and came in by one link. */
  readonly id: number;
  /** ifindex; null where the hook has none. */
  readonly iif: number | null;
  readonly oif: number | null;
  /** From the first byte of the IP header; at most the header. Null but in the first message of a base chain. */
  readonly network: Uint8Array | null;
  /** The first 20 bytes or less. */
  readonly transport: Uint8Array | null;
}

/** Decodes NFT_MSG_TRACE, which comes to members of group NFNLGRP_NFTRACE. */
export function decodeNftTrace({payload}: {readonly payload: Uint8Array}): NftTrace {
  const {family, attributes} = traceFormat.decode(payload);
  const {table, chain, rule, type, verdict, id, iif, oif, network, transport, policy} = attributes;
  const code = verdict?.code ?? policy;
  return {
    family,
    table: table ?? '',
    chain: chain ?? '',
    rule: rule === undefined ? null : Number(rule),
    type: types[type ?? 0] ?? 'unspec',
    verdict: (code === undefined ? undefined : verdicts.get(code)) ?? 'continue',
    target: verdict?.chain ?? null,
    id: id ?? 0,
    iif: iif ?? null,
    oif: oif ?? null,
    network: network ?? null,
    transport: transport ?? null,
  };
}
