import test from 'ava';
import fc from 'fast-check';
import {
  be16,
  be32,
  bytes,
  flag,
  ip,
  mac,
  s32,
  string,
  stringz,
  u8,
  u16,
  u32,
  u64,
} from '../../../src/kernel/netlink/codecs.ts';
import {format} from '../../../src/kernel/netlink/format.ts';
import {list, nested, nestedBy, nestedNoFlag, numbered} from '../../../src/kernel/netlink/nests.ts';
import type {Ip} from '../../../src/model/ip.ts';
import {bytesOf, hexOf} from './hex.ts';

const thing = format(
  {family: u8, index: s32},
  {
    small: [1, u8],
    short: [2, u16],
    word: [3, u32],
    big: [4, u64],
    port: [5, be16],
    network: [6, be32],
    text: [7, stringz],
    bare: [8, string],
    raw: [9, bytes],
    there: [10, flag],
    address: [11, ip],
    mac: [12, mac],
    nest: [13, nested({word: [1, u32], deep: [2, nestedNoFlag({text: [1, stringz]})]})],
    names: [14, list(53, stringz)],
    kind: [15, stringz],
    data: [16, nestedBy('kind', 0x8000, {port: {port: [1, be16]}, name: {name: [1, stringz]}})],
    items: [17, numbered(u16)],
  },
);

const rows: readonly (readonly [string, Parameters<typeof thing.encode>[0]['attributes'], string])[] = [
  ['u8, padded', {small: 7}, '0500010007000000'],
  ['u16', {short: 0x1234}, '0600020034120000'],
  ['u64', {big: 0x0102030405060708n}, '0c0004000807060504030201'],
  ['be16', {port: 8080}, '060005001f900000'],
  ['be32', {network: 1}, '0800060000000001'],
  ['string with NUL', {text: 'lo'}, '070007006c6f0000'],
  ['string without NUL', {bare: 'veth'}, '0800080076657468'],
  ['bytes', {raw: Uint8Array.of(1, 2, 3)}, '0700090001020300'],
  ['flag', {there: true}, '04000a00'],
  ['ip', {address: '10.88.0.1' as Ip}, '08000b000a580001'],
  [
    'nested has NLA_F_NESTED, nestedNoFlag has not',
    {nest: {word: 1, deep: {text: 'a'}}},
    '18000d8008000100010000000c000200060001006100000' + '0',
  ],
  ['list', {names: ['a', 'b']}, '14000e80' + '0600350061000000' + '0600350062000000'],
  ['numbered', {items: [1, 2]}, '14001180' + '0600010001000000' + '0600020002000000'],
  [
    'a nest by its sibling',
    {kind: 'port', data: {port: 80}},
    '09000f00706f727400000000' + '0c001080' + '0600010000500000',
  ],
  ['an unknown attribute, flags included', {'#32867': Uint8Array.of(255)}, '05006380ff000000'],
  ['undefined is left out', {small: undefined, short: 1}, '0600020001000000'],
];

for (const [name, attributes, hex] of rows) {
  test(`attributes: ${name}`, t => {
    const encoded = thing.encode({family: 2, index: -1, attributes});
    t.is(hexOf(encoded), `02ffffffff${hex}`);
    const given = Object.fromEntries(Object.entries(attributes).filter(([, value]) => value !== undefined));
    t.deepEqual(thing.decode(encoded), {family: 2, index: -1, attributes: given});
    t.deepEqual(Object.keys(thing.decode(encoded).attributes), Object.keys(given));
  });
}

test('decode() keeps the order of the wire, so that encode() gives the same bytes', t => {
  const hex = '0200000000' + '0600020034120000' + '0500630007000000' + '0500010007000000';
  t.is(hexOf(thing.encode(thing.decode(bytesOf(hex)))), hex);
});

