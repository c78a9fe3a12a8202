import {RTM_DELADDR, RTM_NEWADDR} from './address.ts';
import {be32, stringz} from './codecs.ts';
import {format} from './format.ts';
import {RTM_DELLINK, RTM_NEWLINK} from './link-message.ts';
import {decodeMessages, type ReceivedMessage} from './message.ts';
import {RTM_DELNEIGH, RTM_NEWNEIGH} from './neigh.ts';
import * as nft from './nftables/message.ts';
import {decodeTable} from './nftables/objects.ts';
import {RTM_DELROUTE, RTM_NEWROUTE} from './route.ts';
import {RTM_DELRULE, RTM_NEWRULE} from './rule.ts';

/** Multicast groups for Native.joinGroup(): RTNLGRP_* of NETLINK_ROUTE, include/uapi/linux/rtnetlink.h. */
export const routeGroups = {
  link: 1,
  neigh: 3,
  ipv4Address: 5,
  ipv4Route: 7,
  ipv4Rule: 8,
  ipv6Address: 9,
  ipv6Route: 11,
  ipv6Rule: 19,
  nsid: 28,
} as const;

/** NFNLGRP_* of NETLINK_NETFILTER, include/uapi/linux/netfilter/nfnetlink.h. */
export const netfilterGroups = {
  conntrackNew: 1,
  conntrackUpdate: 2,
  conntrackDestroy: 3,
  nftables: 7,
  nftrace: 9,
} as const;

export interface Event {
  readonly event: 'new' | 'del';
  readonly object:
    | 'link'
    | 'address'
    | 'route'
    | 'neigh'
    | 'rule'
    | 'table'
    | 'chain'
    | 'nft rule'
    | 'set'
    | 'element'
    | 'generation';
  /** For decodeLink(), decodeAddress() … */
  readonly message: ReceivedMessage;
}

const events: ReadonlyMap<number, readonly [Event['event'], Event['object']]> = new Map([
  [RTM_NEWLINK, ['new', 'link']],
  [RTM_DELLINK, ['del', 'link']],
  [RTM_NEWADDR, ['new', 'address']],
  [RTM_DELADDR, ['del', 'address']],
  [RTM_NEWROUTE, ['new', 'route']],
  [RTM_DELROUTE, ['del', 'route']],
  [RTM_NEWNEIGH, ['new', 'neigh']],
  [RTM_DELNEIGH, ['del', 'neigh']],
  [RTM_NEWRULE, ['new', 'rule']],
  [RTM_DELRULE, ['del', 'rule']],
  [nft.NFT_MSG_NEWTABLE, ['new', 'table']],
  [nft.NFT_MSG_DELTABLE, ['del', 'table']],
  [nft.NFT_MSG_NEWCHAIN, ['new', 'chain']],
  [nft.NFT_MSG_DELCHAIN, ['del', 'chain']],
  [nft.NFT_MSG_NEWRULE, ['new', 'nft rule']],
  [nft.NFT_MSG_DELRULE, ['del', 'nft rule']],
  [nft.NFT_MSG_NEWSET, ['new', 'set']],
  [nft.NFT_MSG_DELSET, ['del', 'set']],
  [nft.NFT_MSG_NEWSETELEM, ['new', 'element']],
  [nft.NFT_MSG_DELSETELEM, ['del', 'element']],
  [nft.NFT_MSG_NEWGEN, ['new', 'generation']],
]);

/** The events of what Native.receive() gave; messages of other kinds are left out. */
export function decodeEvents(datagrams: readonly Uint8Array[]): Event[] {
  return datagrams.flatMap(decodeMessages).flatMap(message => {
    const known = events.get(message.type);
    return known === undefined ? [] : [{event: known[0], object: known[1], message}];
  });
}

/**
 * The nft table an event is about: `tnet` of a table, chain, rule, set or element in `table inet tnet`; null for
 * generations and everything else. Tables of other families have other names here: `ip tnet`.
 */
export function eventTable({object, message}: Event): string | null {
  const family = message.payload[0] ?? 0;
  const name = tableNameOf(object, message);
  if (name === null) return null;
  return family === nft.NFPROTO_INET ? name : `${families.get(family) ?? family} ${name}`;
}

/** Which process made the transaction that the events before this one (`generation`) belong to. Kernel: NFTA_GEN_*. */
export function decodeGeneration({payload}: {readonly payload: Uint8Array}): {
  readonly id: number;
  readonly pid: number;
  /** comm(5), up to 15 bytes. */
  readonly process: string;
} {
  const {id, pid, process} = generationFormat.decode(payload).attributes;
  return {id: id ?? 0, pid: pid ?? 0, process: process ?? ''};
}

const generationFormat = format(nft.nfgenmsg, {id: [1, be32], pid: [2, be32], process: [3, stringz]});

/** NFPROTO_*, as nft(8) writes them. */
const families = new Map([
  [2, 'ip'],
  [3, 'arp'],
  [5, 'netdev'],
  [7, 'bridge'],
  [10, 'ip6'],
]);

/** NFTA_*_TABLE is 1 in chains, rules, sets and elements alike; what else they have is not looked at. */
const tableAttribute = format(nft.nfgenmsg, {table: [1, stringz]});

function tableNameOf(object: Event['object'], message: ReceivedMessage): string | null {
  switch (object) {
    case 'table':
      return decodeTable(message).name;
    case 'chain':
    case 'nft rule':
    case 'set':
    case 'element':
      return tableAttribute.decode(message.payload).attributes.table ?? null;
    default:
      return null;
  }
}
