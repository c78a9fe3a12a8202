import test from 'ava';
import {decodeHeaders, packetLength} from '../../../src/kernel/trace/headers.ts';
import {decodeIcmp, encodeEchoRequest} from '../../../src/kernel/trace/icmp.ts';
import type {Ip} from '../../../src/model/ip.ts';

const bytes = (hex: string): Buffer => Buffer.from(hex.replaceAll(' ', ''), 'hex');
// read(2) of a raw ICMP socket after `ping 127.0.0.1`: IPv4 header, echo reply
const reply = bytes('45000021d36400004001a9757f0000017f000001 0000c403123400016162636465');
// an ICMP "port unreachable" about a UDP datagram 127.0.0.1:36688 → 127.0.0.1:9
const quoted = '4500001f9c1840004011a0b37f0000017f000001 8f500009000bfe1e686900';
const unreachable = bytes(`45c0003b00004000400100007f0000017f000001 0303000000000000 ${quoted}`);

test('encodeEchoRequest() makes a packet whose checksum is right', t => {
  const packet = Buffer.from(encodeEchoRequest(4, 0x1234, 17));
  t.is(packet.toString('hex', 0, 8), '0800e5ca12340001');
  let sum = 0;
  for (let at = 0; at < packet.length; at += 2) sum += packet.readUInt8(at) * 256 + (packet[at + 1] ?? 0);
  t.is((sum & 0xffff) + (sum >> 16), 0xffff);
  t.is(encodeEchoRequest(6, 1, 8)[0], 128);
});

test('decodeIcmp() reads replies and errors, and nothing else', t => {
  t.deepEqual(decodeIcmp(reply, 4), {kind: 'echo reply', from: '127.0.0.1' as Ip, id: 0x1234});
  const error = decodeIcmp(unreachable, 4);
  t.like(error, {kind: 'error', what: 'port unreachable', from: '127.0.0.1' as Ip});
  t.like(error?.kind === 'error' ? error.about : null, {sport: 36688, dport: 9});
  t.is(decodeIcmp(bytes('450000140000000040010000 7f0000017f000001'), 4), null);
  t.deepEqual(decodeIcmp(bytes('8100000000070001'), 6), {kind: 'echo reply', from: null, id: 7});
  t.is(decodeIcmp(bytes('8800000000000000'), 6), null); // a neighbour advertisement
});

test('decodeHeaders() reads IPv6, and leaves out what was cut off', t => {
  const header = `6000000000281140 ${'fd00'.padEnd(32, '0')} ${'fd00'.padEnd(31, '0')}1`;
  t.like(decodeHeaders(bytes(header), bytes('8f50003500080000')), {
    family: 6,
    protocol: 17,
    saddr: 'fd00::' as Ip,
    daddr: 'fd00::1' as Ip,
    dport: 53,
  });
  t.like(decodeHeaders(bytes(header), null), {sport: null, dport: null});
  t.is(decodeHeaders(bytes('00'), null), null);
  t.is(packetLength(bytes(header)), 80);
});
