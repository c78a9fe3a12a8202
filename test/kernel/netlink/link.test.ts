import test from 'ava';
import {
  addAltname,
  decodeLink,
  delLink,
  delLinksByGroup,
  dumpLinks,
  getLink,
  newLink,
  setLink,
} from '../../../src/kernel/netlink/link.ts';
import {linkFormat} from '../../../src/kernel/netlink/link-message.ts';
import type {NetlinkMessage} from '../../../src/kernel/netlink/message.ts';
import type {Mac} from '../../../src/model/mac.ts';
import {answers, requests} from './captured-route.ts';
import {hexOf, messagesOf, reencode} from './hex.ts';

const mac = (text: string) => text as Mac;
const [docker0, veth1] = [2, 3];

const same: readonly (readonly [string, NetlinkMessage, string])[] = [
  [
    'newLink() bridge',
    newLink({
      name: 'docker0',
      kind: 'bridge',
      mac: mac('02:42:0a:58:00:01'),
      group: 84,
      bridge: {forwardDelayMs: 0, stp: false, multicastSnooping: false},
    }),
    requests.addBridge,
  ],
  [
    'newLink() veth, the peer in another netns',
    newLink({
      name: 'veth1',
      kind: 'veth',
      mtu: 1450,
      master: docker0,
      group: 84,
      up: true,
      peer: {name: 'eth0', mac: mac('02:42:0a:58:00:02'), mtu: 1450, netnsFd: 4},
    }),
    requests.addVeth,
  ],
  ['addAltname()', addAltname(veth1, 'tnet-0123456789ab'), requests.addAltname],
  ['setLink() without IPv6 link-local address', setLink(veth1, {ipv6LinkLocal: false}), requests.setAddrGenMode],
  ['delLink()', delLink(veth1), requests.delLink],
  ['delLinksByGroup()', delLinksByGroup(84), requests.delGroup],
];
for (const [name, message, hex] of same) {
  test(`${name} makes the bytes of its command`, t => {
    const [sent] = messagesOf(hex);
    t.is(hexOf(message.payload), hexOf(sent!.payload));
    // NLM_F_ACK (4) is the socket's; iproute2 also sends CREATE|EXCL|APPEND with properties.
    if (name !== 'addAltname()') t.deepEqual([message.type, message.flags | 4], [sent!.type, sent!.flags]);
  });
}

for (const name of [
  'addBridge',
  'addVeth',
  'setHairpin',
  'addAltname',
  'setAddrGenMode',
  'delLink',
  'delGroup',
] as const) {
  test(`link format gives captured bytes again: ${name}`, t => {
    const hex = requests[name];
    t.is(
      reencode(hex, ({payload}) => linkFormat.encode(linkFormat.decode(payload))),
      hex,
    );
  });
}

test('decodeLink() reads what ip -d link show reads', t => {
  t.deepEqual(decodeLink(messagesOf(answers.link)[0]!), {
    index: veth1,
    name: 'veth1',
    altnames: ['tnet-0123456789ab'],
    kind: 'veth',
    flags: 0x1003,
    hardwareType: 1,
    up: true,
    carrier: false,
    operstate: 'lowerlayerdown',
    mtu: 1450,
    mac: mac('12:41:77:10:ae:df'),
    group: 84,
    masterIndex: docker0,
    peerIndex: 2,
    qdisc: 'noqueue',
    linkNetnsId: 0,
    hairpin: true,
    isolated: false,
    locked: false,
    txQueueLength: 1000,
    neighSuppress: false,
    filtersVlans: false,
    stats: {rxPackets: 0, txPackets: 0, rxBytes: 0, txBytes: 0, rxErrors: 0, txErrors: 0, rxDropped: 0, txDropped: 0},
  });
});

test('the link format keeps what it does not know of an answer', t => {
  const {attributes} = linkFormat.decode(messagesOf(answers.link)[0]!.payload);
  t.true(attributes['#14'] instanceof Uint8Array, 'IFLA_MAP');
  const again = linkFormat.decode(linkFormat.encode({attributes}));
  t.deepEqual(again.attributes, attributes);
  t.deepEqual(Object.keys(again.attributes), Object.keys(attributes));
});

test('names longer than IFNAMSIZ allows go out as altnames', t => {
  t.is(linkFormat.decode(getLink('docker0').payload).attributes.name, 'docker0');
  t.is(linkFormat.decode(getLink('tnet-0123456789ab').payload).attributes.altname, 'tnet-0123456789ab');
});

test('setLink() asks the bridge for hairpin through IFLA_INFO_SLAVE_DATA', t => {
  const {attributes, flags, change} = linkFormat.decode(setLink('veth1', {hairpin: true, up: false}).payload);
  t.deepEqual(attributes.linkInfo, {slaveKind: 'bridge', slaveData: {mode: 1}});
  t.deepEqual([flags, change], [0, 1]);
});

test('dumpLinks() filters in the kernel', t => {
  t.like(linkFormat.decode(dumpLinks({master: 2, kind: 'veth'}).payload).attributes, {
    master: 2,
    linkInfo: {kind: 'veth'},
  });
});
