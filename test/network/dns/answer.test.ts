import test from 'ava';
import {type Answer, type Packet, RECURSION_DESIRED, type RecordType} from 'dns-packet';
import {parseIp} from '../../../src/model/ip.ts';
import {answer, udpLimit} from '../../../src/network/dns/answer.ts';
import {shuffle} from '../../../src/network/dns/shuffle.ts';
import type {Zone} from '../../../src/network/dns/zone.ts';

const host = (names: string, ...addresses: string[]) => ({names: names.split(' '), addresses: addresses.map(parseIp)});
const zone: Zone = {
  networks: [
    {
      name: 'shop',
      hosts: [
        host('web abc pool', '172.18.0.2', 'fd00::2'),
        host('db pool', '172.18.0.3'),
        host('v6', 'fd00::4'),
        host('w3 pool', '172.18.0.5'),
      ],
    },
  ],
  forwards: true,
};
const inside: Zone = {...zone, forwards: false};
const query = (name: string, type: string, over: Partial<Packet> = {}): Packet => ({
  type: 'query',
  id: 7,
  flags: RECURSION_DESIRED,
  questions: [{name, type: type as RecordType, class: 'IN'}],
  ...over,
});
const opt = (over: object = {}): Answer => ({
  type: 'OPT',
  name: '.',
  udpPayloadSize: 1232,
  extendedRcode: 0,
  ednsVersion: 0,
  flags: 0,
  flag_do: false,
  options: [],
  ...over,
});
const options = {shuffle: <T>(items: readonly T[]) => items, ndots: 0};
const ask = (asked: Packet, where = zone, ndots = 0): Packet => answer(asked, where, {...options, ndots}) as Packet;
/** `NOERROR 172.18.0.2`, `SERVFAIL`, `forward` */
const said = (name: string, type: string, where = zone, ndots = 0): string => {
  const response = answer(query(name, type), where, {...options, ndots});
  if (response === 'forward') return response;
  const rcode = ['NOERROR', 'FORMERR', 'SERVFAIL', 'NXDOMAIN', 'NOTIMP', 'REFUSED'][response.flags! & 15]!;
  return [rcode, ...response.answers!.map(each => ('data' in each ? String(each.data) : ''))].join(' ');
};

const rows: readonly (readonly [name: string, type: string, says: string])[] = [
  ['web', 'A', 'NOERROR 172.18.0.2'],
  ['web', 'AAAA', 'NOERROR fd00::2'],
  ['web', 'ANY', 'NOERROR 172.18.0.2 fd00::2'],
  ['WEB.Shop', 'A', 'NOERROR 172.18.0.2'],
  ['pool', 'A', 'NOERROR 172.18.0.2 172.18.0.3 172.18.0.5'],
  ['db', 'AAAA', 'NOERROR'],
  ['v6', 'A', 'NOERROR'],
  ['web', 'MX', 'NOERROR'],
  ['web', 'TXT', 'NOERROR'],
  ['web', 'UNKNOWN_65', 'NOERROR'],
  ['_http._tcp.web', 'SRV', 'NOERROR'],
  ['_dmarc.web.shop', 'TXT', 'NOERROR'],
  ['2.0.18.172.in-addr.arpa', 'PTR', 'NOERROR web.shop'],
  ['2.0.18.172.in-addr.arpa', 'TXT', 'NOERROR'],
  [`2.${'0.'.repeat(27)}0.0.d.f.ip6.arpa`, 'PTR', 'NOERROR web.shop'],
  ['9.0.18.172.in-addr.arpa', 'PTR', 'forward'],
  ['example.com', 'A', 'forward'],
  ['example', 'A', 'forward'],
  ['_http._tcp.example', 'SRV', 'forward'],
  ['.', 'NS', 'forward'],
];
for (const [name, type, says] of rows)
  test(`answer() to ${name} ${type} is ${says}`, t => {
    t.is(said(name, type), says);
  });

test('answer() on internal networks never forwards, and still knows its names', t => {
  for (const [name, type, says] of rows) t.is(said(name, type, inside), says.replace('forward', 'SERVFAIL'), name);
});

test('answer() with ndots keeps bare unknown names, for A and AAAA alone', t => {
  t.is(said('example', 'A', zone, 1), 'NOERROR');
  t.is(said('example', 'AAAA', zone, 1), 'NOERROR');
  t.is(said('example', 'TXT', zone, 1), 'forward');
  t.is(said('example.com', 'A', zone, 1), 'forward');
  t.is(said('example', 'A', inside, 1), 'SERVFAIL');
  t.is(said('web', 'A', zone, 1), 'NOERROR 172.18.0.2');
});

test('answer() gives back id, question and RD, says RA, not AA, and a TTL of 600 seconds', t => {
  const response = ask(query('wEb', 'A', {id: 99}));
  t.is(response.id, 99);
  t.is(response.type, 'response');
  t.is(response.flags, 0x0180);
  t.deepEqual(response.questions, query('wEb', 'A').questions);
  t.deepEqual(response.answers, [{name: 'wEb', type: 'A', class: 'IN', ttl: 600, data: '172.18.0.2'}]);
  t.is(ask(query('web', 'A', {flags: 0})).flags, 0x0080);
});

test('answer() shuffles the addresses of an alias, each first about as often', t => {
  const first = {'172.18.0.2': 0, '172.18.0.3': 0, '172.18.0.5': 0};
  for (let i = 0; i < 3000; i++) {
    const {answers} = answer(query('pool', 'A'), zone, {shuffle, ndots: 0}) as Packet;
    t.is(answers!.length, 3);
    first[(answers![0] as {data: keyof typeof first}).data]++;
  }
  for (const times of Object.values(first)) t.true(times > 800 && times < 1200, `${times} of 3000`);
});

test('answer() refuses classes other than IN, also for names that are known', t => {
  for (const name of ['web', 'version.bind'])
    t.is(ask(query(name, 'TXT', {questions: [{name, type: 'TXT', class: 'CH'}]})).flags! & 15, 5);
});

test('answer() has an OPT record if and only if the query had one, with its DO bit', t => {
  t.deepEqual(ask(query('web', 'A')).additionals, []);
  const [plain] = ask(query('web', 'A', {additionals: [opt()]})).additionals as {flags: number}[];
  t.is(plain!.flags, 0);
  const [secure] = ask(query('web', 'A', {additionals: [opt({flags: 0x8000})]})).additionals as {flags: number}[];
  t.is(secure!.flags, 0x8000);
});

test('answer() to another version of EDNS is BADVERS, 16', t => {
  const response = ask(query('web', 'A', {additionals: [opt({ednsVersion: 1})]}));
  const [{extendedRcode}] = response.additionals as unknown as [{extendedRcode: number}];
  t.is((extendedRcode << 4) | (response.flags! & 15), 16);
  t.deepEqual(response.answers, []);
});

test('udpLimit() is 512 without EDNS, what it says with it, and 4,096 at most', t => {
  t.is(udpLimit(query('web', 'A')), 512);
  for (const [said, limit] of [
    [0, 512],
    [511, 512],
    [1232, 1232],
    [65535, 4096],
  ])
    t.is(udpLimit(query('web', 'A', {additionals: [opt({udpPayloadSize: said})]})), limit!);
});
