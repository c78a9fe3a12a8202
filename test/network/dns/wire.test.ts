import {randomBytes, randomInt} from 'node:crypto';
import {setImmediate as nextTurn} from 'node:timers/promises';
import test from 'ava';
import {type Answer, decode, encode, type Packet} from 'dns-packet';
import {parseIp} from '../../../src/model/ip.ts';
import {reply} from '../../../src/network/dns/answer.ts';
import {takeFrame, toFrame} from '../../../src/network/dns/frames.ts';
import {createQuota} from '../../../src/network/dns/quota.ts';
import {createResponder, type Respond} from '../../../src/network/dns/responder.ts';
import {planUpstreams} from '../../../src/network/dns/upstream.ts';
import {encodeReply, isAnswerTo, type Query, readQuery, relay, withId} from '../../../src/network/dns/wire.ts';

const bytesOf = (name: string, over: Partial<Packet> = {}): Buffer =>
  encode({type: 'query', id: 0x1234, flags: 0x0100, questions: [{name, type: 'A', class: 'IN'}], ...over});
const read = (bytes: Buffer): Query => readQuery(bytes) as Query;
/** Header of 12 bytes with the counts given, then a body. */
const crafted = (counts: readonly number[], body: string, flags = 0x0100): Buffer => {
  const header = Buffer.alloc(12);
  for (const [i, value] of [0x1234, flags, ...counts].entries()) header.writeUInt16BE(value, 2 * i);
  return Buffer.concat([header, Buffer.from(body, 'hex')]);
};
const addresses = (count: number): Answer[] =>
  Array.from({length: count}, (_, i) => ({
    name: 'web',
    type: 'A',
    class: 'IN',
    ttl: 600,
    data: `10.0.${i >> 8}.${i & 255}`,
  }));

const question = '03776562000001000' + '1';
const opt = '0000290200000000000000';
const bad: readonly (readonly [what: string, bytes: Buffer, rcode: number])[] = [
  ['another opcode', crafted([1, 0, 0, 0], question, 0x2100), 4],
  ['no question', crafted([0, 0, 0, 0], ''), 1],
  ['two questions', crafted([2, 0, 0, 0], question + question), 1],
  ['65,535 questions', crafted([0xffff, 0, 0, 0], question), 1],
  ['answers in a query', crafted([1, 1, 0, 0], question), 1],
  ['65,535 additional records', crafted([1, 0, 0, 0xffff], question), 1],
  ['a question that is cut short', crafted([1, 0, 0, 0], '0377'), 1],
  ['a name without an end', crafted([1, 0, 0, 0], '03776562'), 1],
  ['a pointer to itself', crafted([1, 0, 0, 0], 'c00c00010001'), 1],
  ['a pointer in the question', crafted([1, 0, 0, 0], '03776562c00c00010001'), 1],
  ['a label of the reserved kinds', crafted([1, 0, 0, 0], '40776562000000010001'), 1],
  ['a name of 256 bytes', crafted([1, 0, 0, 0], `${`3f${'61'.repeat(63)}`.repeat(4)}0000010001`), 1],
  ['an additional record that is cut short', crafted([1, 0, 0, 1], `${question}00002902`), 1],
  ['an additional record with pointers in a loop', crafted([1, 0, 0, 1], `${question}c015c01500010001`), 1],
  ['two OPT records', crafted([1, 0, 0, 2], question + opt + opt), 1],
  ['5,000 bytes', crafted([1, 0, 0, 0], question + '00'.repeat(5000)), 1],
];
for (const [what, bytes, rcode] of bad)
  test(`readQuery() answers ${what} with ${['', 'FORMERR', '', '', 'NOTIMP'][rcode]}`, t => {
    const response = readQuery(bytes) as Buffer;
    t.true(Buffer.isBuffer(response));
    t.is(response.length, 12, 'the header alone');
    t.is(response.readUInt16BE(0), 0x1234);
    t.is(response.readUInt16BE(2) & 0x800f, 0x8000 | rcode);
  });

