import test from 'ava';
import {KernelError} from '../../../src/errors.ts';
import {
  decodeMessages,
  encodeMessages,
  type NetlinkMessage,
  NLMSG_DONE,
  NLMSG_ERROR,
  type ReceivedMessage,
} from '../../../src/kernel/netlink/message.ts';
import {openNetlinkSocket} from '../../../src/kernel/netlink/socket.ts';

type Reply = (messages: readonly ReceivedMessage[]) => readonly Uint8Array[];

const fd = 42;
const message: NetlinkMessage = {type: 16, flags: 1, payload: Uint8Array.of(1, 2, 3, 4)};
const named = (what: string): NetlinkMessage => ({...message, what});

/** A kernel that answers as told, one function a request, and remembers what it was asked. */
function fakeNative(...replies: readonly Reply[]) {
  const asked: ReceivedMessage[][] = [];
  const closed: number[] = [];
  let opened = fd;
  const answer = (bytes: Uint8Array) => {
    asked.push(decodeMessages(bytes));
    return [...replies[Math.min(asked.length, replies.length) - 1]!(asked.at(-1)!)];
  };
  const native = {
    openNetlink: () => opened++,
    request: (_: number, bytes: Uint8Array) => answer(bytes),
    requestAsync: async (_: number, bytes: Uint8Array) => answer(bytes),
  };
  const socket = openNetlinkSocket({native, protocol: 'route', close: closing => closed.push(closing)});
  return {socket, asked, closed};
}

function status(type: number, errno: number, {sequence, extack = ''}: {sequence: number; extack?: string}): Uint8Array {
  const payload = Buffer.alloc(type === NLMSG_DONE ? 4 : 20);
  payload.writeInt32LE(-errno);
  if (type === NLMSG_ERROR) payload.writeUInt32LE(16, 4);
  const text = Buffer.from(`${extack}\0`);
  const attribute = Buffer.concat([Buffer.from([text.length + 4, 0, 1, 0]), text, Buffer.alloc(-text.length & 3)]);
  const whole = extack === '' ? payload : Buffer.concat([payload, attribute]);
  return encodeMessages([{type, flags: extack === '' ? 0x100 : 0x300, payload: whole}], sequence);
}
const ack = (sequence: number) => status(NLMSG_ERROR, 0, {sequence});
const refuse = (errno: number, sequence: number, extack?: string) =>
  status(NLMSG_ERROR, errno, extack === undefined ? {sequence} : {sequence, extack});
const object = (sequence: number, flags = 0, value = 9) =>
  encodeMessages([{type: 16, flags, payload: Uint8Array.of(value, 0, 0, 0)}], sequence);
const done = (sequence: number, errno = 0) => status(NLMSG_DONE, errno, {sequence});

test('request() asks for an acknowledgement and numbers its messages', t => {
  const {socket, asked} = fakeNative(sent => [ack(sent[0]!.sequence)]);
  socket.request(message);
  socket.request(message);
  t.deepEqual(
    asked.map(([sent]) => [sent!.sequence, sent!.flags]),
    [
      [1, 5],
      [2, 5],
    ],
  );
});

test('request() returns what came besides the acknowledgement, and ignores late answers to others', t => {
  const {socket} = fakeNative(sent => [object(77), object(sent[0]!.sequence), ack(sent[0]!.sequence), refuse(17, 76)]);
  t.deepEqual(
    socket.request(message).map(({payload}) => payload[0]),
    [9],
  );
});

test('request() throws what the kernel says, in words', t => {
  const {socket} = fakeNative(sent => [refuse(17, sent[0]!.sequence, 'Address already assigned')]);
  const error = t.throws(() => socket.request(message, 'add address "10.88.0.1/16" to "docker0"'), {
    instanceOf: KernelError,
  })!;
  t.is(error.message, 'Cannot add address "10.88.0.1/16" to "docker0": File exists (Address already assigned)');
  t.like(error, {code: 'ERR_KERNEL', errno: 17, extack: 'Address already assigned'});
  t.like(error.cause, {index: 0, offset: null});
});

