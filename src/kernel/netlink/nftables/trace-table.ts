import type {Ip} from '../../../model/ip.ts';
import {ipToBytes} from '../address-bytes.ts';
import {type NetlinkMessage, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_REQUEST} from '../message.ts';
import {type Expression, toExpression} from './expressions.ts';
import {
  chainFormat,
  NFPROTO_INET,
  NFT_MSG_NEWCHAIN,
  NFT_MSG_NEWRULE,
  NFT_MSG_NEWTABLE,
  ruleFormat,
  tableFormat,
} from './message.ts';

/** What a packet must be like to be traced; what is left out may be anything. */
export interface TraceMatch {
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly family: 4 | 6;
  readonly saddr?: Ip;
  readonly daddr?: Ip;
  readonly sport?: number;
  readonly dport?: number;
  /** Echo identifier: requests and replies have it at the same place. */
  readonly icmpId?: number;
}

/** The table goes with the socket that made it, whatever becomes of our process. Since 5.12; include/uapi/linux/netfilter/nf_tables.h. */
const NFT_TABLE_F_OWNER = 2;
const NFT_META_NFTRACE = 12;
/** Before raw (-300), so that all rules are seen; after the reassembly of fragments. */
const priority = -399;
const hooks = {prerouting: 0, output: 3} as const;

/**
 * Like `table inet NAME { flags owner; chain prerouting { type filter hook prerouting priority -399; MATCH meta nftrace set 1 } … }`.
 * One batch, on the socket that is to own it. The mark is lost where a packet changes its namespace (skb_scrub_packet()),
 * so each namespace on the way needs such a table.
 */
export function createTraceTable(name: string, matches: readonly TraceMatch[]): NetlinkMessage[] {
  const chains = Object.keys(hooks) as (keyof typeof hooks)[];
  return [
    newTable(name),
    ...chains.map(chain => newChain(name, chain)),
    ...chains.flatMap(chain => matches.map(match => newRule(name, chain, match))),
  ];
}

function newTable(name: string): NetlinkMessage {
  const payload = tableFormat.encode({family: NFPROTO_INET, attributes: {name, flags: NFT_TABLE_F_OWNER}});
  const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL;
  return {type: NFT_MSG_NEWTABLE, flags, payload, what: `create table "${name}"`};
}

function newChain(table: string, name: keyof typeof hooks): NetlinkMessage {
  const payload = chainFormat.encode({
    family: NFPROTO_INET,
    attributes: {table, name, type: 'filter', policy: 1, hook: {number: hooks[name], priority}},
  });
  const what = `add chain "${name}" to table "${table}"`;
  return {type: NFT_MSG_NEWCHAIN, flags: NLM_F_REQUEST | NLM_F_CREATE, payload, what};
}

function newRule(table: string, chain: string, match: TraceMatch): NetlinkMessage {
  const expressions = [...matchExpressions(match), ...setNftrace];
  const payload = ruleFormat.encode({family: NFPROTO_INET, attributes: {table, chain, expressions}});
  const flags = NLM_F_REQUEST | NLM_F_CREATE | NLM_F_APPEND;
  return {type: NFT_MSG_NEWRULE, flags, payload, what: `add a rule to chain "${chain}" of table "${table}"`};
}

/** `meta nftrace set 1` */
const setNftrace: readonly Expression[] = [
  {name: 'immediate', data: {dreg: 1, data: {value: Uint8Array.of(1)}}},
  {name: 'meta', data: {key: NFT_META_NFTRACE, sreg: 1}},
];

/** NFPROTO_IPV4, NFPROTO_IPV6; IPPROTO_*. */
const nfprotos = {4: 2, 6: 10} as const;
const protocols = {4: {tcp: 6, udp: 17, icmp: 1}, 6: {tcp: 6, udp: 17, icmp: 58}} as const;
/** Where the addresses are in the IP header, and how long. */
const addresses = {4: {saddr: 12, daddr: 16, length: 4}, 6: {saddr: 8, daddr: 24, length: 16}} as const;

function matchExpressions({family, proto, saddr, daddr, sport, dport, icmpId}: TraceMatch): Expression[] {
  const at = addresses[family];
  return [
    ...meta('nfproto', nfprotos[family]),
    ...meta('l4proto', protocols[family][proto]),
    ...(saddr === undefined ? [] : field('network', at.saddr, ipToBytes(saddr))),
    ...(daddr === undefined ? [] : field('network', at.daddr, ipToBytes(daddr))),
    ...(sport === undefined ? [] : field('transport', 0, port(sport))),
    ...(dport === undefined ? [] : field('transport', 2, port(dport))),
    ...(icmpId === undefined ? [] : field('transport', 4, port(icmpId))),
  ];
}

function meta(key: 'nfproto' | 'l4proto', value: number): Expression[] {
  return [
    toExpression({expr: 'meta', key, dreg: 1}),
    toExpression({expr: 'cmp', sreg: 1, op: 'eq', data: Uint8Array.of(value)}),
  ];
}

function field(base: 'network' | 'transport', offset: number, data: Uint8Array): Expression[] {
  return [
    toExpression({expr: 'payload', base, offset, length: data.length, dreg: 1}),
    toExpression({expr: 'cmp', sreg: 1, op: 'eq', data}),
  ];
}

function port(value: number): Uint8Array {
  return Uint8Array.of(value >> 8, value & 0xff);
}
