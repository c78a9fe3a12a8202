import {NLA_F_NESTED} from '../attributes.ts';
import {be16, be32, be64, beS32, bytes, stringz, u8} from '../codecs.ts';
import {format} from '../format.ts';
import {list, nested, nestedBy, numbered} from '../nests.ts';
import {dataSchema, expressionSchema} from './expressions.ts';

/** include/uapi/linux/netfilter/nfnetlink.h: a message type is subsystem << 8 | NFT_MSG_*. */
export const NFNL_SUBSYS_NFTABLES = 10;
const nftables = NFNL_SUBSYS_NFTABLES << 8;
export const NFT_MSG_NEWTABLE = nftables | 0;
export const NFT_MSG_GETTABLE = nftables | 1;
export const NFT_MSG_DELTABLE = nftables | 2;
export const NFT_MSG_NEWCHAIN = nftables | 3;
export const NFT_MSG_DELCHAIN = nftables | 5;
export const NFT_MSG_NEWRULE = nftables | 6;
export const NFT_MSG_DELRULE = nftables | 8;
export const NFT_MSG_NEWSET = nftables | 9;
export const NFT_MSG_DELSET = nftables | 11;
export const NFT_MSG_NEWSETELEM = nftables | 12;
export const NFT_MSG_GETSETELEM = nftables | 13;
export const NFT_MSG_DELSETELEM = nftables | 14;
export const NFT_MSG_NEWGEN = nftables | 15;

/** NFPROTO_INET: one table for IPv4 and IPv6. */
export const NFPROTO_INET = 1;
/** By the family of a table. */
export const nfprotos = {inet: NFPROTO_INET, ip: 2, netdev: 5} as const;

/** struct nfgenmsg; res_id is in network order. */
export const nfgenmsg = {family: u8, version: u8, resourceId: be16} as const;

/** NFTA_TABLE_* */
export const tableFormat = format(nfgenmsg, {
  name: [1, stringz],
  flags: [2, be32],
  use: [3, be32],
  handle: [4, bytes],
  userdata: [6, bytes],
  owner: [7, be32],
});

/** NFTA_CHAIN_* and NFTA_HOOK_* */
export const chainFormat = format(nfgenmsg, {
  table: [1, stringz],
  handle: [2, bytes],
  name: [3, stringz],
  hook: [4, nested({number: [1, be32], priority: [2, beS32], device: [3, stringz]})],
  policy: [5, be32],
  use: [6, be32],
  type: [7, stringz],
  flags: [10, be32],
  userdata: [12, bytes],
});

/** NFTA_RULE_* */
export const ruleFormat = format(nfgenmsg, {
  table: [1, stringz],
  chain: [2, stringz],
  handle: [3, bytes],
  expressions: [4, list(1, nested(expressionSchema))],
  position: [6, bytes],
  userdata: [7, bytes],
});

/** NFTA_SET_*, NFTA_SET_DESC_* and NFTA_SET_FIELD_LEN */
export const setFormat = format(nfgenmsg, {
  table: [1, stringz],
  name: [2, stringz],
  flags: [3, be32],
  keyType: [4, be32],
  keyLength: [5, be32],
  dataType: [6, be32],
  dataLength: [7, be32],
  desc: [9, nested({size: [1, be32], concat: [2, list(1, nested({length: [1, be32]}))]})],
  id: [10, be32],
  userdata: [13, bytes],
  handle: [16, bytes],
  expression: [17, nested(expressionSchema)],
});

/** Counters are the only expressions that our elements have. */
const counterExpression = nested({
  name: [1, stringz],
  data: [2, nestedBy('name', NLA_F_NESTED, {counter: {bytes: [1, be64], packets: [2, be64]}})],
});

/** NFTA_SET_ELEM_* */
const element = {
  key: [1, nested(dataSchema)],
  data: [2, nested(dataSchema)],
  flags: [3, be32],
  userdata: [6, bytes],
  expression: [7, counterExpression],
  keyEnd: [10, nested(dataSchema)],
} as const;

/** NFTA_SET_ELEM_LIST_* */
export const elementsFormat = format(nfgenmsg, {
  table: [1, stringz],
  set: [2, stringz],
  elements: [3, numbered(nested(element))],
  setId: [4, be32],
});

/** One element as attributes. */
export type WireElement = NonNullable<Parameters<typeof elementsFormat.encode>[0]['attributes']['elements']>[number];
