import test from 'ava';
import {decodeEvents, decodeGeneration, eventTable} from '../../../src/kernel/netlink/monitor.ts';
import {chainFormat, ruleFormat} from '../../../src/kernel/netlink/nftables/message.ts';
import {answers, requests} from './captured-route.ts';
import {bytesOf} from './hex.ts';

// What `nft monitor` read while, by another process:
// nft add table inet tnet; nft add element inet tnet s { "a" }; nft add table ip tnet; nft delete table inet tnet
const datagrams = [
  '3c000000000a000001000000230800000100000209000100746e65740000000008000300000000000c00040000000000000000010800020000000000',
  '480000000c0a000400000000250800000100000409000100746e6574000000000600020073000000200003001c000100180001001400010061000000000000000000000000000000',
  '3c000000000a000001000000260800000200000509000100746e65740000000008000300000000000c00040000000000000000020800020000000000',
  '340000000b0a000001000000270800000100000609000100746e65740000000006000200730000000c001000000000000000000134000000020a000001000000270800000100000609000100746e65740000000008000300000000000c0004000000000000000001',
  '2c0000000f0a000001000000270800000000000608000100000000060800020000000827080003006e667400',
].map(bytesOf);

test('decodeEvents() and eventTable() tell what happened to which table', t => {
  t.deepEqual(
    decodeEvents(datagrams).map(event => [event.event, event.object, eventTable(event)]),
    [
      ['new', 'table', 'tnet'],
      ['new', 'element', 'tnet'],
      ['new', 'table', 'ip tnet'],
      ['del', 'set', 'tnet'],
      ['del', 'table', 'tnet'],
      ['new', 'generation', null],
    ],
  );
});

// What else they have under the numbers of an element's attributes is no list: it was taken for one, and a foreign table's
// every change for a change of ours.
test('eventTable() reads chains and rules', t => {
  const message = (payload: Uint8Array) => ({type: 0, flags: 0, sequence: 0, portId: 0, payload: Buffer.from(payload)});
  const chain = chainFormat.encode({family: 1, attributes: {table: 'tnet', name: 'prerouting'}});
  const rule = ruleFormat.encode({
    family: 2,
    attributes: {table: 'nat', chain: 'x', handle: bytesOf('00000000000000ff')},
  });
  t.is(eventTable({event: 'new', object: 'chain', message: message(chain)}), 'tnet');
  t.is(eventTable({event: 'new', object: 'nft rule', message: message(rule)}), 'ip nat');
});

test('decodeGeneration() names the process', t => {
  const generation = decodeEvents(datagrams).find(({object}) => object === 'generation')!;
  t.deepEqual(decodeGeneration(generation.message), {id: 6, pid: 0x827, process: 'nft'});
});

test('decodeEvents() knows rtnetlink, and leaves out the rest', t => {
  const events = decodeEvents([answers.addresses, answers.routes4, answers.link, requests.delLink].map(bytesOf));
  t.deepEqual(
    events.map(({event, object}) => `${event} ${object}`),
    ['new address', 'new address', 'new route', 'new route', 'new route', 'new link', 'del link'],
  );
  t.deepEqual(decodeEvents([bytesOf('14000000030002000000000000000000000000')].slice(1)), []);
});