test('decode() takes strings with and without NUL, and the last of two equal attributes', t => {
  t.is(thing.decode(bytesOf(`0200000000${'06000700' + '6c6f0000'}`)).attributes.text, 'lo');
  t.is(thing.decode(bytesOf(`0200000000${'05000100' + '01000000'}${'05000100' + '02000000'}`)).attributes.small, 2);
});

const broken: readonly (readonly [string, string, RegExp])[] = [
  ['the struct', '0200', /2 bytes, want at least 5/],
  ['an attribute header', '0200000000' + '0500', /attribute at byte 5: length 0 of 2 bytes left/],
  ['an attribute shorter than its header', '0200000000' + '03000100', /length 3 of 4/],
  ['an attribute longer than the message', '0200000000' + '09000100' + '00000000', /length 9 of 8/],
  ['a short integer', '0200000000' + '05000300' + '01000000', /"word" at byte 9: 1 bytes, want at least 4/],
  ['a nest with a broken inside', '0200000000' + '09000d80' + '0800010001' + '000000', /length 8 of 5/],
];
for (const [name, hex, message] of broken) {
  test(`decode() refuses ${name}`, t => {
    t.throws(() => thing.decode(bytesOf(hex)), {instanceOf: RangeError, message});
  });
}

test('encode() refuses what does not fit', t => {
  t.throws(() => thing.encode({attributes: {small: 256}}), {instanceOf: RangeError});
  t.throws(() => thing.encode({attributes: {raw: new Uint8Array(70000)}}), {message: /"raw" has 70004 bytes/});
  t.throws(() => thing.encode({attributes: {nope: 1} as never}), {
    instanceOf: TypeError,
    message: /unknown netlink attribute "nope"/,
  });
  t.is(hexOf(thing.encode({attributes: {small: 1}})), '00000000000500010001000000', 'a failure leaves nothing behind');
});

test('encode() grows its buffer without losing a byte', t => {
  const large = format({}, {nest: [1, nestedNoFlag({raw: [1, bytes]})], raw: [2, bytes], tail: [3, bytes]});
  const raw = new Uint8Array(60000).fill(7);
  const attributes = {nest: {raw}, raw, tail: raw};
  t.deepEqual(large.decode(large.encode({attributes})).attributes, attributes);
});

const u = (bits: number) => fc.integer({min: 0, max: 2 ** bits - 1});
const octets = fc.uint8Array({maxLength: 40}).map(value => new Uint8Array(value));
const word = fc.string({unit: 'grapheme-ascii', maxLength: 20});
const anything = fc.record(
  {
    small: u(8),
    short: u(16),
    word: u(32),
    big: fc.bigInt({min: 0n, max: 2n ** 64n - 1n}),
    port: u(16),
    text: word,
    raw: octets,
    there: fc.constant(true as const),
    nest: fc.record({word: u(32), deep: fc.record({text: word}, {requiredKeys: []})}, {requiredKeys: []}),
    names: fc.array(word, {maxLength: 4}),
    items: fc.array(u(16), {maxLength: 4}),
    '#99': octets,
  },
  {requiredKeys: []},
);

test('decode(encode(x)) is x', t => {
  fc.assert(
    fc.property(anything, u(8), (attributes, family) => {
      const message = {family, index: 1, attributes: {...attributes}};
      t.deepEqual(thing.decode(thing.encode(message)), message);
    }),
  );
});

test('decode() of any bytes either reads them or throws RangeError', t => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 200}), input => {
      try {
        thing.decode(input);
        t.pass();
      } catch (error) {
        t.true(error instanceof RangeError, String(error));
      }
    }),
    {numRuns: 2000},
  );
});

test('decode() of a message cut anywhere either reads a part or throws RangeError', t => {
  fc.assert(
    fc.property(anything, fc.nat(), (attributes, cut) => {
      const whole = thing.encode({attributes: {...attributes}});
      try {
        thing.decode(whole.subarray(0, cut % whole.length));
        t.pass();
      } catch (error) {
        t.true(error instanceof RangeError, String(error));
      }
    }),
    {numRuns: 1000},
  );
});
