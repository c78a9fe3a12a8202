import test from 'ava';
import {decodeElements, deleteElements} from '../../../src/kernel/netlink/nftables/elements.ts';
import * as nft from '../../../src/kernel/netlink/nftables/message.ts';
import {createTable} from '../../../src/kernel/netlink/nftables/objects.ts';
import type {NftRule, NftSet, NftTable} from '../../../src/kernel/netlink/nftables/types.ts';
import {trafficChains, trafficSets} from '../../../src/network/firewall/traffic.ts';
import {countingBatch, mapAnswer, setAnswer} from './captured-counters.ts';
import {messagesOf, reencode} from './hex.ts';

const published: NftSet = {
  name: 'published4-any',
  key: ['inet_proto', 'inet_service'],
  data: ['ipv4_addr', 'inet_service'],
  interval: false,
  counter: true,
};
const traffic4 = trafficSets.find(({name}) => name === 'traffic4')!;
const isFor = (set: string, proto: number) => (rule: NftRule) =>
  rule.exprs.some(expr => expr.expr === 'lookup' && expr.set === set) &&
  rule.exprs.some(expr => expr.expr === 'cmp' && expr.data[0] === proto);
const rules = trafficChains.flatMap(chain => chain.rules).filter(isFor('traffic4', 6));
const table: NftTable = {
  family: 'inet',
  name: 'tnet',
  comment: '',
  sets: [published, traffic4],
  chains: [{name: 'traffic', hook: null, rules}],
};

const formats = new Map([
  [nft.NFT_MSG_NEWSET, nft.setFormat],
  [nft.NFT_MSG_NEWRULE, nft.ruleFormat],
  [nft.NFT_MSG_NEWSETELEM, nft.elementsFormat],
]);

test('counting sets, elements and rules: encoding what was decoded gives the same bytes', t => {
  const again = reencode(countingBatch, ({type, payload}) => {
    const format = formats.get(type);
    return format === undefined ? payload : format.encode(format.decode(payload) as never);
  });
  t.is(again, countingBatch);
});

const of = (type: number) => ({
  ours: createTable(table).filter(message => message.type === type),
  theirs: messagesOf(countingBatch).filter(message => message.type === type),
});

test("createTable() makes nft's rule that counts, but for the id of the set", t => {
  const {ours, theirs} = of(nft.NFT_MSG_NEWRULE);
  const expressions = ({payload}: {readonly payload: Uint8Array}) =>
    nft.ruleFormat.decode(payload).attributes.expressions?.map(({name, data}) => {
      const {setId: _, ...rest} = {...data} as Record<string, unknown>;
      return {name, data: rest};
    });
  t.is(ours.length, 1);
  t.deepEqual(ours.map(expressions), theirs.map(expressions));
});

test("createTable() makes nft's counting sets, but for ids and nft's notes on concatenations", t => {
  const {ours, theirs} = of(nft.NFT_MSG_NEWSET);
  const essence = ({payload}: {readonly payload: Uint8Array}) => {
    const {id: _, desc: __, userdata: ___, ...rest} = nft.setFormat.decode(payload).attributes;
    return rest;
  };
  t.deepEqual(ours.map(essence), theirs.map(essence));
  t.is(essence(ours[0]!).expression?.name, 'counter');
});

test('decodeElements() reads counters, of more than 4 GiB too', t => {
  t.deepEqual(decodeElements(messagesOf(mapAnswer), published), [
    {set: 'published4-any', fields: ['tcp', '8080'], data: ['10.0.0.2', '80'], counter: {packets: 7, bytes: 420}},
  ]);
  t.deepEqual(decodeElements(messagesOf(setAnswer), traffic4), [
    {set: 'traffic4', fields: ['udp', '53', 'reply', '127.0.0.1'], data: [], counter: {packets: 3, bytes: 5e9}},
  ]);
});

test('deleteElements() takes an element as it was read', t => {
  const [element] = decodeElements(messagesOf(mapAnswer), published);
  const [message] = deleteElements('tnet', published, [element!]);
  t.deepEqual(Object.keys(nft.elementsFormat.decode(message!.payload).attributes.elements![0]!), ['key', 'data']);
});
