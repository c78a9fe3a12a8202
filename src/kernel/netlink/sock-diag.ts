import type {Ip} from '../../model/ip.ts';
import {ipFromBytes} from './address-bytes.ts';
import {AF_INET6, familyOf} from './family.ts';
import {toBuffer} from './format.ts';
import {type NetlinkMessage, NLM_F_DUMP, NLM_F_REQUEST} from './message.ts';

/** include/uapi/linux/sock_diag.h, inet_diag.h */
const SOCK_DIAG_BY_FAMILY = 20;
const protocols = {tcp: 6, udp: 17} as const;
/** A bit per TCP state: LISTEN is 10; a UDP socket without peer is in CLOSE, 7. */
const waiting = {tcp: 1 << 10, udp: 1 << 7} as const;

/** struct inet_diag_req_v2: four u8, u32 states, struct inet_diag_sockid (48 bytes). */
const requestSize = 56;
/** struct inet_diag_msg: four u8, sockid, five u32. */
const answerSize = 72;

export interface WaitingSocket {
  /** `0.0.0.0` and `::` take every address; `::` without IPV6_V6ONLY IPv4 too. */
  readonly address: Ip;
  readonly port: number;
  readonly uid: number;
  /** As in the link `/proc/PID/fd/N` → `socket:[INODE]`. */
  readonly inode: number;
}

/** Like `ss -ltn` and `ss -lun`, without IPv4 or without IPv6. To be sent on a socket of NETLINK_SOCK_DIAG, in the namespace asked about. */
export function dumpWaitingSockets(proto: 'tcp' | 'udp', family: 4 | 6): NetlinkMessage {
  const payload = Buffer.alloc(requestSize);
  payload.writeUInt8(familyOf(family), 0);
  payload.writeUInt8(protocols[proto], 1);
  payload.writeUInt32LE(waiting[proto], 4);
  const what = `read the ${proto} sockets`;
  return {type: SOCK_DIAG_BY_FAMILY, flags: NLM_F_REQUEST | NLM_F_DUMP, payload, what};
}

/** Decodes struct inet_diag_msg. */
export function decodeWaitingSocket({payload}: {readonly payload: Uint8Array}): WaitingSocket {
  const bytes = toBuffer(payload);
  if (bytes.length < answerSize) throw new RangeError(`invalid socket diagnosis: ${bytes.length} bytes`);
  const length = bytes.readUInt8(0) === AF_INET6 ? 16 : 4;
  return {
    address: ipFromBytes(bytes, 8, 8 + length),
    port: bytes.readUInt16BE(4),
    uid: bytes.readUInt32LE(64),
    inode: bytes.readUInt32LE(68),
  };
}
