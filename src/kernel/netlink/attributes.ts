import {appendBytes, padTo4, reserve, type Writer} from './writer.ts';

/** include/uapi/linux/netlink.h struct nlattr: u16 nla_len (header included, padding not), u16 nla_type. */
export const NLA_HDRLEN = 4;
export const NLA_F_NESTED = 0x8000;
const NLA_TYPE_MASK = 0x3fff;
const maxLength = 0xffff;

/** The other attributes of the same nest, as far as they are known: an option's meaning may depend on a `kind` before it. */
export type Siblings = Readonly<Record<string, unknown>>;

/** How one attribute's payload reads and writes. `bytes` is a whole datagram, the payload is `start` up to `end`. */
export interface Codec<T> {
  /** Added to nla_type: NLA_F_NESTED or 0. */
  readonly flags: number;
  /** The least payload the kernel may send, in bytes. */
  readonly size: number;
  write(out: Writer, value: T, siblings: Siblings): void;
  read(bytes: Buffer, start: number, end: number, siblings: Siblings): T;
}

/** Attribute name → its number (IFLA_…, NFTA_…) and payload. */
export type Schema = Readonly<Record<string, readonly [type: number, codec: Codec<unknown>]>>;

/**
 * The attributes of one nest by name. Order is the order on the wire, both ways. An attribute the schema does not know
 * is kept under `#` and its nla_type, flags included, so that encoding what was decoded gives the same bytes.
 */
export type Attributes<S extends Schema> = {
  readonly [K in keyof S]?: (S[K] extends readonly [number, Codec<infer T>] ? T : never) | undefined;
} & {readonly [unknown: `#${number}`]: Uint8Array};

/** A schema, indexed both ways. */
export interface AttributeSet<S extends Schema> {
  readonly schema: S;
  readonly names: ReadonlyMap<number, string>;
}

export function attributeSet<const S extends Schema>(schema: S): AttributeSet<S> {
  return {schema, names: new Map(Object.entries(schema).map(([name, [type]]) => [type, name]))};
}

/** Appends every attribute that is not undefined. */
export function writeAttributes<S extends Schema>(out: Writer, set: AttributeSet<S>, values: Attributes<S>): void {
  for (const name of Object.keys(values)) {
    const value = (values as Siblings)[name];
    if (value === undefined) continue;
    if (name.startsWith('#')) writeUnknown(out, name, value as Uint8Array);
    else writeAttribute(out, name, fieldOf(set.schema, name), value, values);
  }
}

/** Reads `start` up to `end`. Of an attribute that comes twice the last one counts, as in the kernel's nla_parse(). */
export function readAttributes<S extends Schema>(
  bytes: Buffer,
  start: number,
  end: number,
  set: AttributeSet<S>,
): Attributes<S> {
  const values: Record<string, unknown> = {};
  eachAttribute(bytes, start, end, (type, from, to) => {
    const name = set.names.get(type & NLA_TYPE_MASK);
    if (name === undefined) values[unknownName(type)] = viewOf(bytes, from, to);
    else values[name] = readAttribute(bytes, from, to, {name, codec: set.schema[name]![1], siblings: values});
  });
  return values as Attributes<S>;
}

/** Calls `visit` with nla_type (flags included) and the payload's bounds. Throws RangeError on a length that cannot be. */
export function eachAttribute(
  bytes: Buffer,
  start: number,
  end: number,
  visit: (type: number, from: number, to: number) => void,
): void {
  let at = start;
  while (at < end) {
    const length = end - at < NLA_HDRLEN ? 0 : bytes.readUInt16LE(at);
    if (length < NLA_HDRLEN || at + length > end) {
      throw new RangeError(`invalid netlink attribute at byte ${at}: length ${length} of ${end - at} bytes left`);
    }
    visit(bytes.readUInt16LE(at + 2), at + NLA_HDRLEN, at + length);
    at += (length + 3) & ~3;
  }
}

/** One attribute with header and padding; nla_len is filled in when the payload is known. */
export function writeAttribute(
  out: Writer,
  name: string,
  [type, codec]: readonly [number, Codec<unknown>],
  value: unknown,
  siblings: Siblings,
): void {
  const start = reserve(out, NLA_HDRLEN);
  codec.write(out, value, siblings);
  closeAttribute(out, start, {name, type: type | codec.flags});
}

function readAttribute(
  bytes: Buffer,
  from: number,
  to: number,
  {name, codec, siblings}: {name: string; codec: Codec<unknown>; siblings: Siblings},
): unknown {
  if (to - from < codec.size) {
    throw new RangeError(
      `invalid netlink attribute "${name}" at byte ${from}: ${to - from} bytes, want at least ${codec.size}`,
    );
  }
  return codec.read(bytes, from, to, siblings);
}

/** Shares the datagram's memory, which nobody writes to. */
export function viewOf(bytes: Buffer, from: number, to: number): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset + from, to - from);
}

/** Property names the engine has met before are far cheaper than new strings: a link has 30 unknown attributes. */
const unknownNames = new Map<number, string>();
function unknownName(type: number): string {
  const known = unknownNames.get(type);
  if (known !== undefined) return known;
  const name = `#${type}`;
  unknownNames.set(type, name);
  return name;
}

function writeUnknown(out: Writer, name: string, value: Uint8Array): void {
  const start = reserve(out, NLA_HDRLEN);
  appendBytes(out, value);
  closeAttribute(out, start, {name, type: Number(name.slice(1))});
}

function closeAttribute(out: Writer, start: number, {name, type}: {name: string; type: number}): void {
  const length = out.end - start;
  if (length > maxLength)
    throw new RangeError(`netlink attribute "${name}" has ${length} bytes, the limit is ${maxLength}`);
  out.bytes.writeUInt16LE(length, start);
  out.bytes.writeUInt16LE(type, start + 2);
  padTo4(out, start);
}

function fieldOf(schema: Schema, name: string): readonly [number, Codec<unknown>] {
  const field = Object.hasOwn(schema, name) ? schema[name] : undefined;
  if (field === undefined) throw new TypeError(`unknown netlink attribute "${name}"`);
  return field;
}
