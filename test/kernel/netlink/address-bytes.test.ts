import test from 'ava';
import fc from 'fast-check';
import {ipFromBytes, ipToBytes, macFromBytes, macToBytes} from '../../../src/kernel/netlink/address-bytes.ts';
import {ipFromNumber, parseIp} from '../../../src/model/ip.ts';
import {macFromIp} from '../../../src/model/mac.ts';
import {hexOf} from './hex.ts';

test('ipToBytes() and ipFromBytes() agree with model/ip.ts on IPv4', t => {
  fc.assert(
    fc.property(fc.bigInt({min: 0n, max: 0xffff_ffffn}), value => {
      const ip = ipFromNumber(value, 4);
      t.is(hexOf(ipToBytes(ip)), value.toString(16).padStart(8, '0'));
      t.is(ipFromBytes(ipToBytes(ip)), ip);
    }),
  );
});

test('ipToBytes() and ipFromBytes() agree with model/ip.ts on IPv6', t => {
  const word = fc.oneof(fc.constant(0), fc.integer({min: 0, max: 0xffff}));
  fc.assert(
    fc.property(fc.array(word, {minLength: 8, maxLength: 8}), words => {
      const value = words.reduce((sum, next) => (sum << 16n) | BigInt(next), 0n);
      const ip = ipFromNumber(value, 6);
      t.is(hexOf(ipToBytes(ip)), value.toString(16).padStart(32, '0'));
      t.is(ipFromBytes(ipToBytes(ip)), ip);
    }),
  );
});

const spellings: readonly (readonly [string, string])[] = [
  ['::', '0'.repeat(32)],
  ['::1', `${'0'.repeat(31)}1`],
  ['fe80::', `fe80${'0'.repeat(28)}`],
  ['1:2:3:4:5:6:7:8', '00010002000300040005000600070008'],
  ['::ffff:10.0.0.1', '00000000000000000000ffff0a000001'],
];
for (const [text, hex] of spellings) test(`ipToBytes() takes ${text}`, t => t.is(hexOf(ipToBytes(text)), hex));

for (const text of [
  '',
  '1.2.3',
  '1.2.3.4.5',
  '1.2.3.256',
  '1.2.3.',
  '1.2.3.x',
  '1:2',
  '1::2::3',
  ':::',
  '1:2:3:4:5:6:7:8:9',
  '12345::',
  'g::',
]) {
  test(`ipToBytes() refuses "${text}"`, t => {
    t.throws(() => ipToBytes(text), {instanceOf: SyntaxError});
  });
}

test('ipFromBytes() refuses lengths that are no address', t => {
  t.throws(() => ipFromBytes(new Uint8Array(5)), {instanceOf: RangeError});
});

test('macToBytes() and macFromBytes() are inverse', t => {
  const mac = macFromIp(parseIp('10.88.0.1'));
  t.is(hexOf(macToBytes(mac)), '02420a580001');
  t.is(macFromBytes(Buffer.from(macToBytes(mac))), mac);
  t.is(macFromBytes(Buffer.alloc(0)) as string, '');
  t.throws(() => macToBytes('02:42'.repeat(2)), {instanceOf: SyntaxError});
});
