import {constants} from 'node:os';
import type {KernelError} from '../../errors.ts';
import {type Ip, ipFamily} from '../../model/ip.ts';
import {ipFromBytes} from './address-bytes.ts';
import {be16, be32, ip, u8, u32} from './codecs.ts';
import {familyOf} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from './message.ts';
import {nested} from './nests.ts';
import {nfgenmsg} from './nftables/message.ts';
import type {NetlinkSocket} from './socket.ts';

/** include/uapi/linux/netfilter/nfnetlink_conntrack.h; NFNL_SUBSYS_CTNETLINK is 1. */
export const IPCTNL_MSG_CT_NEW = 0x100;
export const IPCTNL_MSG_CT_GET = 0x101;
export const IPCTNL_MSG_CT_DELETE = 0x102;

/** CTA_TUPLE_*, CTA_IP_*, CTA_PROTO_* */
const tuple = nested({
  ip: [1, nested({src4: [1, ip], dst4: [2, ip], src6: [3, ip], dst6: [4, ip]})],
  proto: [
    2,
    nested({
      number: [1, u8],
      srcPort: [2, be16],
      dstPort: [3, be16],
      icmpId: [4, be16],
      icmpType: [5, u8],
      icmpCode: [6, u8],
    }),
  ],
  zone: [3, be16],
});

/** CTA_* */
export const conntrackFormat = format(nfgenmsg, {
  original: [1, tuple],
  reply: [2, tuple],
  status: [3, be32],
  timeout: [7, be32],
  mark: [8, be32],
  use: [11, be32],
  id: [12, be32],
  zone: [18, be16],
  filter: [25, nested({original: [1, u32], reply: [2, u32]})],
});
type ConntrackAttributes = ReturnType<typeof conntrackFormat.decode>['attributes'];

/** One direction of a connection as the first packet of that direction had it. Ports are null for ICMP. */
export interface ConntrackTuple {
  readonly src: Ip;
  readonly dst: Ip;
  /** IPPROTO_* */
  readonly proto: number;
  readonly srcPort: number | null;
  readonly dstPort: number | null;
}

export interface ConntrackInfo {
  /** As sent, before any translation: the host's address and port. */
  readonly original: ConntrackTuple;
  /** As answered: after DNAT its `src` is the container's. */
  readonly reply: ConntrackTuple;
  /** IPS_*: 0x20 is DNAT. */
  readonly status: number;
}

export interface ConntrackSelector {
  readonly proto: 'tcp' | 'udp' | 'sctp';
  /** Destination port of the original direction: the host's, before DNAT. */
  readonly port: number;
  /** Destination address of the original direction; left out: every one, of both families. */
  readonly address?: Ip;
}

/**
 * Like `conntrack -D -p PROTO --orig-port-dst PORT [-d ADDRESS]`, both families. One filtered request a family where the kernel
 * can be trusted with it (6.18 can; 0.3 ms with 262,144 buckets), else read, match here and delete one by one: a dump
 * takes a lock a bucket, 9 ms. It is no danger to older kernels: they take a delete with CTA_TUPLE_ORIG for one of a whole
 * tuple, and find this one incomplete (EINVAL; seen on 6.1).
 */
export function deleteConntrack(socket: NetlinkSocket, selector: ConntrackSelector): void {
  const what = `forget connections to ${selector.proto} port ${selector.port}`;
  const errors = canFilter(selector) ? errorsOf(socket, deleteFiltered(selector), what) : null;
  if (errors === null || errors.some(({errno}) => errno === EINVAL || errno === EOPNOTSUPP)) {
    deleteOneByOne(socket, selector, what);
  } else if (errors.length > 0) throw errors[0];
}

/** The same for many ports: one dump a family, matched here; the kernel filters by protocol. */
export function deleteConntracks(
  socket: NetlinkSocket,
  proto: ConntrackSelector['proto'],
  ports: ReadonlySet<number>,
): void {
  const what = `forget connections to ${ports.size} ${proto} ports`;
  const found = ([4, 6] as const)
    .flatMap(family => socket.dump(dumpProtocol(proto, family), what))
    .filter(message => {
      const {original} = decodeConntrack(message);
      return original.proto === protocols[proto] && ports.has(original.dstPort ?? -1);
    });
  deleteEntries(socket, found, what);
}

