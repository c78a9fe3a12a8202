import test from 'ava';
import fc from 'fast-check';
import {elementWireSize, toWireElements} from '../../../src/kernel/netlink/nftables/element-bytes.ts';
import {
  addElements,
  decodeElements,
  deleteElements,
  flushElements,
} from '../../../src/kernel/netlink/nftables/elements.ts';
import {formatInterval, parseInterval} from '../../../src/kernel/netlink/nftables/intervals.ts';
import {elementsFormat} from '../../../src/kernel/netlink/nftables/message.ts';
import type {NftElement, NftSet, NftType} from '../../../src/kernel/netlink/nftables/types.ts';
import {ipFromNumber} from '../../../src/model/ip.ts';
import {answers, batches} from './captured-nftables.ts';
import {hexOf, messagesOf} from './hex.ts';
import {sets} from './table.ts';

const element = (set: string, fields: readonly string[], data: readonly string[] = []): NftElement => ({
  set,
  fields,
  data,
});

/** The elements of the batch's one message, as attributes, and as ours are made: without NFTA_SET_ELEM_LIST_SET_ID. */
const captured = (hex: string) => elementsFormat.decode(messagesOf(hex)[1]!.payload).attributes;
const rows: readonly (readonly [keyof typeof batches, NftSet, readonly NftElement[]])[] = [
  ['addMapping', sets.published4, [element('published4', ['tcp', '127.0.0.1', '8080'], ['172.17.0.2', '80'])]],
  ['addName', sets.bridges, [element('bridges', ['br0'])]],
  ['addNames', sets.pairs, [element('pairs', ['br0', 'br1'])]],
  [
    'addConcatIntervals',
    sets.homes4,
    [element('homes4', ['10.0.0.0/8', 'br0']), element('homes4', ['11.0.0.1-11.0.0.5', 'eth0'])],
  ],
];
for (const [name, set, elements] of rows) {
  test(`addElements() makes nft's elements and decodeElements() reads them: ${name}`, t => {
    const [message] = addElements('tnet', set, elements);
    const {setId: _, ...theirs} = captured(batches[name]);
    t.deepEqual(elementsFormat.decode(message!.payload).attributes, theirs);
    t.deepEqual(decodeElements([message!], set), elements);
  });
}

const intervals = [element('subnets4', ['10.0.0.0/8']), element('subnets4', ['128.0.0.0/1'])];

test("addElements() makes nft's interval ends, but for its leading 0.0.0.0 end", t => {
  const [message] = addElements('tnet', sets.subnets4, intervals);
  t.deepEqual(
    elementsFormat.decode(message!.payload).attributes.elements,
    captured(batches.addIntervals).elements!.slice(1),
  );
});

test('decodeElements() reads what the kernel dumps: intervals last to first, the leading end among them', t => {
  t.deepEqual(decodeElements(messagesOf(answers.intervals), sets.subnets4), intervals);
  t.deepEqual(decodeElements(messagesOf(answers.concatIntervals), sets.homes4), rows[3]![2]);
});

test('decodeElements() pairs the ends of an interval across messages', t => {
  const messages = intervals.flatMap(one => addElements('tnet', sets.subnets4, [one]));
  const [start, end] = elementsFormat.decode(messages[0]!.payload).attributes.elements!;
  const alone = (wire: typeof start) => ({payload: elementsFormat.encode({attributes: {elements: [wire!]}})});
  t.deepEqual(decodeElements([alone(end), messages[1]!, alone(start)], sets.subnets4), intervals);
});

test("deleteElements() makes nft's bytes, without data", t => {
  const [message] = deleteElements('tnet', sets.published4, [element('published4', ['tcp', '127.0.0.1', '8080'])]);
  t.is(hexOf(message!.payload), hexOf(messagesOf(batches.delMapping)[1]!.payload));
});

test('flushElements() deletes without naming elements', t => {
  t.deepEqual(elementsFormat.decode(flushElements('tnet', 'bridges').payload).attributes, {
    table: 'tnet',
    set: 'bridges',
  });
});

test('addElements() splits at 64 KiB and says what each message does', t => {
  const many = Array.from({length: 5000}, (_, i) =>
    element('published4', ['tcp', '10.0.0.1', `${i + 1}`], ['172.17.0.2', '80']),
  );
  const messages = addElements('tnet', sets.published4, many);
  t.is(messages.length, 4);
  t.deepEqual(decodeElements(messages, sets.published4), many);
  t.is(messages[0]!.what, 'add 1638 elements to set "published4" of table "tnet"');
  t.is(
    addElements('tnet', sets.published4, many.slice(0, 1))[0]!.what,
    'add element "tcp . 10.0.0.1 . 1" to set "published4" of table "tnet"',
  );
  t.deepEqual(addElements('tnet', sets.published4, []), []);
});

