import test from 'ava';
import {KernelError} from '../../../src/errors.ts';
import {
  conntrackFormat,
  decodeConntrack,
  deleteConntrack,
  IPCTNL_MSG_CT_DELETE,
} from '../../../src/kernel/netlink/conntrack.ts';
import type {NetlinkMessage} from '../../../src/kernel/netlink/message.ts';
import type {Answer, NetlinkSocket} from '../../../src/kernel/netlink/socket.ts';
import type {Ip} from '../../../src/model/ip.ts';
import {messagesOf, reencode} from './hex.ts';

// conntrack -L -f ipv4; conntrack -L -f ipv6: one UDP datagram each from lo to lo, port 8080
const entries = {
  v4: 'a400000000012200fcfd046b16080000020000003400018014000180080001007f000001080002007f0000011c000280050001001100000006000200a9b60000060003001f9000003400028014000180080001007f000001080002007f0000011c0002800500010011000000060002001f90000006000300a9b600000800030000000008080008000000000008000c0040a85db708000b0000000001080007000000001d',
  v6: 'd400000000012200fcfd046b1a0800000a0000004c0001802c000180140003000000000000000000000000000000000114000400000000000000000000000000000000011c000280050001001100000006000200ed3f0000060003001f9000004c0002802c000180140003000000000000000000000000000000000114000400000000000000000000000000000000011c0002800500010011000000060002001f90000006000300ed3f00000800030000000008080008000000000008000c00f03f593c08000b0000000001080007000000001d',
} as const;

test('decodeConntrack() reads what conntrack -L reads', t => {
  const [host, client, server] = ['127.0.0.1' as Ip, 0xa9b6, 8080];
  t.deepEqual(decodeConntrack(messagesOf(entries.v4)[0]!), {
    original: {src: host, dst: host, proto: 17, srcPort: client, dstPort: server},
    reply: {src: host, dst: host, proto: 17, srcPort: server, dstPort: client},
    status: 8,
  });
  t.like(decodeConntrack(messagesOf(entries.v6)[0]!).original, {src: '::1' as Ip, dst: '::1' as Ip, dstPort: 8080});
});

for (const [name, hex] of Object.entries(entries)) {
  test(`the conntrack format gives captured bytes again: ${name}`, t => {
    t.is(
      reencode(hex, ({payload}) => conntrackFormat.encode(conntrackFormat.decode(payload))),
      hex,
    );
  });
}

/** A kernel with the two entries above; `filters` as 6.18 does, or refuses as 6.1. */
function fakeSocket({filters}: {filters: boolean}) {
  const deleted: ReturnType<typeof conntrackFormat.decode>[] = [];
  const answer = ({type, payload}: NetlinkMessage): Answer => {
    const decoded = conntrackFormat.decode(payload);
    const refused = decoded.attributes.filter !== undefined && !filters;
    if (type === IPCTNL_MSG_CT_DELETE && !refused) deleted.push(decoded);
    return {error: refused ? new KernelError('no', {errno: 22}) : null, messages: []};
  };
  const socket: Pick<NetlinkSocket, 'dump' | 'requestAll'> = {
    dump: ({payload}) => messagesOf(payload[0] === 2 ? entries.v4 : entries.v6),
    requestAll: messages => messages.map(answer),
  };
  return {socket: socket as NetlinkSocket, deleted};
}

test('deleteConntrack() asks for both families, by protocol and original port', t => {
  const {socket, deleted} = fakeSocket({filters: true});
  deleteConntrack(socket, {proto: 'tcp', port: 443});
  t.deepEqual(
    deleted.map(({family, attributes}) => [family, attributes]),
    [2, 10].map(family => [family, {original: {proto: {number: 6, dstPort: 443}}, filter: {original: 0b101000}}]),
  );
});

test('deleteConntrack() adds an IPv4 address', t => {
  const {socket, deleted} = fakeSocket({filters: true});
  deleteConntrack(socket, {proto: 'udp', port: 53, address: '10.0.0.1' as Ip});
  t.is(deleted.length, 1);
  t.deepEqual(deleted[0]!.attributes.original?.ip, {dst4: '10.0.0.1' as Ip});
  t.is(deleted[0]!.attributes.filter?.original, 0b101010);
});

const oneByOne = [
  ['on a kernel that refuses', false, {proto: 'udp', port: 8080}, 2],
  ['on a kernel that refuses, one family', false, {proto: 'udp', port: 8080, address: '127.0.0.1' as Ip}, 1],
  ['for an IPv6 address, which the kernel inverts', true, {proto: 'udp', port: 8080, address: '::1' as Ip}, 1],
  ['and spares other addresses', true, {proto: 'udp', port: 8080, address: '::2' as Ip}, 0],
  ['and spares other ports', false, {proto: 'udp', port: 8081}, 0],
  ['and spares other protocols, SCTP never filtered', true, {proto: 'sctp', port: 8080}, 0],
] as const;
for (const [name, filters, selector, count] of oneByOne) {
  test(`deleteConntrack() reads, matches and deletes one by one ${name}`, t => {
    const {socket, deleted} = fakeSocket({filters});
    deleteConntrack(socket, selector);
    t.is(deleted.length, count);
    for (const {attributes} of deleted) {
      t.deepEqual(Object.keys(attributes), ['original', 'id']);
      t.is(attributes.original?.proto?.dstPort, selector.port);
    }
  });
}
