/**
 * libnftnl's userdata: bytes the kernel only keeps, entries of u8 type, u8 length, value. nft(8) shows the comment of a
 * table, chain and rule from type 0 (NFTNL_UDATA_*_COMMENT), a NUL-terminated text of up to 128 bytes.
 */
const COMMENT = 0;
/** NFTNL_UDATA_SET_*: the byte order in which nft prints a set's keys and data; u32 in host order. */
const SET_KEYBYTEORDER = 0;
const SET_DATABYTEORDER = 1;
/** NFTNL_UDATA_SET_ELEM_FLAGS with SET_ELEM_F_INTERVAL_OPEN: this interval has no end element. */
const SET_ELEM_FLAGS = 1;

const maxComment = 128;

export function encodeComment(comment: string | null): Uint8Array | undefined {
  if (comment === null) return undefined;
  const value = Buffer.from(`${comment}\0`);
  if (value.length > maxComment) throw new RangeError(`comment "${comment}" is longer than ${maxComment - 1} bytes`);
  return Buffer.from([COMMENT, value.length, ...value]);
}

export function decodeComment(userdata: Uint8Array | undefined): string | null {
  for (let at = 0; userdata !== undefined && at + 2 <= userdata.length; at += 2 + userdata[at + 1]!) {
    if (userdata[at] !== COMMENT) continue;
    const value = Buffer.from(userdata.subarray(at + 2, at + 2 + userdata[at + 1]!));
    return value.toString('utf8').replace(/\0.*$/s, '');
  }
  return null;
}

/** enum byteorder of nft(8): 0 none (concatenations), 1 host, 2 network. */
export function encodeSetUserdata(keyByteOrder: number, dataByteOrder: number | null): Uint8Array {
  const key = [SET_KEYBYTEORDER, 4, keyByteOrder, 0, 0, 0];
  return Uint8Array.from(dataByteOrder === null ? key : [...key, SET_DATABYTEORDER, 4, dataByteOrder, 0, 0, 0]);
}

export const openIntervalUserdata: Uint8Array = Uint8Array.of(SET_ELEM_FLAGS, 4, 1, 0, 0, 0);
