import {
  type AttributeSet,
  type Attributes,
  attributeSet,
  type Codec,
  readAttributes,
  type Schema,
  writeAttributes,
} from './attributes.ts';
import {encodeBytes, type Writer} from './writer.ts';

/** A fixed C struct as data: field → codec, in the order of the struct, without gaps (name the padding). */
export type Struct = Readonly<Record<string, Codec<number>>>;

/** A message's payload: the family's struct, then attributes. Fields of the struct that are left out are 0. */
export type Payload<H extends Struct, S extends Schema> = {
  readonly [K in keyof H]?: number | undefined;
} & {readonly attributes: Attributes<S>};

/** The same after decoding: every field is there. */
export type DecodedPayload<H extends Struct, S extends Schema> = {
  readonly [K in keyof H]: number;
} & {readonly attributes: Attributes<S>};

export interface Format<H extends Struct, S extends Schema> {
  encode(value: Payload<H, S>): Uint8Array;
  decode(payload: Uint8Array): DecodedPayload<H, S>;
  /** The same as an attribute's payload: VETH_INFO_PEER holds a whole link message. */
  readonly codec: Codec<Payload<H, S>>;
}

/** `format({family: u8, …}, {ifname: [3, stringz], …})` */
export function format<const H extends Struct, const S extends Schema>(header: H, schema: S): Format<H, S> {
  const set = attributeSet(schema);
  const fields = Object.entries(header);
  const size = fields.reduce((sum, [, codec]) => sum + codec.size, 0);
  const write = (out: Writer, value: Payload<H, S>): void => {
    for (const [name, codec] of fields) codec.write(out, (value as Record<string, number | undefined>)[name] ?? 0, {});
    writeAttributes(out, set, value.attributes);
  };
  const read = (bytes: Buffer, start: number, end: number): DecodedPayload<H, S> =>
    readPayload(bytes, start, end, {fields, size, set}) as DecodedPayload<H, S>;
  return {
    encode: value => encodeBytes(out => write(out, value)),
    decode: payload => read(toBuffer(payload), 0, payload.length),
    codec: {flags: 0, size, write, read},
  };
}

/** The same memory as a Buffer. */
export function toBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function readPayload<S extends Schema>(
  bytes: Buffer,
  start: number,
  end: number,
  {fields, size, set}: {fields: readonly (readonly [string, Codec<number>])[]; size: number; set: AttributeSet<S>},
): Record<string, unknown> {
  if (end - start < size) throw new RangeError(`invalid netlink message: ${end - start} bytes, want at least ${size}`);
  const value: Record<string, unknown> = {};
  let at = start;
  for (const [name, codec] of fields) {
    value[name] = codec.read(bytes, at, at + codec.size, {});
    at += codec.size;
  }
  value.attributes = readAttributes(bytes, at, end, set);
  return value;
}