function dumpProtocol(proto: ConntrackSelector['proto'], family: 4 | 6): NetlinkMessage {
  const attributes = {original: {proto: {number: protocols[proto]}}, filter: {original: CTA_FILTER_PROTO_NUM}};
  const payload = conntrackFormat.encode({family: familyOf(family), attributes});
  return {type: IPCTNL_MSG_CT_GET, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** Like `conntrack -L -p PROTO --orig-port-dst PORT`. What comes back must be matched again: the kernel ignores SCTP ports. */
export function dumpConntrack(selector: ConntrackSelector, family: 4 | 6): NetlinkMessage {
  return {
    type: IPCTNL_MSG_CT_GET,
    flags: NLM_F_REQUEST | NLM_F_DUMP,
    payload: filteredPayload(selector, family),
  };
}

/** Decodes IPCTNL_MSG_CT_NEW and IPCTNL_MSG_CT_DELETE, as answers and as events. */
export function decodeConntrack({payload}: {readonly payload: Uint8Array}): ConntrackInfo {
  const {original, reply, status} = conntrackFormat.decode(payload).attributes;
  return {original: toTuple(original), reply: toTuple(reply), status: status ?? 0};
}

/** IPPROTO_* */
const protocols = {tcp: 6, udp: 17, sctp: 132} as const;
/** net/netfilter/nf_internals.h CTA_FILTER_F_*: which fields of the tuple count. */
const CTA_FILTER_IP_DST = 1 << 1;
const CTA_FILTER_PROTO_NUM = 1 << 3;
const CTA_FILTER_PROTO_DST_PORT = 1 << 5;

const {EINVAL, ENOENT, EOPNOTSUPP} = constants.errno;

/** ctnetlink_filter_match_tuple() has no case for SCTP ports, so every association would go (source of 5.8), and inverts IPv6 addresses (seen on 6.18). */
function canFilter({proto, address}: ConntrackSelector): boolean {
  return proto !== 'sctp' && (address === undefined || ipFamily(address) === 4);
}

function deleteFiltered(selector: ConntrackSelector): NetlinkMessage[] {
  return familiesOf(selector).map(family => ({
    type: IPCTNL_MSG_CT_DELETE,
    flags: NLM_F_REQUEST,
    payload: filteredPayload(selector, family),
  }));
}

function deleteOneByOne(socket: NetlinkSocket, selector: ConntrackSelector, what: string): void {
  const found = familiesOf(selector)
    .flatMap(family => socket.dump(dumpConntrack(selector, family), what))
    .filter(message => matches(decodeConntrack(message), selector));
  deleteEntries(socket, found, what);
}

function deleteEntries(socket: NetlinkSocket, found: readonly {readonly payload: Uint8Array}[], what: string): void {
  const [error] = errorsOf(socket, found.map(deleteEntry), what).filter(({errno}) => errno !== ENOENT);
  if (error) throw error;
}

function errorsOf(socket: NetlinkSocket, messages: readonly NetlinkMessage[], what: string): KernelError[] {
  return socket.requestAll(messages, what).flatMap(({error}) => error ?? []);
}

function familiesOf({address}: ConntrackSelector): readonly (4 | 6)[] {
  return address === undefined ? [4, 6] : [ipFamily(address)];
}

/** The flags must never be 0: then the whole family matches. */
function filteredPayload({proto, port, address}: ConntrackSelector, family: 4 | 6): Uint8Array {
  const dst4 = family === 4 ? address : undefined;
  const flags = CTA_FILTER_PROTO_NUM | CTA_FILTER_PROTO_DST_PORT | (dst4 === undefined ? 0 : CTA_FILTER_IP_DST);
  return conntrackFormat.encode({
    family: familyOf(family),
    attributes: {
      original: {ip: dst4 === undefined ? undefined : {dst4}, proto: {number: protocols[proto], dstPort: port}},
      filter: {original: flags},
    },
  });
}

function matches({original}: ConntrackInfo, {proto, port, address}: ConntrackSelector): boolean {
  const sameAddress = address === undefined || original.dst === address;
  return original.proto === protocols[proto] && original.dstPort === port && sameAddress;
}

/** By the whole tuple, zone and id: an entry that took its place meanwhile has another id (ENOENT). */
function deleteEntry({payload}: {readonly payload: Uint8Array}): NetlinkMessage {
  const {family, attributes} = conntrackFormat.decode(payload);
  const {original, id, zone} = attributes;
  if (original === undefined) throw new RangeError('invalid conntrack entry: no original tuple');
  return {
    type: IPCTNL_MSG_CT_DELETE,
    flags: NLM_F_REQUEST,
    payload: conntrackFormat.encode({family, attributes: {original, zone, id}}),
  };
}

function toTuple(attributes: ConntrackAttributes['original']): ConntrackTuple {
  const {ip: addresses, proto} = attributes ?? {};
  const none = ipFromBytes(new Uint8Array(4));
  return {
    src: addresses?.src4 ?? addresses?.src6 ?? none,
    dst: addresses?.dst4 ?? addresses?.dst6 ?? none,
    proto: proto?.number ?? 0,
    srcPort: proto?.srcPort ?? null,
    dstPort: proto?.dstPort ?? null,
  };
}
