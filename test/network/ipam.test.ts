import test from 'ava';
import {type Ip, type Prefix, parseIp, parsePrefix} from '../../src/model/ip.ts';
import {allocate, choosePrefix, defaultGateway, defaultPools} from '../../src/network/ipam.ts';

const subnet = (prefix: string, range: string | null = null) => ({
  prefix: parsePrefix(prefix),
  gateway: defaultGateway(parsePrefix(prefix)),
  range: range === null ? null : parsePrefix(range),
  reserved: {},
});
const taken = (...ips: string[]): ReadonlySet<Ip> => new Set(ips.map(parseIp));

test('allocate() gives the lowest free address', t => {
  t.is<string, string>(allocate(subnet('172.17.0.0/16'), taken()), '172.17.0.2');
  t.is<string, string>(allocate(subnet('172.17.0.0/16'), taken('172.17.0.2', '172.17.0.4')), '172.17.0.3');
});

test('allocate() keeps to the range', t =>
  t.is<string, string>(allocate(subnet('10.0.0.0/24', '10.0.0.128/30'), taken('10.0.0.128')), '10.0.0.129'));

test('allocate() fills a /29 to the last address, then refuses', t => {
  const given = new Set<Ip>();
  for (let i = 0; i < 5; i++) given.add(allocate(subnet('10.0.0.0/29'), given));
  t.deepEqual([...given] as string[], ['10.0.0.2', '10.0.0.3', '10.0.0.4', '10.0.0.5', '10.0.0.6']);
  t.throws(() => allocate(subnet('10.0.0.0/29'), given), {
    code: 'ERR_SUBNET_FULL',
    message: /no available IPv4 addresses/,
  });
});

test('allocate() uses both addresses of a /31', t => {
  t.is<string, string>(defaultGateway(parsePrefix('10.0.0.0/31')), '10.0.0.0');
  t.is<string, string>(allocate(subnet('10.0.0.0/31'), taken()), '10.0.0.1');
});

for (const [want, code] of [
  ['172.18.0.2', 'ERR_BAD_REQUEST'],
  ['172.17.0.0', 'ERR_BAD_REQUEST'],
  ['172.17.255.255', 'ERR_BAD_REQUEST'],
  ['fd00::1', 'ERR_BAD_REQUEST'],
  ['172.17.0.1', 'ERR_ADDRESS_IN_USE'],
  ['172.17.0.9', 'ERR_ADDRESS_IN_USE'],
] as const) {
  test(`allocate() refuses the wish ${want} with ${code}`, t =>
    t.throws(() => allocate(subnet('172.17.0.0/16'), taken('172.17.0.9'), parseIp(want)), {code}));
}

test('allocate() grants a free wish outside the range', t =>
  t.is<string, string>(allocate(subnet('10.0.0.0/24', '10.0.0.128/25'), taken(), parseIp('10.0.0.7')), '10.0.0.7'));

test('choosePrefix() takes the first pool that overlaps nothing', t => {
  t.is<string, string>(choosePrefix(defaultPools, []), '172.17.0.0/16');
  t.is<string, string>(choosePrefix(defaultPools, [parsePrefix('172.16.0.0/12')]), '192.168.0.0/20');
  t.is<string, string>(
    choosePrefix(defaultPools, [parsePrefix('172.17.3.0/24'), parsePrefix('172.18.0.0/16')]),
    '172.19.0.0/16',
  );
});

test('choosePrefix() gives 31 networks, then says what to do', t => {
  const used: Prefix[] = [];
  for (let i = 0; i < 31; i++) used.push(choosePrefix(defaultPools, used));
  t.throws(() => choosePrefix(defaultPools, used), {code: 'ERR_SUBNET_FULL', message: /--subnet/});
});
