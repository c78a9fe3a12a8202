import test from 'ava';
import {encodeMessages} from '../../../src/kernel/netlink/message.ts';
import {inBatch} from '../../../src/kernel/netlink/nftables/batch.ts';
import {typeLength, typeNumber} from '../../../src/kernel/netlink/nftables/datatypes.ts';
import * as nft from '../../../src/kernel/netlink/nftables/message.ts';
import {
  createTable,
  decodeTable,
  deleteTable,
  getTable,
  replaceTable,
} from '../../../src/kernel/netlink/nftables/objects.ts';
import {decodeComment, encodeComment} from '../../../src/kernel/netlink/nftables/userdata.ts';
import {answers, batches} from './captured-nftables.ts';
import {bytesOf, hexOf, messagesOf, reencode} from './hex.ts';
import {table} from './table.ts';

const formats = new Map([
  [nft.NFT_MSG_NEWTABLE, nft.tableFormat],
  [nft.NFT_MSG_DELTABLE, nft.tableFormat],
  [nft.NFT_MSG_NEWCHAIN, nft.chainFormat],
  [nft.NFT_MSG_NEWSET, nft.setFormat],
  [nft.NFT_MSG_NEWRULE, nft.ruleFormat],
  [nft.NFT_MSG_NEWSETELEM, nft.elementsFormat],
  [nft.NFT_MSG_DELSETELEM, nft.elementsFormat],
]);

for (const [name, hex] of Object.entries(batches)) {
  test(`nftables formats give captured bytes again: ${name}`, t => {
    const again = reencode(hex, ({type, payload}) => {
      const format = formats.get(type);
      return format === undefined ? payload : format.encode(format.decode(payload) as never);
    });
    t.is(again, hex);
  });
}

const captured = messagesOf(batches.table);
const made = createTable(table);
const of = (type: number) => ({
  ours: made.filter(message => message.type === type),
  theirs: captured.filter(message => message.type === type),
});

for (const [name, type] of [
  ['table', nft.NFT_MSG_NEWTABLE],
  ['chains', nft.NFT_MSG_NEWCHAIN],
] as const) {
  test(`createTable() makes nft's bytes for the ${name}`, t => {
    const {ours, theirs} = of(type);
    t.deepEqual(
      ours.map(({payload}) => hexOf(payload)),
      theirs.map(({payload}) => hexOf(payload)),
    );
  });
}

test("createTable() makes nft's sets, but for ids and nft's typeof notes on concatenations", t => {
  const {ours, theirs} = of(nft.NFT_MSG_NEWSET);
  const essence = ({payload}: {readonly payload: Uint8Array}) => {
    const {id: _, userdata, ...rest} = nft.setFormat.decode(payload).attributes;
    return {...rest, byteOrder: hexOf(userdata!.subarray(0, rest.dataType === undefined ? 6 : 12))};
  };
  t.deepEqual(ours.map(essence), theirs.map(essence));
});

test("createTable() makes nft's rules, but for the ids of sets", t => {
  const {ours, theirs} = of(nft.NFT_MSG_NEWRULE);
  t.is(ours.length, theirs.length);
  for (const [i, {payload}] of ours.entries())
    t.is(hexOf(payload), hexOf(withoutSetIds(theirs[i]!.payload)), `rule ${i + 1}`);
});

test('createTable() orders sets before chains before rules, and refuses a table that is there', t => {
  const types = made.map(({type}) => type);
  t.deepEqual(
    types,
    [...types].sort((a, b) => rank(a) - rank(b)),
  );
  t.is(made[0]!.flags, 0x601);
  t.is(made[0]!.what, 'create table "tnet"');
});

test('replaceTable() makes, deletes and makes', t => {
  const types = replaceTable(table).map(({type}) => type);
  t.deepEqual(types.slice(0, 3), [nft.NFT_MSG_NEWTABLE, nft.NFT_MSG_DELTABLE, nft.NFT_MSG_NEWTABLE]);
  t.is(types.length, made.length + 2);
});

test("deleteTable() and the batch around it make nft's bytes", t => {
  const [begin, , end] = messagesOf(batches.delTable);
  const sent = encodeMessages(inBatch(deleteTable('tnet')), 0);
  t.is(hexOf(sent).replace(/(?<=^.{80})01000000/, '01000000'), batches.delTable);
  t.deepEqual([begin!.type, end!.type], [0x10, 0x11]);
});

test('decodeTable() reads name and comment back', t => {
  const [answer] = messagesOf(answers.table);
  t.deepEqual(decodeTable(answer!), {family: 1, name: 'tnet', comment: 'tnet 0123456789ab'});
  t.deepEqual(decodeTable(getTable(table)), {family: 1, name: 'tnet', comment: null});
});

test('comments are one entry of userdata', t => {
  t.is(hexOf(encodeComment('foo')!), '0004666f6f00');
  t.is(encodeComment(null), undefined);
  t.is(decodeComment(bytesOf('0104000000000003616200')), 'ab');
  t.is(decodeComment(bytesOf('01040000')), null, 'cut short');
  t.is(decodeComment(bytesOf('0000')), '');
  t.throws(() => encodeComment('x'.repeat(128)), {instanceOf: RangeError});
  t.is(decodeComment(encodeComment('ü'.repeat(63))), 'ü'.repeat(63));
});

test('typeNumber() and typeLength() are those of nft --debug=netlink', t => {
  t.is(typeNumber(['inet_proto', 'ipv4_addr', 'inet_service']), 0xc1cd);
  t.is(typeLength(['inet_proto', 'ipv4_addr', 'inet_service']), 12);
  t.is(typeLength(['inet_service']), 2);
  t.is(typeLength(['ipv6_addr', 'ifname']), 32);
});

function rank(type: number): number {
  return [nft.NFT_MSG_NEWTABLE, nft.NFT_MSG_NEWSET, nft.NFT_MSG_NEWCHAIN, nft.NFT_MSG_NEWRULE].indexOf(type as never);
}

function withoutSetIds(payload: Uint8Array): Uint8Array {
  const {attributes, ...header} = nft.ruleFormat.decode(payload);
  const expressions = attributes.expressions!.map(expression => {
    if (expression.name !== 'lookup') return expression;
    const {setId: _, ...data} = expression.data as Record<string, unknown>;
    return {...expression, data};
  });
  return nft.ruleFormat.encode({...header, attributes: {...attributes, expressions} as never});
}
