import test from 'ava';
import fc from 'fast-check';
import {
  ipFromNumber,
  ipToNumber,
  parseInterfaceAddress,
  parseIp,
  parsePrefix,
  prefixContains,
  prefixesOverlap,
  prefixRange,
} from '../../src/model/ip.ts';
import {macFromIp, parseMac} from '../../src/model/mac.ts';

for (const [text, canonical] of [
  ['172.17.0.2', '172.17.0.2'],
  ['FD00:0:0::1', 'fd00::1'],
  ['::ffff:1.2.3.4', '::ffff:102:304'],
] as const) {
  test(`parseIp() makes ${canonical} of ${text}`, t => t.is<string, string>(parseIp(text), canonical));
}

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4/24',
  '1.2.3.256',
  'fe80::1%eth0',
  ' 1.2.3.4',
  '01.2.3.4',
  'localhost',
  ':::',
]) {
  test(`parseIp() refuses "${text}"`, t => t.throws(() => parseIp(text), {instanceOf: SyntaxError}));
}

test('parsePrefix() clears host bits', t => {
  t.is<string, string>(parsePrefix('172.17.5.9/16'), '172.17.0.0/16');
  t.is<string, string>(parsePrefix('fd00::1/64'), 'fd00::/64');
  t.is<string, string>(parsePrefix('1.2.3.4/0'), '0.0.0.0/0');
});

test('parseInterfaceAddress() keeps host bits and refuses a length that is too long', t => {
  t.deepEqual(parseInterfaceAddress('10.0.0.5/24') as object, {address: '10.0.0.5', prefixLength: 24});
  t.throws(() => parseInterfaceAddress('10.0.0.5/33'), {message: /length over 32/});
  t.throws(() => parseInterfaceAddress('10.0.0.5'), {message: /want address\/length/});
});

test('prefixRange() spans from the network to the broadcast address', t => {
  t.deepEqual(prefixRange(parsePrefix('10.0.0.0/30')), {
    family: 4,
    first: 0x0a000000n,
    last: 0x0a000003n,
    prefixLength: 30,
  });
});

test('prefixContains() and prefixesOverlap() never mix families', t => {
  t.true(prefixContains(parsePrefix('10.0.0.0/8'), parseIp('10.255.0.1')));
  t.false(prefixContains(parsePrefix('10.0.0.0/8'), parseIp('11.0.0.0')));
  t.false(prefixContains(parsePrefix('0.0.0.0/0'), parseIp('::1')));
  t.true(prefixesOverlap(parsePrefix('10.0.0.0/8'), parsePrefix('10.1.0.0/16')));
  t.false(prefixesOverlap(parsePrefix('10.0.0.0/16'), parsePrefix('10.1.0.0/16')));
  t.false(prefixesOverlap(parsePrefix('::/0'), parsePrefix('0.0.0.0/0')));
});

test('ipFromNumber() is the inverse of ipToNumber()', t => {
  fc.assert(fc.property(fc.ipV4(), text => ipFromNumber(ipToNumber(parseIp(text)), 4) === text));
  fc.assert(fc.property(fc.bigInt(0n, (1n << 128n) - 1n), value => ipToNumber(ipFromNumber(value, 6)) === value));
  t.pass();
});

test('macFromIp() is locally administered, unicast and holds the address', t => {
  t.is<string, string>(macFromIp(parseIp('172.17.0.2')), '02:42:ac:11:00:02');
  t.throws(() => parseMac('02:42:ac:11:00'), {message: /invalid MAC/});
});