test('request() takes the words of the message when it gets none', t => {
  const {socket} = fakeNative(sent => [refuse(19, sent[0]!.sequence)]);
  t.throws(() => socket.request(named('find link "x"')), {message: 'Cannot find link "x": No such device'});
  t.throws(() => socket.request(message), {message: 'Cannot do a netlink request: No such device'});
});

test('request() does not take silence for success', t => {
  const {socket} = fakeNative(sent => [object(sent[0]!.sequence)]);
  t.throws(() => socket.request(message, 'do it'), {
    message: 'Cannot do it: Input/output error (the answer ended early)',
  });
});

for (const [errno, text] of [
  [105, /^Cannot do it: No buffer space available \(the answer overflowed/],
  [11, /^Cannot do it: Resource temporarily unavailable/],
  [110, /^Cannot do it: Connection timed out \(the kernel did not answer/],
  [90, /^Cannot do it: Message too long/],
] as const) {
  test(`request() explains errno ${errno} of the system call`, t => {
    const cause = Object.assign(new Error('send'), {errno, code: 'E'});
    const {socket} = fakeNative(() => {
      throw cause;
    });
    const error = t.throws(() => socket.request(message, 'do it'), {instanceOf: KernelError, message: text})!;
    t.is(error.cause, cause);
    t.is(error.errno, errno);
  });
}

test('request() passes on what is no system error', t => {
  const {socket} = fakeNative(() => {
    throw new TypeError('no buffer');
  });
  t.throws(() => socket.request(message), {instanceOf: TypeError});
});

test('requestAll() sends one datagram and answers each message', t => {
  const {socket, asked} = fakeNative(sent => [
    ack(sent[0]!.sequence),
    refuse(17, sent[1]!.sequence),
    object(sent[2]!.sequence),
    ack(sent[2]!.sequence),
  ]);
  const answers = socket.requestAll([message, named('make the second'), message], undefined);
  t.is(asked.length, 1);
  t.deepEqual(
    answers.map(({error, messages}) => [error?.message ?? null, messages.length]),
    [
      [null, 0],
      ['Cannot make the second: File exists', 0],
      [null, 1],
    ],
  );
  t.is((answers[1]!.error!.cause as {index: number}).index, 1);
  t.deepEqual(socket.requestAll([]), []);
});

test('requestAll() sends long lists in parts, so that the acknowledgements fit the receive buffer', t => {
  const {socket, asked} = fakeNative(sent =>
    sent.map(({sequence}) => (sequence === 150 ? refuse(17, sequence) : ack(sequence))),
  );
  const answers = socket.requestAll(Array.from({length: 200}, () => message));
  t.deepEqual(
    asked.map(({length}) => length),
    [64, 64, 64, 8],
  );
  t.is(
    answers.findIndex(({error}) => error !== null),
    149,
  );
  t.is((answers[149]!.error!.cause as {index: number}).index, 149);
});

test('dump() gathers several datagrams', t => {
  const {socket, asked} = fakeNative(([first]) => [
    object(first!.sequence, 2, 1),
    object(first!.sequence, 2, 2),
    done(first!.sequence),
  ]);
  t.deepEqual(
    socket.dump(message).map(({payload}) => payload[0]),
    [1, 2],
  );
  t.is(asked[0]![0]!.flags, 0x301);
});

test('dump() is repeated when it was torn', t => {
  const torn: Reply = ([first]) => [object(first!.sequence, 0x12, 1), done(first!.sequence)];
  const whole: Reply = ([first]) => [object(first!.sequence, 2, 2), done(first!.sequence)];
  const {socket, asked} = fakeNative(torn, torn, whole);
  t.deepEqual(
    socket.dump(message).map(({payload}) => payload[0]),
    [2],
  );
  t.is(asked.length, 3);
});

test('dump() gives up on one that is always torn', t => {
  const {socket, asked} = fakeNative(([first]) => [done(first!.sequence), object(first!.sequence, 0x10)]);
  t.throws(() => socket.dump(message, 'read the links'), {
    message: 'Cannot read the links: Interrupted system call (changed during 10 dumps)',
  });
  t.is(asked.length, 10);
});

test('dump() throws the error of NLMSG_DONE and of NLMSG_ERROR', t => {
  const {socket} = fakeNative(
    ([first]) => [object(first!.sequence, 2), done(first!.sequence, 95)],
    ([first]) => [refuse(22, first!.sequence, 'Invalid header')],
    ([first]) => [object(first!.sequence, 2)],
  );
  t.throws(() => socket.dump(message, 'read'), {message: 'Cannot read: Operation not supported'});
  t.throws(() => socket.dump(message, 'read'), {message: 'Cannot read: Invalid argument (Invalid header)'});
  t.throws(() => socket.dump(message, 'read'), {message: /the answer ended early/});
});

test('batch() is one datagram in brackets, with one acknowledgement', t => {
  const {socket, asked} = fakeNative(sent => [ack(sent.at(-2)!.sequence)]);
  socket.batch([message, message, message]);
  socket.batch([]);
  t.is(asked.length, 1);
  t.deepEqual(
    asked[0]!.map(({type, flags}) => [type, flags]),
    [
      [0x10, 1],
      [16, 1],
      [16, 1],
      [16, 5],
      [0x11, 1],
    ],
  );
});

test('batch() says which message failed, though later ones are acknowledged', t => {
  const {socket} = fakeNative(sent => [
    refuse(2, sent[2]!.sequence),
    refuse(17, sent[3]!.sequence),
    ack(sent.at(-2)!.sequence),
  ]);
  const messages = [named('add chain "a"'), named('add chain "b"'), named('add chain "c"'), message];
  const error = t.throws(() => socket.batch(messages, 'publish the ports'), {instanceOf: KernelError})!;
  t.is(error.message, 'Cannot publish the ports: add chain "b": No such file or directory');
  t.like(error.cause, {index: 1, message: messages[1]});
  t.throws(() => socket.batch(messages), {message: 'Cannot add chain "b": No such file or directory'});
});

test('batch() reports a failed commit, which has the number of the beginning', t => {
  const {socket} = fakeNative(sent => [refuse(1, sent[0]!.sequence)]);
  const error = t.throws(() => socket.batch([message], 'commit'), {message: 'Cannot commit: Operation not permitted'})!;
  t.like(error.cause, {index: null, message: null});
});

test('batch() does not take silence for success', t => {
  const {socket} = fakeNative(() => []);
  t.throws(() => socket.batch([message], 'commit'), {message: /^Cannot commit: .*ended early/});
});

test('requestAsync() and batchAsync() use a socket of their own and close it', async t => {
  const {socket, closed} = fakeNative(
    ([first]) => [object(first!.sequence), ack(first!.sequence)],
    ([first]) => [refuse(16, first!.sequence)],
    sent => [ack(sent.at(-2)!.sequence)],
  );
  t.is((await socket.requestAsync(message)).length, 1);
  await t.throwsAsync(socket.requestAsync(message, 'delete link "x"'), {
    message: 'Cannot delete link "x": Device or resource busy',
  });
  await socket.batchAsync([message]);
  t.deepEqual(closed, [fd + 1, fd + 2, fd + 3]);
  socket.close();
  t.is(closed.at(-1), fd);
});

test('openNetlinkSocket() says what it could not open', t => {
  const native = {
    openNetlink() {
      throw Object.assign(new Error('setns'), {errno: 1});
    },
    request: () => [],
    requestAsync: async () => [],
  };
  t.throws(() => openNetlinkSocket({native, protocol: 'netfilter'}), {
    instanceOf: KernelError,
    message: 'Cannot open a netlink socket of netfilter: Operation not permitted',
  });
});