const refused: readonly (readonly [string, NftSet, readonly string[]])[] = [
  ['a field too few', sets.published4, ['tcp', '10.0.0.1']],
  ['a port over 65535', sets.published4, ['tcp', '10.0.0.1', '65536']],
  ['an empty port', sets.published4, ['tcp', '10.0.0.1', '']],
  ['an unknown protocol', sets.published4, ['tpc', '10.0.0.1', '1']],
  ['an IPv6 address', sets.published4, ['tcp', '::1', '1']],
  ['a link name of 16 bytes', sets.bridges, ['0123456789abcdef']],
  ['a prefix over 32', sets.subnets4, ['10.0.0.0/33']],
  ['a prefix without length', sets.subnets4, ['10.0.0.0/']],
  ['a range that ends before it starts', sets.subnets4, ['10.0.0.9-10.0.0.1']],
];
for (const [name, set, fields] of refused) {
  test(`addElements() refuses ${name}`, t => {
    const error = t.throws(() => addElements('tnet', set, [element(set.name, fields)]));
    t.true(error instanceof TypeError || error instanceof RangeError || error instanceof SyntaxError);
  });
}

const spellings: readonly (readonly [NftType, string, string])[] = [
  ['ipv4_addr', '0.0.0.0/0', '0.0.0.0/0'],
  ['ipv4_addr', '10.0.0.1/32', '10.0.0.1'],
  ['ipv4_addr', '10.0.0.1/8', '10.0.0.0/8'],
  ['ipv4_addr', '10.0.0.0-10.0.0.255', '10.0.0.0/24'],
  ['ipv4_addr', '10.0.0.1-10.0.0.2', '10.0.0.1-10.0.0.2'],
  ['ipv6_addr', 'fd00::/64', 'fd00::/64'],
  ['ipv6_addr', '::/0', '::/0'],
  ['inet_service', '8000-8015', '8000-8015'],
  ['inet_service', '80', '80'],
  ['inet_proto', 'tcp', 'tcp'],
  ['ifname', 'veth-a/b', 'veth-a/b'],
  ['mark', '1', '0x00000001'],
];
for (const [type, text, canonical] of spellings) {
  test(`an interval of ${type} ${text} reads back as ${canonical}`, t =>
    t.is(formatInterval(parseInterval(text, type), type), canonical));
}

const address = fc.bigInt({min: 0n, max: 0xffff_ffffn}).map(value => ipFromNumber(value, 4));
const port = fc.integer({min: 0, max: 65535});
const portRange = fc.tuple(port, port).map(([a, b]) => (a === b ? `${a}` : `${Math.min(a, b)}-${Math.max(a, b)}`));
const ranges: NftSet = {name: 'ranges', key: ['inet_proto', 'inet_service'], data: ['ipv4_addr'], interval: true};

test('decodeElements(addElements(x)) is x: maps with ranges in their keys', t => {
  const one = fc.tuple(fc.constantFrom('tcp', 'udp', 'sctp', '47'), portRange, address);
  fc.assert(
    fc.property(fc.array(one), values => {
      const elements = values.map(([proto, range, to]) => element('ranges', [proto, range], [to]));
      t.deepEqual(decodeElements(addElements('tnet', ranges, elements), ranges), elements);
    }),
  );
});

test('decodeElements(addElements(x)) is x: intervals, adjacent ones too', t => {
  const bounds = fc.uniqueArray(fc.integer({min: 0, max: 65536}), {minLength: 2, maxLength: 20});
  const portIntervals: NftSet = {name: 'ports', key: ['inet_service'], data: [], interval: true};
  fc.assert(
    fc.property(bounds, unsorted => {
      const sorted = [...unsorted].sort((a, b) => a - b);
      const elements = sorted.slice(1).map((end, i) => {
        const start = sorted[i]!;
        return element('ports', [end - start === 1 ? `${start}` : `${start}-${end - 1}`]);
      });
      t.deepEqual(decodeElements(addElements('tnet', portIntervals, elements), portIntervals), elements);
    }),
  );
});

test('elementWireSize() is never less than an element takes', t => {
  for (const [set, one] of [
    [sets.published4, element('published4', ['tcp', '10.0.0.1', '1'], ['10.0.0.1', '1'])],
    [sets.subnets4, element('subnets4', ['128.0.0.0/1'])],
    [sets.subnets4, element('subnets4', ['10.0.0.0/8'])],
    [sets.homes4, element('homes4', ['10.0.0.0/8', 'br0'])],
    [ranges, element('ranges', ['tcp', '1-2'], ['10.0.0.1'])],
  ] as const) {
    const empty = elementsFormat.encode({attributes: {elements: []}}).length;
    const {length} = elementsFormat.encode({attributes: {elements: toWireElements(one, set)}});
    t.true(elementWireSize(set) >= length - empty, `${set.name}: ${elementWireSize(set)} ≥ ${length - empty}`);
  }
});
