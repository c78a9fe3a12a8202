import {attributeSet, readAttributes} from './attributes.ts';
import {stringz, u32} from './codecs.ts';
import {toBuffer} from './format.ts';
import {appendBytes, encodeBytes, padTo4, reserve} from './writer.ts';

/** include/uapi/linux/netlink.h */
export const NLM_F_REQUEST = 0x1;
export const NLM_F_MULTI = 0x2;
export const NLM_F_ACK = 0x4;
export const NLM_F_ECHO = 0x8;
export const NLM_F_DUMP_INTR = 0x10;
export const NLM_F_DUMP = 0x300;
export const NLM_F_REPLACE = 0x100;
export const NLM_F_EXCL = 0x200;
export const NLM_F_CREATE = 0x400;
export const NLM_F_APPEND = 0x800;
const NLM_F_CAPPED = 0x100;
const NLM_F_ACK_TLVS = 0x200;

export const NLMSG_ERROR = 2;
export const NLMSG_DONE = 3;
/** struct nlmsghdr: u32 length (header included), u16 type, u16 flags, u32 sequence, u32 port id. */
export const NLMSG_HDRLEN = 16;

/** A request as data. The socket adds sequence, port id and NLM_F_ACK. */
export interface NetlinkMessage {
  readonly type: number;
  readonly flags: number;
  /** The family's struct (ifinfomsg, nfgenmsg …) and attributes. */
  readonly payload: Uint8Array;
  /** What it does, for an error's `Cannot …`: `add set "ports" to table "tnet"`. */
  readonly what?: string;
}

export interface ReceivedMessage {
  readonly type: number;
  readonly flags: number;
  readonly sequence: number;
  readonly portId: number;
  readonly payload: Buffer;
}

/** What NLMSG_ERROR and NLMSG_DONE say. `errno` is positive; 0 is an acknowledgement. */
export interface Status {
  readonly errno: number;
  /** NLMSGERR_ATTR_MSG, the kernel's own sentence. */
  readonly extack: string | null;
  /** NLMSGERR_ATTR_OFFS, byte in the request (its header included) at which the offending attribute starts. */
  readonly offset: number | null;
}

/** One datagram of several messages, numbered `sequence`, `sequence + 1` … The kernel handles them in one go. */
export function encodeMessages(messages: readonly NetlinkMessage[], sequence: number, portId = 0): Uint8Array {
  return encodeBytes(out => {
    messages.forEach(({type, flags, payload}, i) => {
      const start = reserve(out, NLMSG_HDRLEN);
      out.bytes.writeUInt32LE(NLMSG_HDRLEN + payload.length, start);
      out.bytes.writeUInt16LE(type, start + 4);
      out.bytes.writeUInt16LE(flags, start + 6);
      out.bytes.writeUInt32LE((sequence + i) >>> 0, start + 8);
      out.bytes.writeUInt32LE(portId, start + 12);
      appendBytes(out, payload);
      padTo4(out, start);
    });
  });
}

/** The messages of one datagram; payloads share its memory. Throws RangeError on a length that cannot be. */
export function decodeMessages(datagram: Uint8Array): ReceivedMessage[] {
  const bytes = toBuffer(datagram);
  const messages: ReceivedMessage[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = bytes.length - at < NLMSG_HDRLEN ? 0 : bytes.readUInt32LE(at);
    if (length < NLMSG_HDRLEN || at + length > bytes.length) {
      throw new RangeError(
        `invalid netlink message at byte ${at}: length ${length} of ${bytes.length - at} bytes left`,
      );
    }
    messages.push(readHeader(bytes, at, length));
    at += (length + 3) & ~3;
  }
  return messages;
}

/** Decodes NLMSG_ERROR: s32 error, the request's header (and all of it, unless NLM_F_CAPPED), then extended ack attributes. */
export function decodeError({flags, payload}: ReceivedMessage): Status {
  if (payload.length < 4 + NLMSG_HDRLEN) throw new RangeError(`invalid NLMSG_ERROR: ${payload.length} bytes`);
  const echoed = flags & NLM_F_CAPPED ? NLMSG_HDRLEN : payload.readUInt32LE(4);
  return readStatus(payload, flags, 4 + ((echoed + 3) & ~3));
}

/** Decodes NLMSG_DONE: s32 error (what stopped a dump half-way), then extended ack attributes. */
export function decodeDone({flags, payload}: ReceivedMessage): Status {
  return payload.length < 4 ? {errno: 0, extack: null, offset: null} : readStatus(payload, flags, 4);
}

const extendedAck = attributeSet({message: [1, stringz], offset: [2, u32]});

function readStatus(payload: Buffer, flags: number, start: number): Status {
  const errno = Math.abs(payload.readInt32LE(0));
  if (!(flags & NLM_F_ACK_TLVS) || start > payload.length) return {errno, extack: null, offset: null};
  const {message, offset} = readAttributes(payload, start, payload.length, extendedAck);
  return {errno, extack: message ?? null, offset: offset ?? null};
}

function readHeader(bytes: Buffer, at: number, length: number): ReceivedMessage {
  return {
    type: bytes.readUInt16LE(at + 4),
    flags: bytes.readUInt16LE(at + 6),
    sequence: bytes.readUInt32LE(at + 8),
    portId: bytes.readUInt32LE(at + 12),
    payload: bytes.subarray(at + NLMSG_HDRLEN, at + length),
  };
}
