import type {Ip} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';

/** 4 or 16 bytes, network order. Splits text instead of asking a library: an attach encodes a dozen addresses. */
export function ipToBytes(ip: string): Uint8Array {
  return ip.includes(':') ? ip6ToBytes(ip) : ip4ToBytes(ip);
}

/** Canonical text, as model/ip.ts has it, of 4 or 16 bytes. */
export function ipFromBytes(bytes: Uint8Array, start = 0, end = bytes.length): Ip {
  if (end - start === 4) {
    return `${bytes[start]}.${bytes[start + 1]}.${bytes[start + 2]}.${bytes[start + 3]}` as Ip;
  }
  if (end - start === 16) return ip6FromBytes(bytes, start);
  throw new RangeError(`invalid IP address: ${end - start} bytes, want 4 or 16`);
}

export function macToBytes(mac: string): Uint8Array {
  return Uint8Array.from(mac.split(':'), text => {
    const value = Number(`0x${text}`);
    if (text.length !== 2 || Number.isNaN(value)) throw new SyntaxError(`invalid MAC address "${mac}"`);
    return value;
  });
}

/** Tunnels have link-layer addresses of 4 or 16 bytes, InfiniBand of 20; they are written the same way. */
export function macFromBytes(bytes: Buffer, start = 0, end = bytes.length): Mac {
  return (bytes.toString('hex', start, end).match(/../g) ?? []).join(':') as Mac;
}

function ip4ToBytes(ip: string): Uint8Array {
  const parts = ip.split('.');
  const bytes = new Uint8Array(4);
  for (let i = 0; i < 4; i++) {
    const value = Number(parts[i] || Number.NaN);
    if (!(value <= 255 && Number.isInteger(value))) throw new SyntaxError(`invalid IP address "${ip}"`);
    bytes[i] = value;
  }
  if (parts.length !== 4) throw new SyntaxError(`invalid IP address "${ip}"`);
  return bytes;
}

function ip6ToBytes(ip: string): Uint8Array {
  const [head = '', tail, ...more] = ip.split('::');
  const left = groups(head, ip);
  const right = tail === undefined ? [] : groups(tail, ip);
  const missing = 8 - left.length - right.length;
  if (more.length > 0 || (tail === undefined ? missing !== 0 : missing < 1))
    throw new SyntaxError(`invalid IP address "${ip}"`);
  const bytes = Buffer.alloc(16);
  left.forEach((group, i) => {
    bytes.writeUInt16BE(group, i * 2);
  });
  right.forEach((group, i) => {
    bytes.writeUInt16BE(group, (left.length + missing + i) * 2);
  });
  return new Uint8Array(bytes.buffer, bytes.byteOffset, 16);
}

function groups(text: string, ip: string): number[] {
  if (text === '') return [];
  return text.split(':').flatMap(group => {
    if (group.includes('.')) {
      const [a, b, c, d] = ip4ToBytes(group);
      return [a! * 256 + b!, c! * 256 + d!];
    }
    if (!/^[0-9a-f]{1,4}$/i.test(group)) throw new SyntaxError(`invalid IP address "${ip}"`);
    return [Number.parseInt(group, 16)];
  });
}

/** RFC 5952: the longest run of two or more zero groups, the first of equals, becomes `::`. */
function ip6FromBytes(bytes: Uint8Array, start: number): Ip {
  const words = Array.from({length: 8}, (_, i) => bytes[start + 2 * i]! * 256 + bytes[start + 2 * i + 1]!);
  const {at, length} = longestZeroRun(words);
  const text = (from: number, to: number): string =>
    words
      .slice(from, to)
      .map(word => word.toString(16))
      .join(':');
  return (length < 2 ? text(0, 8) : `${text(0, at)}::${text(at + length, 8)}`) as Ip;
}

function longestZeroRun(words: readonly number[]): {at: number; length: number} {
  let best = {at: 0, length: 0};
  for (let i = 0; i < words.length; i++) {
    let length = 0;
    while (i + length < words.length && words[i + length] === 0) length++;
    if (length > best.length) best = {at: i, length};
    i += length;
  }
  return best;
}