test('readQuery() drops what is short, and what is a response: two servers must not talk to each other', t => {
  for (const length of [0, 1, 11]) t.is(readQuery(Buffer.alloc(length)), 'drop');
  t.is(readQuery(bytesOf('web', {type: 'response'})), 'drop');
});

test('readQuery() reads a name of 255 bytes, and the end of the question', t => {
  const name = [...Array(3).fill('a'.repeat(63)), 'b'.repeat(61)].join('.');
  const query = read(bytesOf(name));
  t.is(query.packet.questions![0]!.name, name);
  t.is(query.questionEnd, 12 + 255 + 4);
});

const responder = (over: Partial<Parameters<typeof createResponder>[0]> = {}): Respond =>
  createResponder({
    zone: () => ({
      networks: [{name: 'n', hosts: [{names: ['web'], addresses: [parseIp('10.0.0.1')]}]}],
      forwards: true,
    }),
    options: {shuffle: items => items, ndots: 0},
    forward: async () => null,
    take: () => () => undefined,
    onError: () => undefined,
    ...over,
  });
const ask = (respond: Respond, bytes: Buffer, proto: 'udp' | 'tcp' = 'udp'): Promise<Buffer> =>
  new Promise(resolve => respond(bytes, proto, resolve));

test('a responder survives 20,000 packets of garbage, and queries with bytes changed', async t => {
  const respond = responder({onError: error => t.fail(String(error))});
  const lengths: number[] = [];
  for (let i = 0; i < 20_000; i++) {
    const bytes = i % 2 === 0 ? randomBytes(randomInt(200)) : bytesOf('web.n');
    if (i % 2 === 1) for (let n = randomInt(4); n >= 0; n--) bytes[randomInt(bytes.length)] = randomInt(256);
    respond(bytes, 'udp', response => lengths.push(response.length));
  }
  await nextTurn();
  t.true(lengths.length > 5000);
  t.true(lengths.every(length => length >= 12 && length <= 4096));
});

test('a responder gives the question back as it came: case, unknown types, labels that are no text', async t => {
  for (const bytes of [
    bytesOf('wEB.N'),
    crafted([1, 0, 0, 0], '03776562000041000' + '1'),
    crafted([1, 0, 0, 0], '05776562' + '2e6e0000010001'),
    crafted([1, 0, 0, 0], '02fffe0000010001'),
  ]) {
    const response = await ask(responder(), bytes);
    const end = read(bytes).questionEnd;
    if (response.length > 12) t.deepEqual(response.subarray(12, end), bytes.subarray(12, end));
    t.is(response.readUInt16BE(0), 0x1234);
  }
});

test('a responder whose zone is gone says SERVFAIL, and tells', async t => {
  const told: unknown[] = [];
  const zone = (): never => {
    throw new Error('no such sandbox');
  };
  const response = await ask(responder({zone, onError: error => told.push(error)}), bytesOf('web'));
  t.is(response[3]! & 15, 2);
  t.is(told.length, 1);
});

test('a responder says SERVFAIL when no upstream answers, REFUSED when too many are asked, and gives places back', async t => {
  let taken = 0;
  const take = (): (() => void) => {
    taken++;
    return () => taken--;
  };
  t.is((await ask(responder({take}), bytesOf('example.com')))[3]! & 15, 2);
  t.is(taken, 0);
  t.is((await ask(responder({take: () => null}), bytesOf('example.com')))[3]! & 15, 5);
});

test('a responder relays with the id of the client, and truncates what the client does not take', async t => {
  const long = encode({
    type: 'response',
    id: 1,
    questions: read(bytesOf('example.com')).packet.questions,
    answers: addresses(100),
  } as Packet);
  const forward = async (): Promise<Buffer> => long;
  const udp = await ask(responder({forward}), bytesOf('example.com'));
  t.true(udp.length <= 512);
  t.like(decode(udp), {id: 0x1234, flag_tc: true, answers: []});
  const tcp = decode(await ask(responder({forward}), bytesOf('example.com'), 'tcp'));
  t.like(tcp, {id: 0x1234, flag_tc: false});
  t.is(tcp.answers!.length, 100);
});

