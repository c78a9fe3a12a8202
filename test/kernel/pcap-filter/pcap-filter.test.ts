import {spawnSync} from 'node:child_process';
import {existsSync} from 'node:fs';
import test from 'ava';
import fc from 'fast-check';
import {compileFilter} from '../../../src/kernel/pcap-filter/compile.ts';
import {parseFilter} from '../../../src/kernel/pcap-filter/parse.ts';
import {encodeProgram, type Instruction} from '../../../src/kernel/pcap-filter/program.ts';
import {interpret} from './interpreter.ts';
import {packets} from './packets.ts';

const options = {link: 'ethernet', snaplen: 262_144, outgoing: false} as const;
const ours = (text: string): readonly Instruction[] => compileFilter(parseFilter(text), options);

/** libpcap's program: `code jt jf k` a line, after a line with their number. What can never be true it refuses. */
function theirs(text: string, link = 'EN10MB'): readonly Instruction[] {
  const {stdout, stderr} = spawnSync('tcpdump', ['-y', link, '-ddd', text], {encoding: 'utf8'});
  if (/expression rejects all packets/.test(stderr)) return [{code: 6, jt: 0, jf: 0, k: 0}];
  const [, ...lines] = stdout.trim().split('\n');
  if (lines.length === 0) throw new Error(`tcpdump refuses "${text}": ${stderr}`);
  return lines.map(line => {
    const [code, jt, jf, k] = line.split(' ').map(Number);
    return {code: code!, jt: jt!, jf: jf!, k: k!};
  });
}

const accepted = (program: readonly Instruction[], of = packets): readonly number[] =>
  of.flatMap((packet, i) => (interpret(program, packet) > 0 ? [i] : []));

const primitives = [
  ...['tcp', 'udp', 'icmp', 'icmp6', 'arp', 'rarp', 'ip', 'ip6', 'sctp', 'igmp', 'esp', 'ah'],
  ...['broadcast', 'ether broadcast', 'multicast', 'ether multicast', 'ip multicast', 'ip6 multicast'],
  ...[
    'host 172.17.0.2',
    'src host 172.17.0.2',
    'dst 172.17.0.2',
    'src 10.0.0.1',
    'ip host 10.0.0.1',
    'arp host 172.17.0.3',
  ],
  ...[
    'src or dst host 172.17.0.2',
    'src and dst net 172.17.0.0/16',
    'host fd00::2',
    'ip6 src host fd00::2',
    'dst net ff00::/8',
  ],
  ...[
    'net 172.17.0.0/16',
    'src net 172.17',
    'net 10',
    'net 172.16.0.0 mask 255.240.0.0',
    'net fd00::/64',
    'net fe80::/10',
  ],
  ...['net 0.0.0.0/0', 'net 10.0.0.1', 'net 192.168.1', 'rarp net 10.0.0.0/8', 'net ::/0'],
  ...['port 80', 'src port 80', 'dst port 53', 'tcp port 80', 'udp dst port domain', 'sctp port 53', 'tcp port http'],
  ...['portrange 80-8080', 'tcp dst portrange 8080-80', 'udp portrange 53-53', 'src and dst port 53'],
  ...['ether host 02:42:ac:11:00:02', 'ether dst 02:42:AC:11:00:03', 'ether src host 02:42:ac:11:00:02'],
  ...[
    'less 60',
    'greater 100',
    'ip proto 47',
    'ip6 proto 58',
    'proto 17',
    'ip proto \\icmp',
    'ether proto 0x88cc',
    'ether proto \\arp',
  ],
] as const;

const compounds = [
  'port 80 or 53 or 8080',
  'tcp dst port (80 or 8080)',
  'host 172.17.0.2 and 172.17.0.3',
  'not host 10.0.0.1 and 192.168.1.7',
  'not (tcp or udp) and ip',
  'tcp or udp and port 53',
  'host 172.17.0.2 and not 172.17.0.3 or arp',
  '!arp && !(tcp port 80 || udp port 53)',
  'not not tcp',
  'src host 172.17.0.2 and (dst port 80 or icmp) and greater 50',
  'ether host 02:42:ac:11:00:02 and not ether multicast',
  'src net 172.17.0.0/16 or dst net 10 or fd00::/64'.replace(' or fd00::/64', ''),
  '(((tcp)))',
  'ip and not net 172.16.0.0/12 and less 500',
] as const;

const hasTcpdump = existsSync('/usr/bin/tcpdump') || existsSync('/usr/sbin/tcpdump');
const compare = hasTcpdump ? test : test.skip;
const reason = hasTcpdump ? '' : ' (no tcpdump here)';

/** libpcap's optimizer changes the order in which joined filters look beyond the end of a packet. */
const wholePackets = packets.filter(packet => packet.length >= 60);

for (const [texts, of] of [
  [primitives, packets],
  [compounds, wholePackets],
] as const) {
  for (const text of texts) {
    compare(`compileFilter() decides on ${of.length} packets as libpcap: ${text}${reason}`, t => {
      t.deepEqual(accepted(ours(text), of), accepted(theirs(text), of));
    });
  }
}

test('the packets tell filters apart: every primitive takes some and leaves some', t => {
  const same = primitives.filter(text => {
    const {length} = accepted(ours(text));
    return length === 0 || length === packets.length;
  });
  t.deepEqual(same, []);
});

