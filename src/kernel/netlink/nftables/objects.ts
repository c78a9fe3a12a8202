import {type NetlinkMessage, NLM_F_APPEND, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST} from '../message.ts';
import {dataTypes, typeByteOrder, typeLength, typeNumber} from './datatypes.ts';
import {toExpression} from './expressions.ts';
import {
  chainFormat,
  NFPROTO_INET,
  NFT_MSG_DELTABLE,
  NFT_MSG_GETTABLE,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWSET,
  NFT_MSG_NEWTABLE,
  nfprotos,
  ruleFormat,
  setFormat,
  tableFormat,
} from './message.ts';
import type {NftChain, NftHook, NftRule, NftSet, NftTable} from './types.ts';
import {decodeComment, encodeComment, encodeSetUserdata} from './userdata.ts';

/** A table, or a set, by name, or the object that has it; a name alone is one of family inet. */
export type TableRef = string | Pick<NftTable, 'name' | 'family'>;
export type SetRef = string | Pick<NftSet, 'name'>;

/**
 * A whole table without elements, for one batch: sets before the rules that look them up, chains before the rules that
 * jump to them. Like `nft -f` with `create table inet NAME { … }`; EEXIST when the table is there.
 */
export function createTable(table: NftTable): NetlinkMessage[] {
  return [
    newTable(table, NLM_F_CREATE | NLM_F_EXCL),
    ...table.sets.map((set, i) => newSet(table, set, i + 1)),
    ...table.chains.map(chain => newChain(table, chain)),
    ...table.chains.flatMap(chain => chain.rules.map((rule, i) => newRule(table, chain, {rule, number: i + 1}))),
  ];
}

/** The same in place of what may be there, elements included, in one transaction: no packet sees half of it. */
export function replaceTable(table: NftTable): NetlinkMessage[] {
  return [newTable(table, NLM_F_CREATE), ...deleteTable(table), ...createTable(table)];
}

/** Like `nft delete table inet NAME`, with all it holds. ENOENT when it is not there. */
export function deleteTable(table: TableRef): NetlinkMessage[] {
  const name = nameOf(table);
  const payload = tableFormat.encode({family: familyOf(table), attributes: {name}});
  return [{type: NFT_MSG_DELTABLE, flags: NLM_F_REQUEST, payload, what: `delete table "${name}"`}];
}

/** Asks for one table; not in a batch. ENOENT when it is not there. */
export function getTable(table: TableRef): NetlinkMessage {
  const name = nameOf(table);
  const payload = tableFormat.encode({family: familyOf(table), attributes: {name}});
  return {type: NFT_MSG_GETTABLE, flags: NLM_F_REQUEST, payload, what: `read table "${name}"`};
}

/** Like `nft list tables inet`; `any` is `nft list tables`. */
export function dumpTables(family: 'inet' | 'any' = 'inet'): NetlinkMessage {
  const payload = tableFormat.encode({family: family === 'any' ? 0 : NFPROTO_INET, attributes: {}});
  return {type: NFT_MSG_GETTABLE, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what: 'read the nft tables'};
}

/** Decodes NFT_MSG_NEWTABLE and NFT_MSG_DELTABLE, as answers and as events. `family` is NFPROTO_*, 1 for inet. */
export function decodeTable({payload}: {readonly payload: Uint8Array}): {
  readonly family: number;
  readonly name: string;
  readonly comment: string | null;
} {
  const {family, attributes} = tableFormat.decode(payload);
  return {family, name: attributes.name ?? '', comment: decodeComment(attributes.userdata)};
}

export function nameOf(object: TableRef | SetRef): string {
  return typeof object === 'string' ? object : object.name;
}

/** NFPROTO_* */
export function familyOf(table: TableRef): number {
  return typeof table === 'string' ? NFPROTO_INET : nfprotos[table.family];
}

function newTable({name, family, comment}: NftTable, flags: number): NetlinkMessage {
  const payload = tableFormat.encode({
    family: nfprotos[family],
    attributes: {name, flags: 0, userdata: encodeComment(comment)},
  });
  return {type: NFT_MSG_NEWTABLE, flags: NLM_F_REQUEST | flags, payload, what: `create table "${name}"`};
}

/** enum nft_set_flags */
const NFT_SET_INTERVAL = 0x4;
const NFT_SET_MAP = 0x8;
const NFT_SET_CONCAT = 0x80;

/** The kernel wants an id in every new set, unique in the batch; we look sets up by name. */
function newSet(table: NftTable, set: NftSet, id: number): NetlinkMessage {
  const {name, key, data} = set;
  const map = data.length > 0;
  const payload = setFormat.encode({
    family: nfprotos[table.family],
    attributes: {
      table: table.name,
      name,
      flags: setFlags(set),
      keyType: typeNumber(key),
      keyLength: typeLength(key),
      ...(map ? {dataType: typeNumber(data), dataLength: typeLength(data)} : {}),
      id,
      desc: concatDescription(set),
      userdata: encodeSetUserdata(typeByteOrder(key), map ? typeByteOrder(data) : null),
      expression: set.counter && toExpression({expr: 'counter'}),
    },
  });
  const what = `add ${map ? 'map' : 'set'} "${name}" to table "${table.name}"`;
  return {type: NFT_MSG_NEWSET, flags: NLM_F_REQUEST | NLM_F_CREATE, payload, what};
}

function setFlags({key, data, interval}: NftSet): number {
  const map = data.length > 0 ? NFT_SET_MAP : 0;
  return map | (interval ? NFT_SET_INTERVAL : 0) | (interval && key.length > 1 ? NFT_SET_CONCAT : 0);
}

/** Lengths of the parts, without padding: they make the kernel choose pipapo, the only set of ranges in concatenations. */
function concatDescription({key, interval}: NftSet) {
  return interval && key.length > 1 ? {concat: key.map(type => ({length: dataTypes[type].length}))} : undefined;
}

/** enum nf_inet_hooks, and of enum nf_dev_hooks NF_NETDEV_EGRESS; the policy is NF_DROP 0, NF_ACCEPT 1. */
const hookNumbers = {prerouting: 0, input: 1, forward: 2, output: 3, postrouting: 4, egress: 1} as const;

function newChain(table: NftTable, {name, hook}: NftChain): NetlinkMessage {
  const payload = chainFormat.encode({
    family: nfprotos[table.family],
    attributes: {table: table.name, name, ...(hook ? hookAttributes(hook) : {})},
  });
  const what = `add chain "${name}" to table "${table.name}"`;
  return {type: NFT_MSG_NEWCHAIN, flags: NLM_F_REQUEST | NLM_F_CREATE, payload, what};
}

function hookAttributes({type, hook, device, priority, policy}: NftHook) {
  return {type, policy: policy === 'accept' ? 1 : 0, hook: {number: hookNumbers[hook], priority, device}};
}

function newRule(table: NftTable, chain: NftChain, {rule, number}: {rule: NftRule; number: number}): NetlinkMessage {
  const {exprs, comment} = rule;
  const payload = ruleFormat.encode({
    family: nfprotos[table.family],
    attributes: {
      table: table.name,
      chain: chain.name,
      expressions: exprs.map(toExpression),
      userdata: encodeComment(comment),
    },
  });
  const what = `add rule ${comment === null ? number : `"${comment}"`} to chain "${chain.name}" of table "${table.name}"`;
  return {type: NFT_MSG_NEWRULE, flags: NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND, payload, what};
}
