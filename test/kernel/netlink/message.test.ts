import test from 'ava';
import fc from 'fast-check';
import {
  decodeDone,
  decodeError,
  decodeMessages,
  encodeMessages,
  NLMSG_DONE,
  NLMSG_ERROR,
} from '../../../src/kernel/netlink/message.ts';
import {bytesOf, hexOf, messagesOf} from './hex.ts';

// ip route add 10.0.0.0/8 via 1.2.3.4
const refusedRoute =
  '600000000200000241fc046b015d00009bffffff2c0000001800050641fc046b0000000002080000fe03000100000000080001000a0000000800050001020304200001004e657874686f702068617320696e76616c6964206761746577617900';
// ip link add lo type bridge (no NETLINK_CAP_ACK: the request follows)
const refusedLink =
  '4c0000000200000041fc046b055d0000efffffff380000001000050641fc046b0000000000000000000000000000000000000000070003006c6f0000100012000a0001006272696467650000';
// ip link add br0 type bridge
const acknowledged = '2400000002000001d7f6046b061a0000000000005800000010000506d7f6046b00000000';

test('decodeError() reads errno and the extended ack', t => {
  const [message] = messagesOf(refusedRoute);
  t.is(message!.type, NLMSG_ERROR);
  t.deepEqual(decodeError(message!), {errno: 101, extack: 'Nexthop has invalid gateway', offset: null});
});

test('decodeError() reads an error without extended ack, and an acknowledgement', t => {
  t.deepEqual(decodeError(messagesOf(refusedLink)[0]!), {errno: 17, extack: null, offset: null});
  t.deepEqual(decodeError(messagesOf(acknowledged)[0]!), {errno: 0, extack: null, offset: null});
});

test('decodeError() finds the attributes behind a capped request, and the offset', t => {
  // nlmsghdr, error -17, the request's header, NLMSGERR_ATTR_OFFS, NLMSGERR_ATTR_MSG
  const parts = [
    '34000000020000030100000000000000',
    'efffffff',
    '80000000180005060100000000000000',
    '0800020038000000',
    '0600010078000000',
  ];
  t.deepEqual(decodeError(messagesOf(parts.join(''))[0]!), {errno: 17, extack: 'x', offset: 56});
});

test('decodeError() refuses a short payload', t => {
  const [message] = messagesOf(acknowledged);
  t.throws(() => decodeError({...message!, payload: message!.payload.subarray(0, 8)}), {instanceOf: RangeError});
});

test('decodeDone() reads what stopped a dump', t => {
  const header = {type: NLMSG_DONE, flags: 2, sequence: 1, portId: 0};
  t.is(decodeDone({...header, payload: bytesOf('00000000')}).errno, 0);
  t.is(decodeDone({...header, payload: bytesOf('a1ffffff')}).errno, 95);
  t.is(decodeDone({...header, payload: bytesOf('')}).errno, 0);
});

test('decodeMessages() reads several messages of one datagram', t => {
  const messages = messagesOf(acknowledged + refusedRoute);
  t.deepEqual(
    messages.map(({type, sequence, portId, payload}) => [type, sequence, portId, payload.length]),
    [
      [2, 0x6b04f6d7, 6662, 20],
      [2, 0x6b04fc41, 23809, 80],
    ],
  );
});

for (const [name, hex] of [
  ['a short header', '1400000010'],
  ['a length under the header', `0f000000${'00'.repeat(12)}`],
  ['a length past the end', `15000000${'00'.repeat(16)}`],
  ['a length of zero', '00'.repeat(16)],
] as const) {
  test(`decodeMessages() refuses ${name}`, t => {
    t.throws(() => messagesOf(hex), {instanceOf: RangeError, message: /invalid netlink message at byte 0/});
  });
}

test('encodeMessages() pads and numbers', t => {
  const message = {type: 16, flags: 1, payload: Uint8Array.of(1, 2, 3)};
  t.is(
    hexOf(encodeMessages([message, message], 7)),
    `13000000100001000700000000000000010203001300000010000100080000000000000001020300`,
  );
});

const messages = fc.array(
  fc.record({type: fc.nat(0xffff), flags: fc.nat(0xffff), payload: fc.uint8Array({maxLength: 60})}),
  {maxLength: 5},
);

test('decodeMessages(encodeMessages(x)) is x', t => {
  fc.assert(
    fc.property(messages, fc.nat(0xffff_0000), (input, sequence) => {
      const output = decodeMessages(encodeMessages(input, sequence, 9));
      t.deepEqual(
        output.map(({payload, ...rest}) => ({...rest, payload: [...payload]})),
        input.map(({payload, ...rest}, i) => ({...rest, sequence: sequence + i, portId: 9, payload: [...payload]})),
      );
    }),
  );
});

test('decodeMessages() of any bytes ends, and throws nothing but RangeError', t => {
  fc.assert(
    fc.property(fc.uint8Array({maxLength: 100}), input => {
      try {
        decodeMessages(input)
          .filter(({type}) => type === NLMSG_ERROR)
          .map(decodeError);
        t.pass();
      } catch (error) {
        t.true(error instanceof RangeError, String(error));
      }
    }),
    {numRuns: 2000},
  );
});