const expression = fc.letrec<{tree: string; leaf: string; branch: string}>(tie => ({
  tree: fc.oneof({maxDepth: 4, withCrossShrink: true}, tie('leaf'), tie('branch')),
  leaf: fc.constantFrom(...primitives),
  branch: fc.oneof(
    fc
      .tuple(tie('tree'), fc.constantFrom('and', 'or', '&&', '||'), tie('tree'))
      .map(([l, joint, r]) => `(${l}) ${joint} ${r}`),
    tie('tree').map(inner => `not (${inner})`),
  ),
})).tree;

compare(`compileFilter() decides as libpcap, whatever is joined${reason}`, t => {
  fc.assert(
    fc.property(expression, text => {
      t.deepEqual(accepted(ours(text), wholePackets), accepted(theirs(text), wholePackets), text);
    }),
    {numRuns: 100},
  );
});

compare(`compileFilter() for a device without Ethernet decides as libpcap for RAW${reason}`, t => {
  const cut = packets.filter(packet => packet.length > 14).map(packet => packet.subarray(14));
  const network = primitives.filter(text => !/ether|arp|^broadcast|^multicast/.test(text));
  for (const text of network) {
    const program = compileFilter(parseFilter(text), {...options, link: 'raw'});
    t.deepEqual(accepted(program, cut), accepted(theirs(text, 'RAW'), cut), text);
  }
  t.deepEqual(accepted(compileFilter(parseFilter('ether multicast or arp'), {...options, link: 'raw'}), cut), []);
});

test('compileFilter() keeps snaplen bytes, takes all without words, and with outgoing only what this host sends', t => {
  const [packet] = packets;
  t.is(interpret(compileFilter(parseFilter(''), {...options, snaplen: 96}), packet!), 96);
  const leaving = compileFilter(parseFilter('tcp'), {...options, outgoing: true});
  t.deepEqual(
    [0, 1, 2, 3, 4].map(type => interpret(leaving, packet!, type) > 0),
    [false, false, false, false, true],
  );
});

test('compileFilter() jumps farther than a byte can say', t => {
  const ports = Array.from({length: 120}, (_, i) => 10_000 + i).join(' or ');
  const program = ours(`arp or (ip and (tcp port ${ports}) and less 1000) or port 53`);
  t.true(program.length > 300);
  t.true(program.every(({jt, jf}) => jt <= 255 && jf <= 255));
  t.deepEqual(accepted(program, wholePackets), accepted(ours('arp or port 53'), wholePackets));
  t.is(encodeProgram(program).length, program.length * 8);
});

test('compileFilter() refuses what is too long for the kernel', t => {
  const hosts = Array.from({length: 180}, (_, i) => `10.0.0.${i}`).join(' or ');
  t.throws(() => ours(`host ${hosts}`), {
    instanceOf: RangeError,
    message: /it needs \d+ instructions, the kernel takes 4096/,
  });
});

for (const [text, message] of [
  ['tcp port', 'at its end, after "tcp port": want a port, 0 to 65535, after "port"'],
  ['tcp port htp', 'at character 10, "htp": want a port, 0 to 65535, after "port"'],
  ['port 65536', 'at character 6, "65536": want a port'],
  ['host web', 'at character 6, "web": want an IP address (names are not looked up)'],
  ['host 10.0.0.256', 'at character 6'],
  ['net 10.0.0.1/8', 'at character 5, "10.0.0.1/8": bits outside of the network are set'],
  ['net 10.0.0.0 mask 255.0.255.0', 'at character 19, "255.0.255.0": want a mask'],
  ['(tcp or udp', 'at its end, after "(tcp or udp": want ")"'],
  ['tcp)', 'at character 4, ")": want "and" or "or"'],
  ['tcp udp', 'at character 5, "udp": want "and" or "or"'],
  ['and tcp', 'at character 1, "and": want a protocol'],
  ['tcp and', 'at its end'],
  ['10.0.0.1', 'at character 1, "10.0.0.1": want a protocol, or host'],
  ['icmp port 80', 'has no ports'],
  ['tcp host 10.0.0.1', '"tcp" has no addresses; write "tcp and host'],
  ['ip6 host 10.0.0.1', '"ip6" has no IPv4 addresses'],
  ['ip host ::1', '"ip" has no IPv6 addresses'],
  ['ip broadcast', 'there is no "ip broadcast" here; use "ether broadcast"'],
  ['ether net 10', 'there is no "ether net"'],
  ['ether host 10.0.0.1', 'want a MAC address'],
  ['tcp[13] & 2 != 0', 'at character 4, "[": this sign is not understood'],
  ['less many', 'want a length in bytes after "less"'],
  ['portrange 80', 'want two ports as in 8000-8080'],
  ['vlan 10', 'at character 1, "vlan": want a protocol'],
  ['constructor', 'at character 1'],
  ['port constructor', 'want a port'],
  ['ether proto toString', 'want an Ethernet type'],
  ['()', 'at character 2, ")"'],
  ['x'.repeat(5000), 'more than 4096 characters'],
] as const) {
  test(`parseFilter() refuses with the place: ${text.slice(0, 40)}`, t => {
    const error = t.throws(() => parseFilter(text), {instanceOf: SyntaxError});
    t.true(error.message.startsWith('invalid filter'), error.message);
    t.true(error.message.includes(message), error.message);
    t.false(error.message.includes('\n'));
  });
}

test('parseFilter() survives nesting as deep as its length allows', t => {
  const deep = `${'('.repeat(2000)}tcp${')'.repeat(2000)}`;
  t.deepEqual(parseFilter(deep), parseFilter('tcp'));
  t.deepEqual(accepted(ours(`${'! '.repeat(2000)}tcp`)), accepted(ours('tcp')));
});
