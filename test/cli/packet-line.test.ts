import test from 'ava';
import fc from 'fast-check';
import type {Packet} from '../../src/api/pcapng-decode.ts';
import {formatPacket} from '../../src/cli/capture/packet-line.ts';

const packet = (hex: string, over: Partial<Packet> = {}): Packet => {
  const frame = Buffer.from(hex.replace(/\s/g, ''), 'hex');
  return {kind: 'packet', interfaceId: 0, time: 0n, length: frame.length, frame, direction: 'in', ...over};
};

const line = (hex: string, type: 'ethernet' | 'raw' = 'ethernet'): string =>
  formatPacket(packet(hex), {name: 'eth0', type}).replace(/^\S+ eth0 In {2}/, '');

const ether = '0242ac110003 0242ac110002';
const ip4 = (protocol: string, payload: string): string =>
  `45000000 00004000 40${protocol}0000 ac110002 ac110003`.replace(
    '45000000',
    `4500${(20 + payload.replace(/\s/g, '').length / 2).toString(16).padStart(4, '0')}`,
  ) + payload;
const ip6 = (next: string, payload: string): string =>
  `60000000 ${(payload.replace(/\s/g, '').length / 2).toString(16).padStart(4, '0')}${next}40 fd000000000000000000000000000002 fd000000000000000000000000000003 ${payload}`;

for (const [what, hex, expected] of [
  [
    'SYN',
    `${ether} 0800 ${ip4('06', '9c400050 00000001 00000000 5002faf0 00000000')}`,
    'IP 172.17.0.2.40000 > 172.17.0.3.80: Flags [S], seq 1, win 64240, length 0',
  ],
  [
    'data',
    `${ether} 0800 ${ip4('06', '9c400050 00000001 00000007 5018faf0 00000000 414243')}`,
    'IP 172.17.0.2.40000 > 172.17.0.3.80: Flags [P.], seq 1:4, ack 7, win 64240, length 3',
  ],
  ['UDP', `${ether} 0800 ${ip4('11', '00350035 000b0000 414243')}`, 'IP 172.17.0.2.53 > 172.17.0.3.53: UDP, length 3'],
  [
    'ping',
    `${ether} 0800 ${ip4('01', '08000000 00070001')}`,
    'IP 172.17.0.2 > 172.17.0.3: ICMP echo request, id 7, seq 1, length 8',
  ],
  ['GRE', `${ether} 0800 ${ip4('2f', '00000000')}`, 'IP 172.17.0.2 > 172.17.0.3: GREv0, length 4'],
  ['unknown protocol', `${ether} 0800 ${ip4('fd', '00')}`, 'IP 172.17.0.2 > 172.17.0.3: ip-proto-253, length 1'],
  [
    'ARP request',
    'ffffffffffff 0242ac110002 0806 0001080006040001 0242ac110002 ac110002 000000000000 ac110003',
    'ARP, Request who-has 172.17.0.3 tell 172.17.0.2, length 28',
  ],
  [
    'ARP reply',
    `${ether} 0806 0001080006040002 0242ac110003 ac110003 0242ac110002 ac110002`,
    'ARP, Reply 172.17.0.3 is-at 02:42:ac:11:00:03, length 28',
  ],
  [
    'IPv6 TCP',
    `${ether} 86dd ${ip6('06', '9c400050 00000001 00000000 5004faf0 00000000')}`,
    'IP6 fd00::2.40000 > fd00::3.80: Flags [R], seq 1, win 64240, length 0',
  ],
  [
    'neighbor solicitation',
    `${ether} 86dd ${ip6('3a', '87000000 00000000 fd000000000000000000000000000003')}`,
    'IP6 fd00::2 > fd00::3: ICMP6, neighbor solicitation, fd00::3, length 24',
  ],
  [
    'MLD behind hop-by-hop',
    `${ether} 86dd ${ip6('00', '3a00050200000000 8f000000 00000000')}`,
    'IP6 fd00::2 > fd00::3: ICMP6, multicast listener report v2, length 8',
  ],
  [
    'a later fragment',
    `${ether} 86dd ${ip6('2c', '11000008 00000001 41414141')}`,
    'IP6 fd00::2 > fd00::3: frag (offset 8), length 4',
  ],
  [
    'VLAN',
    `${ether} 8100 002a 0800 ${ip4('11', '00350035 00080000')}`,
    'vlan 42, IP 172.17.0.2.53 > 172.17.0.3.53: UDP, length 0',
  ],
  ['LLDP', `${ether} 88cc 0000`, '02:42:ac:11:00:02 > 02:42:ac:11:00:03, ethertype 0x88cc, length 16'],
  ['cut inside TCP', `${ether} 0800 ${ip4('06', '9c4000')}`, 'IP 172.17.0.2 > 172.17.0.3: [|tcp]'],
  ['cut inside IP', `${ether} 0800 4500`, 'IP [|ip]'],
  ['cut inside Ethernet', '0242', '[|ether], length 2'],
] as const) {
  test(`formatPacket() prints ${what} as tcpdump -n`, t => {
    t.is(line(hex), expected);
  });
}

test('formatPacket() reads devices without Ethernet', t => {
  t.is(line(ip4('11', '00350035 00080000'), 'raw'), 'IP 172.17.0.2.53 > 172.17.0.3.53: UDP, length 0');
  t.is(line(ip6('11', '00350035 00080000'), 'raw'), 'IP6 fd00::2.53 > fd00::3.53: UDP, length 0');
});

test('formatPacket() prints microseconds of local time, interface and direction', t => {
  const time = BigInt(new Date(2026, 10, 24, 9, 5, 7).getTime()) * 1_000_000n + 123_456_789n;
  const text = formatPacket(packet(`${ether} 88cc`, {time, direction: 'out'}), {name: 'et\x1bh', type: 'ethernet'});
  t.is(text, '09:05:07.123456 et?h Out 02:42:ac:11:00:02 > 02:42:ac:11:00:03, ethertype 0x88cc, length 14');
});

test('formatPacket() prints one line of plain text for any bytes', t => {
  const types = fc.constantFrom('', '0800', '86dd', '0806', '8100');
  fc.assert(
    fc.property(
      types,
      fc.uint8Array({maxLength: 120}),
      fc.constantFrom('ethernet' as const, 'raw' as const),
      (ethertype, bytes, type) => {
        const hex = `${ethertype === '' ? '' : ether + ethertype}${Buffer.from(bytes).toString('hex')}`;
        t.regex(line(hex, type), /^[\x20-\x7e]+$/);
      },
    ),
    {numRuns: 2000},
  );
});
