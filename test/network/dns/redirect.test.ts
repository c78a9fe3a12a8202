import test from 'ava';
import * as nft from '../../../src/kernel/netlink/nftables/message.ts';
import {createTable, deleteTable, getTable} from '../../../src/kernel/netlink/nftables/objects.ts';
import {redirectTable} from '../../../src/network/dns/redirect.ts';
import {batches} from '../../kernel/netlink/captured-nftables.ts';
import {hexOf, messagesOf} from '../../kernel/netlink/hex.ts';

const made = createTable(redirectTable({udp: 40000, tcp: 40001}));
const captured = messagesOf(batches.rewrite);

for (const [name, type] of [
  ['table', nft.NFT_MSG_NEWTABLE],
  ['chains', nft.NFT_MSG_NEWCHAIN],
  ['rules', nft.NFT_MSG_NEWRULE],
] as const) {
  test(`redirectTable() makes nft's bytes for the ${name}`, t => {
    const of = (messages: readonly {readonly type: number; readonly payload: Uint8Array}[]) =>
      messages.filter(message => message.type === type).map(({payload}) => hexOf(payload));
    t.true(of(captured).length > 0);
    t.deepEqual(of(made), of(captured));
  });
}

test('deleteTable() and getTable() keep to the family of the table they are given', t => {
  const table = redirectTable({udp: 1, tcp: 2});
  t.deepEqual([deleteTable(table)[0]!.payload[0], getTable(table).payload[0], getTable('tnet').payload[0]], [2, 2, 1]);
});
