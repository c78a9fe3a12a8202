import {dataTypes, fieldLength, typeLength} from './datatypes.ts';
import {formatInterval, type Interval, parseInterval, predecessor, successor} from './intervals.ts';
import type {WireElement} from './message.ts';
import type {NftElement, NftSet, NftType} from './types.ts';
import {openIntervalUserdata} from './userdata.ts';

/** enum nft_set_elem_flags */
const NFT_SET_ELEM_INTERVAL_END = 0x1;
const NFT_SET_ELEM_CATCHALL = 0x2;

/** What the kernel wants of one element: two for an interval without concatenation, its start and the value after its end. */
export function toWireElements({fields, data}: NftElement, set: NftSet): WireElement[] {
  checkCount(fields, set);
  const value = set.data.length > 0 && data.length > 0 ? {data: {value: encodeFields(data, set.data)}} : {};
  if (!set.interval) return [{key: {value: encodeFields(fields, set.key)}, ...value}];
  const intervals = fields.map((field, i) => parseInterval(field, set.key[i]!));
  if (intervals.length > 1) return [{...concatenatedKeys(intervals, set.key), ...value}];
  return intervalEnds(intervals[0]!, value);
}

/** Texts of elements as dumped. A start and the next end make an interval, in whatever order and message they came. */
export function decodeWireElements(elements: readonly WireElement[], set: NftSet): NftElement[] {
  const present = elements.filter(
    ({flags, key}) => !((flags ?? 0) & NFT_SET_ELEM_CATCHALL) && key?.value !== undefined,
  );
  if (set.interval && set.key.length === 1) return pairIntervals(present, set);
  return present.map(element => fromWire(set, decodeKey(element, set), element));
}

/** An upper bound of the bytes toWireElements() makes of one element. */
export function elementWireSize({key, data, interval}: NftSet): number {
  const value = (types: readonly NftType[]): number => (types.length === 0 ? 0 : 8 + ((typeLength(types) + 3) & ~3));
  const [nest, flags, userdata] = [4, 8, 12];
  const keys = value(key) * (interval ? 2 : 1);
  return nest + keys + value(data) + (interval ? nest + flags + userdata : 0);
}

function checkCount(fields: readonly string[], {name, key}: NftSet): void {
  if (fields.length !== key.length) {
    throw new TypeError(
      `element "${fields.join(' . ')}" has ${fields.length} fields, set "${name}" wants ${key.length}`,
    );
  }
}

/** One value as it is, several each in 4-byte steps. */
function encodeFields(fields: readonly string[], types: readonly NftType[]): Uint8Array {
  const values = fields.map((field, i) => dataTypes[types[i]!].encode(field));
  return concatenate(values, types);
}

function concatenate(values: readonly Uint8Array[], types: readonly NftType[]): Uint8Array {
  if (values.length === 1) return values[0]!;
  const bytes = new Uint8Array(typeLength(types));
  let at = 0;
  values.forEach((value, i) => {
    bytes.set(value, at);
    at += fieldLength(types[i]!);
  });
  return bytes;
}

/** Where each part starts. */
function fieldOffsets(types: readonly NftType[]): number[] {
  let at = 0;
  return types.map(type => {
    const start = at;
    at += fieldLength(type);
    return start;
  });
}

function decodeFields(bytes: Uint8Array, types: readonly NftType[]): string[] {
  checkLength(bytes, types);
  return fieldOffsets(types).map((at, i) => dataTypes[types[i]!].decode(bytes, at));
}

function checkLength(bytes: Uint8Array, types: readonly NftType[]): void {
  const length = typeLength(types);
  if (bytes.length < length) throw new RangeError(`invalid set element: ${bytes.length} bytes, want ${length}`);
}

function concatenatedKeys(intervals: readonly Interval[], types: readonly NftType[]): WireElement {
  const first = intervals.map(interval => interval.first);
  const last = intervals.map(interval => interval.last);
  return {key: {value: concatenate(first, types)}, keyEnd: {value: concatenate(last, types)}};
}

function intervalEnds({first, last}: Interval, value: Pick<WireElement, 'data'>): WireElement[] {
  const end = successor(last);
  const start: WireElement = {key: {value: first}, ...value};
  if (end === null) return [{...start, userdata: openIntervalUserdata}];
  return [start, {flags: NFT_SET_ELEM_INTERVAL_END, key: {value: end}}];
}

function decodeKey({key, keyEnd}: WireElement, set: NftSet): string[] {
  const first = key!.value!;
  const last = keyEnd?.value;
  if (!set.interval || last === undefined) return decodeFields(first, set.key);
  checkLength(first, set.key);
  checkLength(last, set.key);
  return fieldOffsets(set.key).map((at, i) => {
    const type = set.key[i]!;
    const end = at + dataTypes[type].length;
    return formatInterval({first: first.subarray(at, end), last: last.subarray(at, end)}, type);
  });
}

function pairIntervals(elements: readonly WireElement[], set: NftSet): NftElement[] {
  const sorted = [...elements].sort(byKeyEndFirst);
  return sorted.flatMap((element, i) => {
    if (isEnd(element)) return [];
    const next = sorted[i + 1];
    const first = element.key!.value!;
    const last = next && isEnd(next) ? predecessor(next.key!.value!) : first.map(() => 0xff);
    checkLength(first, set.key);
    return [fromWire(set, [formatInterval({first, last}, set.key[0]!)], element)];
  });
}

/** Where one interval ends and the next starts, both have the same key. */
function byKeyEndFirst(a: WireElement, b: WireElement): number {
  return Buffer.compare(a.key!.value!, b.key!.value!) || Number(isEnd(b)) - Number(isEnd(a));
}

function isEnd({flags}: WireElement): boolean {
  return ((flags ?? 0) & NFT_SET_ELEM_INTERVAL_END) !== 0;
}

function fromWire(set: NftSet, fields: readonly string[], {data, expression}: WireElement): NftElement {
  const counter = expression?.name === 'counter' ? expression.data : undefined;
  return {
    set: set.name,
    fields,
    data: data?.value === undefined ? [] : decodeFields(data.value, set.data),
    ...(counter && {counter: {packets: Number(counter.packets ?? 0), bytes: Number(counter.bytes ?? 0)}}),
  };
}
