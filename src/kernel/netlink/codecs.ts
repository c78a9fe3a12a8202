import type {Ip} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import {ipFromBytes, ipToBytes, macFromBytes, macToBytes} from './address-bytes.ts';
import {type Codec, viewOf} from './attributes.ts';
import {appendBytes, reserve} from './writer.ts';

/** Integers in host order (rtnetlink) and network order (nfnetlink); include/uapi/linux/netlink.h calls the latter NLA_F_NET_BYTEORDER. */
export const u8 = integer(
  1,
  (bytes, at) => bytes.readUInt8(at),
  (bytes, value, at) => bytes.writeUInt8(value, at),
);
export const u16 = integer(
  2,
  (bytes, at) => bytes.readUInt16LE(at),
  (bytes, value, at) => bytes.writeUInt16LE(value, at),
);
export const u32 = integer(
  4,
  (bytes, at) => bytes.readUInt32LE(at),
  (bytes, value, at) => bytes.writeUInt32LE(value, at),
);
export const s32 = integer(
  4,
  (bytes, at) => bytes.readInt32LE(at),
  (bytes, value, at) => bytes.writeInt32LE(value, at),
);
export const be16 = integer(
  2,
  (bytes, at) => bytes.readUInt16BE(at),
  (bytes, value, at) => bytes.writeUInt16BE(value, at),
);
export const be32 = integer(
  4,
  (bytes, at) => bytes.readUInt32BE(at),
  (bytes, value, at) => bytes.writeUInt32BE(value, at),
);
export const beS32 = integer(
  4,
  (bytes, at) => bytes.readInt32BE(at),
  (bytes, value, at) => bytes.writeInt32BE(value, at),
);
export const u64 = integer(
  8,
  (bytes, at) => bytes.readBigUInt64LE(at),
  (bytes, value: bigint, at) => bytes.writeBigUInt64LE(value, at),
);
export const s64 = integer(
  8,
  (bytes, at) => bytes.readBigInt64LE(at),
  (bytes, value: bigint, at) => bytes.writeBigInt64LE(value, at),
);
export const be64 = integer(
  8,
  (bytes, at) => bytes.readBigUInt64BE(at),
  (bytes, value: bigint, at) => bytes.writeBigUInt64BE(value, at),
);

/** NUL-terminated on the wire. Reading takes both forms, and stops at the first NUL. */
export const stringz: Codec<string> = {...text(), write: (out, value) => writeText(`${value}\0`, out)};
/** Not terminated: what iproute2 sends as IFLA_INFO_KIND. */
export const string: Codec<string> = {...text(), write: (out, value) => writeText(value, out)};

export const bytes: Codec<Uint8Array> = {
  flags: 0,
  size: 0,
  write: appendBytes,
  read: viewOf,
};

/** NLA_FLAG: it is there or it is not. */
export const flag: Codec<true> = {flags: 0, size: 0, write: () => undefined, read: () => true};

/** 4 or 16 bytes, network order. */
export const ip: Codec<Ip> = {
  flags: 0,
  size: 4,
  write: (out, value) => appendBytes(out, ipToBytes(value)),
  read: (source, start, end) => ipFromBytes(source, start, end),
};

export const mac: Codec<Mac> = {
  flags: 0,
  size: 0,
  write: (out, value) => appendBytes(out, macToBytes(value)),
  read: (source, start, end) => macFromBytes(source, start, end),
};

function integer<T extends number | bigint>(
  size: number,
  read: (source: Buffer, at: number) => T,
  write: (target: Buffer, value: T, at: number) => void,
): Codec<T> {
  return {
    flags: 0,
    size,
    write: (out, value) => {
      const at = reserve(out, size);
      write(out.bytes, value, at);
    },
    read,
  };
}

function text(): Pick<Codec<string>, 'flags' | 'size' | 'read'> {
  return {
    flags: 0,
    size: 0,
    read: (source, start, end) => {
      const nul = source.indexOf(0, start);
      return source.toString('utf8', start, nul >= 0 && nul < end ? nul : end);
    },
  };
}

function writeText(value: string, out: Parameters<typeof appendBytes>[0]): void {
  const at = reserve(out, Buffer.byteLength(value));
  out.bytes.write(value, at);
}
