import test from 'ava';
import {parseIp} from '../../../src/model/ip.ts';
import {parseReverseName} from '../../../src/network/dns/reverse-name.ts';
import {lookUp, nameOfAddress, type Zone, type ZoneNetwork} from '../../../src/network/dns/zone.ts';

const host = (names: string, ...addresses: string[]) => ({names: names.split(' '), addresses: addresses.map(parseIp)});
const shop: ZoneNetwork = {
  name: 'shop',
  hosts: [
    host('web frontend 0123456789ab', '172.18.0.2', 'fd00::2'),
    host('Db', '172.18.0.3'),
    host('w1 pool', '172.18.0.4'),
    host('w2 POOL', '172.18.0.5'),
  ],
};
const back: ZoneNetwork = {
  name: 'Back.Net',
  hosts: [host('web', '172.19.0.2'), host('db.shop', '172.19.0.3'), host('only', '172.19.0.4')],
};
const zone: Zone = {networks: [shop, back], forwards: true};
const all = (name: string, where = zone): string | null => {
  const found = lookUp(where, name);
  return found && [...found[4], ...found[6]].join(' ');
};

const rows: readonly (readonly [what: string, name: string, addresses: string | null])[] = [
  ['a name', 'web', '172.18.0.2 fd00::2'],
  ['an alias', 'frontend', '172.18.0.2 fd00::2'],
  ['a short id', '0123456789ab', '172.18.0.2 fd00::2'],
  ['any case', 'fRoNtEnD', '172.18.0.2 fd00::2'],
  ['a name that was given in capitals', 'db', '172.18.0.3'],
  ['an alias of two hosts, whatever its case', 'pool', '172.18.0.4 172.18.0.5'],
  ['a name of the second network', 'only', '172.19.0.4'],
  ['a name with its network', 'web.shop', '172.18.0.2 fd00::2'],
  ['a name with another network, which has a dot', 'web.back.net', '172.19.0.2'],
  ['a whole name before one with its network', 'db.shop', '172.19.0.3'],
  ['nothing for a name nobody has', 'nobody', null],
  ['nothing for a network alone', 'shop', null],
  ['nothing for a name on a network that lacks it', 'only.shop', null],
  ['nothing below a known name', 'x.web', null],
  ['nothing for properties of objects', '__proto__', null],
  ['nothing for the root', '.', null],
];
for (const [what, name, addresses] of rows)
  test(`lookUp() finds ${what}`, t => {
    t.is(all(name), addresses);
  });

test('lookUp() takes the first network that knows the name, and merges nothing', t => {
  t.is(all('web', {networks: [back, shop], forwards: true}), '172.19.0.2');
});

test('lookUp() takes a.b on network c before a on network b.c', t => {
  const long = {name: 'b.c', hosts: [host('a', '10.0.0.1')]};
  const short = {name: 'c', hosts: [host('a.b', '10.0.0.2')]};
  t.is(all('a.b.c', {networks: [long, short], forwards: true}), '10.0.0.2');
});

test('lookUp() sees a network that is a new object, and keeps the index of one that is not', t => {
  t.is(all('new'), null);
  (shop.hosts as unknown[]).push(host('new', '172.18.0.9'));
  t.is(all('new'), null, 'the index was built once');
  t.is(all('new', {networks: [{...shop}], forwards: true}), '172.18.0.9');
  (shop.hosts as unknown[]).pop();
});

test('lookUp() of 1,000 hosts is no walk: 10,000 of them in under a second', t => {
  const hosts = Array.from({length: 1000}, (_, i) => host(`c${i} all`, `10.0.${i >> 8}.${i & 255}`));
  const big = {networks: [{name: 'big', hosts}], forwards: true};
  lookUp(big, 'all');
  const begin = performance.now();
  for (let i = 0; i < 10_000; i++) lookUp(big, `c${i % 1000}.big`);
  t.true(performance.now() - begin < 1000);
});

test('nameOfAddress() gives first name and network', t => {
  t.is(nameOfAddress(zone, parseIp('172.18.0.2')), 'web.shop');
  t.is(nameOfAddress(zone, parseIp('fd00::2')), 'web.shop');
  t.is(nameOfAddress(zone, parseIp('172.19.0.2')), 'web.Back.Net');
  t.is(nameOfAddress(zone, parseIp('172.19.0.99')), null);
});

test('nameOfAddress() gives no name that DNS cannot carry: it would be a broken packet', t => {
  const of = (...names: string[]): string | null =>
    nameOfAddress(
      {networks: [{name: 'n', hosts: [{names, addresses: [parseIp('10.0.0.1')]}]}], forwards: true},
      parseIp('10.0.0.1'),
    );
  t.is(of('a'.repeat(63)), `${'a'.repeat(63)}.n`);
  t.is(of('a'.repeat(64), 'short'), 'short.n');
  t.is(of(Array(4).fill('a'.repeat(63)).join('.')), null);
  t.is(of('a..b'), null);
  t.is(of(), null);
});

for (const [name, ip] of [
  ['2.0.18.172.in-addr.arpa', '172.18.0.2'],
  ['2.0.18.172.IN-ADDR.ARPA', '172.18.0.2'],
  [`2.${'0.'.repeat(27)}0.0.d.F.ip6.arpa`, 'fd00::2'],
  ['256.0.18.172.in-addr.arpa', null],
  ['0.18.172.in-addr.arpa', null],
  ['1.2.0.18.172.in-addr.arpa', null],
  ['0.0.d.f.ip6.arpa', null],
  ['in-addr.arpa', null],
  ['web', null],
] as const)
  test(`parseReverseName() ${name} is ${ip}`, t => {
    t.is(parseReverseName(name), ip as ReturnType<typeof parseReverseName>);
  });
