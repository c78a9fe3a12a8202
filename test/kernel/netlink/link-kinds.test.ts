import test from 'ava';
import {decodeFdb, delFdb, newFdb} from '../../../src/kernel/netlink/fdb.ts';
import {newLink} from '../../../src/kernel/netlink/link.ts';
import {linkFormat} from '../../../src/kernel/netlink/link-message.ts';
import type {NetlinkMessage} from '../../../src/kernel/netlink/message.ts';
import {neighFormat} from '../../../src/kernel/netlink/neigh.ts';
import type {Ip} from '../../../src/model/ip.ts';
import type {Mac} from '../../../src/model/mac.ts';
import {hexOf, messagesOf, reencode} from './hex.ts';

/** What iproute2 6.1 sent, captured as those of captured-route.ts; p1 is link 2, p0 3, vx0 5, vx6 6. */
const anyMac = '00:00:00:00:00:00' as Mac;
const rows: readonly (readonly [command: string, ours: NetlinkMessage, hex: string])[] = [
  [
    'ip link add tn-0123456789ab link p0 address 02:42:0a:58:00:02 mtu 1450 group 84 netns c1 type macvlan mode bridge',
    newLink({
      name: 'tn-0123456789ab',
      kind: 'macvlan',
      lower: 3,
      mode: 'bridge',
      mtu: 1450,
      mac: '02:42:0a:58:00:02' as Mac,
      group: 84,
      netnsFd: 4,
    }),
    '7c00000010000506506f056b00000000000000000000000000000000000000000a00010002420a580002000008000400aa05000008001b005400000008001c0004000000080005000300000014000300746e2d303132333435363738396162001c0012000b0001006d6163766c616e000c0002000800010004000000',
  ],
  [
    'ip link add mv1 link p0 type macvlan mode private',
    newLink({name: 'mv1', kind: 'macvlan', lower: 3, mode: 'private'}),
    '4c00000010000506506f056b00000000000000000000000000000000000000000800050003000000080003006d7631001c0012000b0001006d6163766c616e000c0002000800010001000000',
  ],
  [
    'ip link add iv0 link p1 group 84 type ipvlan mode l3 private',
    newLink({name: 'iv0', kind: 'ipvlan', lower: 2, mode: 'l3', flag: 'private', group: 84}),
    '5c00000010000506506f056b000000000000000000000000000000000000000008001b005400000008000500020000000800030069763000240012000a0001006970766c616e00001400020006000100010000000600020001000000',
  ],
  [
    'ip link add p0.50 link p0 group 84 type vlan id 50',
    newLink({name: 'p0.50', kind: 'vlan', lower: 3, vlanId: 50, group: 84}),
    '5400000010000506506f056b000000000000000000000000000000000000000008001b005400000008000500030000000a00030070302e35300000001800120008000100766c616e0c0002000600010032000000',
  ],
  [
    'ip link add vx0 mtu 1450 group 84 type vxlan id 100 local 10.0.0.1 dstport 4789 learning',
    newLink({
      name: 'vx0',
      kind: 'vxlan',
      mtu: 1450,
      group: 84,
      vxlan: {vni: 100, local: '10.0.0.1' as Ip, port: 4789, learning: true},
    }),
    '6c00000010000506516f056b000000000000000000000000000000000000000008000400aa05000008001b00540000000800030076783000340012000900010076786c616e000000240002000800010064000000080004000a000001050007000100000006000f0012b50000',
  ],
  [
    'ip link add vx6 type vxlan id 101 local fd00::1 dstport 4790 learning',
    newLink({
      name: 'vx6',
      kind: 'vxlan',
      vxlan: {vni: 101, local: 'fd00::1' as Ip, port: 4790, learning: true},
    }),
    '6800000010000506516f056b00000000000000000000000000000000000000000800030076783600400012000900010076786c616e00000030000200080001006500000014001100fd000000000000000000000000000001050007000100000006000f0012b60000',
  ],
  [
    'ip link add dm-0 group 84 type dummy',
    newLink({name: 'dm-0', kind: 'dummy', group: 84}),
    '4400000010000506516f056b000000000000000000000000000000000000000008001b005400000009000300646d2d3000000000100012000900010064756d6d79000000',
  ],
  [
    'bridge fdb append 00:00:00:00:00:00 dst 10.0.0.2 dev vx0 self permanent',
    newFdb({index: 5, mac: anyMac, to: '10.0.0.2' as Ip}),
    '300000001c00050c526f056b000000000700000005000000c00002000a0002000000000000000000080001000a000002',
  ],
  [
    'bridge fdb append 00:00:00:00:00:00 dst fd00::2 dev vx6 self permanent',
    newFdb({index: 6, mac: anyMac, to: 'fd00::2' as Ip}),
    '3c0000001c00050c526f056b000000000700000006000000c00002000a000200000000000000000014000100fd000000000000000000000000000002',
  ],
  [
    'bridge fdb del 00:00:00:00:00:00 dst 10.0.0.2 dev vx0 self',
    delFdb({index: 5, mac: anyMac, to: '10.0.0.2' as Ip}),
    '300000001d000500526f056b000000000700000005000000c00002000a0002000000000000000000080001000a000002',
  ],
];

for (const [command, message, hex] of rows) {
  test(`${command}: the same bytes`, t => {
    const [sent] = messagesOf(hex);
    t.is(hexOf(message.payload), hexOf(sent!.payload));
    // NLM_F_ACK (4) is the socket's.
    t.deepEqual([message.type, message.flags | 4], [sent!.type, sent!.flags]);
  });

  test(`${command}: decoded and encoded again`, t => {
    const format = command.startsWith('bridge') ? neighFormat : linkFormat;
    t.is(
      reencode(hex, ({payload}) => format.encode(format.decode(payload))),
      hex,
    );
  });
}

test('decodeFdb() gives the peers, and neither learned entries nor the bridge’s own', t => {
  const entry = (over: Parameters<typeof neighFormat.encode>[0]) => ({
    type: 28,
    flags: 2,
    sequence: 0,
    portId: 0,
    payload: Buffer.from(neighFormat.encode({family: 7, index: 5, ...over})),
  });
  const mac = '02:42:0a:58:00:02' as Mac;
  t.deepEqual(
    decodeFdb([
      entry({state: 0x80, attributes: {mac: anyMac, dst: '10.0.0.2' as Ip}}),
      entry({state: 0x02, attributes: {mac, dst: '10.0.0.2' as Ip}}),
      entry({state: 0x80, attributes: {mac}}),
    ]),
    [{index: 5, mac: anyMac, to: '10.0.0.2' as Ip}],
  );
});
