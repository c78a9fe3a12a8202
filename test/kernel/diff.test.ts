import test from 'ava';
import {diff, formatOp, invert, toWorld} from '../../src/kernel/diff.ts';
import type {Item, LinkItem} from '../../src/kernel/item.ts';
import type {NftTable} from '../../src/kernel/netlink/nftables/types.ts';
import type {Ip, Prefix} from '../../src/model/ip.ts';

const link = (name: string, over: Partial<LinkItem> = {}): Item => ({
  ns: '',
  kind: 'link',
  name,
  type: 'bridge',
  up: true,
  group: 1,
  mtu: null,
  mac: null,
  altname: null,
  master: null,
  hairpin: false,
  isolated: false,
  peer: null,
  ...over,
});
const address = (on: string, ip: string): Item => ({
  ns: '',
  kind: 'address',
  link: on,
  address: ip as Ip,
  prefixLength: 24,
});
const sysctl = (path: string, value: string): Item => ({ns: '', kind: 'sysctl', path, value});
const table = (comment: string): Item => ({
  ns: '',
  kind: 'table',
  table: {family: 'inet', name: 'tnet', comment, sets: [], chains: []} satisfies NftTable,
});
const element = (set: string, field: string, data: string[] = []): Item => ({
  ns: '',
  kind: 'element',
  set,
  fields: [field],
  data,
});
const ops = (actual: Item[], want: Item[]): string[] => diff(toWorld(actual), toWorld(want)).map(formatOp);

test('diff() of a world with itself is empty', t =>
  t.deepEqual(ops([link('a'), address('a', '10.0.0.1')], [link('a'), address('a', '10.0.0.1')]), []));

test('diff() adds containers before contents and masters before ports', t => {
  const route: Item = {ns: 'x', kind: 'route', to: '0.0.0.0/0' as Prefix, via: '10.0.0.1' as Ip, link: 'eth0'};
  const want = [
    route,
    address('br', '10.0.0.1'),
    link('v', {type: 'veth', master: 'br'}),
    link('br'),
    sysctl('net/ipv4/conf/br/forwarding', '1'),
    {ns: 'x', kind: 'netns'} as Item,
  ];
  t.deepEqual(ops([], want), [
    'add netns x in x',
    'add link "br" type bridge',
    'add link "v" type veth master br',
    'add sysctl net.ipv4.conf.br.forwarding = 1',
    'add address "10.0.0.1/24" dev br',
    'add route "0.0.0.0/0" via 10.0.0.1 dev eth0 in x',
  ]);
});

test('diff() removes a link alone: the kernel removes what it contains', t => {
  t.deepEqual(ops([link('br'), address('br', '10.0.0.1'), sysctl('net/ipv4/conf/br/forwarding', '1')], []), [
    'del link "br" type bridge',
  ]);
});

test('diff() removes before it adds', t =>
  t.deepEqual(ops([address('br', '10.0.0.1')], [address('br', '10.0.0.2')]), [
    'del address "10.0.0.1/24" dev br',
    'add address "10.0.0.2/24" dev br',
  ]));

test('diff() takes null in a wanted link for "as the kernel chose"', t => {
  t.deepEqual(ops([link('br', {mtu: 1500})], [link('br')]), []);
  t.deepEqual(ops([link('br', {mtu: 1500})], [link('br', {mtu: 1400})]), ['set link "br" type bridge']);
});

test('diff() sets what has another value', t => {
  t.deepEqual(ops([sysctl('net/ipv4/conf/eth0/forwarding', '0')], [sysctl('net/ipv4/conf/eth0/forwarding', '1')]), [
    'set sysctl net.ipv4.conf.eth0.forwarding = 1',
  ]);
  t.deepEqual(ops([element('m', '80', ['10.0.0.2'])], [element('m', '80', ['10.0.0.3'])]), [
    'set element m { 80 : 10.0.0.3 }',
  ]);
});

test('diff() refills a table with a foreign fingerprint', t => {
  t.deepEqual(ops([table('old'), element('s', 'a'), element('s', 'gone')], [table('new'), element('s', 'a')]), [
    'set table inet tnet (new)',
    'add element s { a }',
  ]);
});

test('invert() of an inverted operation is the operation', t => {
  for (const op of diff(toWorld([link('a'), sysctl('x', '0')]), toWorld([link('b'), sysctl('x', '1')])))
    t.deepEqual(invert(invert(op)), op);
});
