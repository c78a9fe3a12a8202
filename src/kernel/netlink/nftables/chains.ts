import {be32, beS32, bytes, stringz} from '../codecs.ts';
import {format} from '../format.ts';
import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from '../message.ts';
import {list, nested} from '../nests.ts';
import {chainFormat, NFT_MSG_NEWCHAIN, nfgenmsg} from './message.ts';

/** enum nf_tables_msg_types: GETCHAIN follows NEWCHAIN, GETRULE is 7. */
const NFT_MSG_GETCHAIN = NFT_MSG_NEWCHAIN + 1;
const NFT_MSG_GETRULE = (NFT_MSG_NEWCHAIN & 0xff00) | 7;

/** NFPROTO_* of tables: ip, ip6, inet and bridge; other families see no routed packet. */
const families: Readonly<Record<number, ChainFamily>> = {1: 'inet', 2: 'ip', 7: 'bridge', 10: 'ip6'};
export type ChainFamily = 'inet' | 'ip' | 'ip6' | 'bridge' | 'other';

/** Any chain of anybody's, as far as a packet's fate without a match goes. */
export interface ForeignChain {
  readonly family: ChainFamily;
  readonly table: string;
  readonly name: string;
  /** null: only jumped to. `hook` as in enum nf_inet_hooks: 1 input, 2 forward. */
  readonly base: {readonly hook: number; readonly priority: number; readonly policy: 'accept' | 'drop'} | null;
}

/** Like `nft list chains`, of every family. */
export function dumpChains(): NetlinkMessage {
  const payload = chainFormat.encode({attributes: {}});
  return {type: NFT_MSG_GETCHAIN, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the nft chains'};
}

export function decodeChain({payload}: {readonly payload: Uint8Array}): ForeignChain {
  const {family, attributes} = chainFormat.decode(payload);
  const {hook, policy} = attributes;
  const base = hook && {hook: hook.number ?? 0, priority: hook.priority ?? 0, policy: policy === 0 ? 'drop' : 'accept'};
  return {
    family: families[family] ?? 'other',
    table: attributes.table ?? '',
    name: attributes.name ?? '',
    base: (base as ForeignChain['base'] | undefined) ?? null,
  };
}

/** Other programs' rules may hold expressions that we do not know: only their names and raw bytes are read. */
const ruleNames = format(nfgenmsg, {
  table: [1, stringz],
  chain: [2, stringz],
  expressions: [4, list(1, nested({name: [1, stringz], data: [2, bytes]}))],
});
/** NFTA_IMMEDIATE_*, NFTA_DATA_VERDICT, NFTA_VERDICT_CODE */
const immediate = format({}, {dreg: [1, be32], data: [2, nested({verdict: [2, nested({code: [1, beS32]})]})]});
const NF_DROP = 0;

export interface ForeignRule {
  readonly family: ChainFamily;
  readonly table: string;
  readonly chain: string;
  /** Drops or rejects whatever comes to it. */
  readonly refusesAll: boolean;
  /** Names of links that stand in it. */
  mentions(link: string): boolean;
}

/** Like `nft list ruleset`, of every family, or of one table. */
export function dumpRules(): NetlinkMessage {
  const payload = ruleNames.encode({attributes: {}});
  return {type: NFT_MSG_GETRULE, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the nft rules'};
}

export function decodeForeignRule({payload}: {readonly payload: Uint8Array}): ForeignRule {
  const {family, attributes} = ruleNames.decode(payload);
  const all = attributes.expressions ?? [];
  const acting = all.filter(({name}) => !['counter', 'log', 'notrack'].includes(name ?? ''));
  return {
    family: families[family] ?? 'other',
    table: attributes.table ?? '',
    chain: attributes.chain ?? '',
    refusesAll: acting.length === 1 && refuses(acting[0]!),
    // A name is compared as text, with its NUL unless it is a prefix.
    mentions: link => all.some(({data}) => data !== undefined && Buffer.from(data).includes(`${link}\0`)),
  };
}

function refuses({name, data}: {readonly name?: string | undefined; readonly data?: Uint8Array | undefined}): boolean {
  if (name === 'reject') return true;
  if (name !== 'immediate' || data === undefined) return false;
  return immediate.decode(data).attributes.data?.verdict?.code === NF_DROP;
}