test('encodeReply() keeps as many answers as fit and says TC', t => {
  const query = read(bytesOf('web'));
  const packet = reply(query.packet, 'NOERROR', addresses(1000));
  for (const limit of [512, 1232, 4096, 65535]) {
    const bytes = encodeReply(query, packet, limit);
    const {answers, flag_tc} = decode(bytes);
    t.true(bytes.length <= limit && (limit === 65535 || bytes.length > limit - 40), `${bytes.length} of ${limit}`);
    t.is(flag_tc, limit < 65535);
    t.deepEqual(answers, decode(encode(packet)).answers!.slice(0, answers!.length));
  }
  t.is(decode(encodeReply(query, reply(query.packet, 'NOERROR', addresses(1)), 512)).flag_tc, false);
});

test('isAnswerTo() wants direction, id and question, in any case of letters', t => {
  const query = read(bytesOf('example.com'));
  const response = (over: Partial<Packet> = {}): Buffer => bytesOf('example.com', {type: 'response', ...over});
  const is = (bytes: Buffer): boolean => isAnswerTo(query.bytes, query.questionEnd, bytes);
  t.true(is(response()));
  t.true(is(bytesOf('eXample.COM', {type: 'response'})));
  t.false(is(query.bytes), 'a query');
  t.false(is(response({id: 0x1235})), 'another id');
  t.false(is(bytesOf('example.org', {type: 'response'})), 'another name');
  t.false(is(response({questions: [{name: 'example.com', type: 'AAAA', class: 'IN'}]})), 'another type');
  t.false(is(response({questions: []})), 'no question');
  t.false(is(response().subarray(0, 20)), 'cut short');
  t.false(is(Buffer.alloc(0)));
});

test('withId() and relay() change the id alone', t => {
  const query = read(bytesOf('example.com'));
  const sent = withId(query, 0xbeef);
  t.is(sent.readUInt16BE(0), 0xbeef);
  t.is(query.bytes.readUInt16BE(0), 0x1234);
  t.deepEqual(relay(query, sent, 512), query.bytes);
});

test('takeFrame() gives one message after the other, and waits for what is not there', t => {
  const one = bytesOf('one');
  const two = bytesOf('two');
  const stream = Buffer.concat([toFrame(one), toFrame(two)]);
  const first = takeFrame(stream, 4096)!;
  t.deepEqual(first.message, one);
  const second = takeFrame(first.rest, 4096)!;
  t.deepEqual(second.message, two);
  t.is(second.rest.length, 0);
  for (let length = 0; length < 2 + one.length; length++) t.is(takeFrame(stream.subarray(0, length), 4096), null);
});

test('takeFrame() refuses a length that cannot be, before its bytes are there', t => {
  for (const length of [0, 11, 4097, 65535]) {
    const prefix = Buffer.alloc(2);
    prefix.writeUInt16BE(length);
    t.throws(() => takeFrame(prefix, 4096), {instanceOf: RangeError});
  }
});

test('createQuota() limits each owner and all, and takes places back once', t => {
  const quota = createQuota({total: 3, each: 2});
  const first = quota.take('a')!;
  t.truthy(quota.take('a'));
  t.is(quota.take('a'), null, 'each');
  t.truthy(quota.take('b'));
  t.is(quota.take('c'), null, 'all');
  first();
  first();
  t.truthy(quota.take('c'));
  t.is(quota.take('c'), null);
});

test('planUpstreams() asks the given servers from the sandbox, else those of the host, three at most, never itself', t => {
  const ips = ['10.0.0.1', '10.0.0.2', '10.0.0.3', '10.0.0.4'].map(parseIp);
  t.deepEqual(planUpstreams({given: [], host: ips}), ips.slice(0, 3).map(ip => ({ip, from: 'host'})) as never);
  t.deepEqual(planUpstreams({given: [parseIp('127.0.0.11'), ips[3]!], host: ips}), [{ip: ips[3]!, from: 'sandbox'}]);
  t.deepEqual(planUpstreams({given: [], host: []}), []);
});
