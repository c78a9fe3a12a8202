import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {decode, encode} from 'dns-packet';
import type {Ip} from '../../../src/model/ip.ts';
import {run} from '../../fixture/host.ts';
import {
  askTcp,
  askUdp,
  connectTcp,
  exchangeTcp,
  fakeServer,
  makeDns,
  queryBytes,
  said,
  upstreams,
  zone,
} from './dns-under-test.ts';

test.before(() => void run('ip link set lo up'));

const always = (ip: string) => () => ip as Ip;
let next = 1;
/** Loopback addresses no other test has, so that a late packet cannot disturb. */
const fresh = (): string => `127.9.0.${next++}`;

for (const [proto, ask] of [
  ['udp', askUdp],
  ['tcp', askTcp],
] as const) {
  test.serial(`servers of the host are asked from the host, those of --dns from the sandbox, by ${proto}`, async t => {
    const {path, netnsFd, servers} = makeDns(t);
    const ip = fresh();
    fakeServer(t, {ip}, always('1.1.1.1'));
    fakeServer(t, {ip, netnsFd}, always('2.2.2.2'));
    for (const [from, says] of [
      ['host', 'NOERROR 1.1.1.1'],
      ['sandbox', 'NOERROR 2.2.2.2'],
    ] as const) {
      await servers.open(path, {upstreams: upstreams(from, ip), ndots: 0});
      const packet = await ask(netnsFd, 'example.com');
      t.is(said(packet), says);
      t.is(packet!.id, 0x4242);
    }
  });
}

test.serial('by IPv6 too', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  run('ip -6 addr add fd09::1/128 dev lo nodad');
  fakeServer(t, {ip: 'fd09::1'}, always('1.1.1.6'));
  await servers.open(path, {upstreams: upstreams('host', 'fd09::1'), ndots: 0});
  t.is(said(await askUdp(netnsFd, 'example.com')), 'NOERROR 1.1.1.6');
  t.is(said(await askTcp(netnsFd, 'example.com')), 'NOERROR 1.1.1.6');
});

test.serial(
  'the next one is asked after SERVFAIL, REFUSED, silence and a closed port; the first answer counts, NXDOMAIN too',
  async t => {
    const {path, netnsFd, servers} = makeDns(t, {limits: {upstreamMs: 150}});
    const [servfail, refused, silent, closed, good, missing] = [fresh(), fresh(), fresh(), fresh(), fresh(), fresh()];
    fakeServer(t, {ip: servfail}, () => 'SERVFAIL');
    fakeServer(t, {ip: refused}, () => 'REFUSED');
    const deaf = fakeServer(t, {ip: silent}, () => null);
    const last = fakeServer(t, {ip: good}, always('1.1.1.1'));
    fakeServer(t, {ip: missing}, () => 'NXDOMAIN');
    const says = async (...ips: string[]): Promise<string> => {
      await servers.open(path, {upstreams: upstreams('host', ...ips), ndots: 0});
      return said(await askUdp(netnsFd, 'example.com'));
    };
    t.is(await says(servfail, refused, good), 'NOERROR 1.1.1.1');
    t.is(await says(silent, closed, good), 'NOERROR 1.1.1.1');
    t.is(await says(missing, good), 'NXDOMAIN');
    t.is(last.asked.length, 2);
    t.is(await says(servfail, refused, silent), 'SERVFAIL', 'none answers');
    t.is(await says(servfail, refused, silent, good), 'SERVFAIL', 'the fourth is not asked');
    t.is(deaf.asked.length, 3);
    const patient = makeDns(t, {name: 'patient'});
    await patient.servers.open(patient.path, {upstreams: upstreams('host', closed, good), ndots: 0});
    t.is(said(await askUdp(patient.netnsFd, 'example.com')), 'NOERROR 1.1.1.1', 'a closed port needs no 4 seconds');
  },
);

test.serial('answers with another id or question, or from elsewhere, are passed over', async t => {
  const {path, netnsFd, servers} = makeDns(t, {limits: {upstreamMs: 300}});
  const [ip, other] = [fresh(), fresh()];
  const answered = (query: ReturnType<typeof decode>, over: object): Buffer =>
    encode({
      type: 'response',
      id: query.id,
      questions: query.questions,
      answers: [{name: query.questions![0]!.name, type: 'A', class: 'IN', ttl: 1, data: '6.6.6.6'}],
      ...over,
    } as never);
  let truth = true;
  const server = fakeServer(t, {ip}, query => [
    answered(query, {id: query.id! ^ 1}),
    answered(query, {questions: [{name: 'example.org', type: 'A', class: 'IN'}]}),
    answered(query, {type: 'query'}),
    Buffer.alloc(3),
    ...(truth ? [answered(query, {answers: [{name: 'example.com', type: 'A', ttl: 1, data: '1.1.1.1'}]})] : []),
  ]);
  await servers.open(path, {upstreams: upstreams('host', ip), ndots: 0});
  t.is(said(await askUdp(netnsFd, 'example.com')), 'NOERROR 1.1.1.1');
  truth = false;
  t.is(said(await askUdp(netnsFd, 'example.com')), 'SERVFAIL');
  t.is(said(await askTcp(netnsFd, 'example.com')), 'SERVFAIL');
  server.close();

  // From another address and port: the socket is connected, the kernel drops it.
  const {createSocket} = await import('node:dgram');
  const real = createSocket('udp4');
  const spoof = createSocket('udp4');
  real.on('message', (bytes, {port, address}) => spoof.send(answered(decode(bytes), {}), port, address));
  real.bind(53, ip);
  spoof.bind(53, other);
  t.teardown(() => [real, spoof].map(socket => socket.close()));
  t.is(said(await askUdp(netnsFd, 'example.com')), 'SERVFAIL');
});

test.serial('ids and ports of forwards cannot be foreseen', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  const ip = fresh();
  const ids = new Set<number>();
  const ports = new Set<number>();
  const {createSocket} = await import('node:dgram');
  const server = createSocket('udp4').on('message', (bytes, {port, address}) => {
    ids.add(bytes.readUInt16BE(0));
    ports.add(port);
    bytes[2]! |= 0x80;
    server.send(bytes, port, address);
  });
  server.bind(53, ip);
  t.teardown(() => server.close());
  for (const from of ['host', 'sandbox'] as const) {
    if (from === 'sandbox') fakeServer(t, {ip, netnsFd}, always('1.1.1.1'));
    await servers.open(path, {upstreams: upstreams(from, ip), ndots: 0});
    for (let i = 0; i < 20; i++) t.not(await askUdp(netnsFd, `n${i}.example.com`), null);
  }
  const spread = (values: Set<number>): number => Math.max(...values) - Math.min(...values);
  t.true(ids.size > 15 && spread(ids) > 20_000, [...ids].join());
  t.true(ports.size > 15 && spread(ports) > 5000, [...ports].join());
});

test.serial('known names, names on internal networks and bare names with ndots never reach an upstream', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  const ip = fresh();
  const server = fakeServer(t, {ip}, always('6.6.6.6'));
  await servers.open(path, {upstreams: upstreams('host', ip), ndots: 2});
  for (const [name, type, says] of [
    ['web', 'A', 'NOERROR 172.18.0.2'],
    ['web', 'TXT', 'NOERROR'],
    ['web', 'UNKNOWN_65', 'NOERROR'],
    ['_http._tcp.web', 'SRV', 'NOERROR'],
    ['c5.shop', 'AAAA', 'NOERROR'],
    ['2.0.18.172.in-addr.arpa', 'PTR', 'NOERROR web.shop'],
    ['bare', 'A', 'NOERROR'],
  ] as const)
    t.is(said(await askUdp(netnsFd, name, {type})), says, `${name} ${type}`);
  t.deepEqual(server.asked, []);

  const inside = makeDns(t, {
    name: 'inside',
    zone: {...zone, forwards: false},
  });
  await inside.servers.open(inside.path, {upstreams: upstreams('host', ip), ndots: 0});
  t.is(said(await askUdp(inside.netnsFd, 'example.com')), 'SERVFAIL');
  t.is(said(await askUdp(inside.netnsFd, 'web')), 'NOERROR 172.18.0.2');
  t.deepEqual(server.asked, []);
});

test.serial('at most so many forwards are in flight of one sandbox and of all; others are not touched', async t => {
  const {path, netnsFd, servers} = makeDns(t, {limits: {forwards: 12, forwardsEach: 8, upstreamMs: 400}});
  const two = makeDns(t, {name: 'two'});
  const ip = fresh();
  fakeServer(t, {ip}, () => null);
  await servers.open(path, {upstreams: upstreams('host', ip), ndots: 0});
  await servers.open(two.path, {upstreams: upstreams('host', ip), ndots: 0});
  const flood = async (fd: number): Promise<string[]> =>
    Promise.all(Array.from({length: 20}, async (_, i) => said(await askUdp(fd, `f${i}.example.com`))));
  const one = flood(netnsFd);
  await sleep(100);
  t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2', 'local names go on');
  const other = flood(two.netnsFd);
  const count = (says: string[], what: string): number => says.filter(each => each === what).length;
  const [mine, yours] = await Promise.all([one, other]);
  t.deepEqual([count(mine, 'SERVFAIL'), count(mine, 'REFUSED')], [8, 12], 'timed out, and refused');
  t.deepEqual([count(yours, 'SERVFAIL'), count(yours, 'REFUSED')], [4, 16], '12 in all');
  t.is(said(await askUdp(netnsFd, 'example.com')), 'SERVFAIL', 'places were given back');
});

test.serial('a server that asks itself in a circle stops at the limit', async t => {
  const {path, netnsFd, servers} = makeDns(t, {limits: {upstreamMs: 500, forwardsEach: 32}});
  await servers.open(path, {upstreams: upstreams('sandbox', '127.0.0.11'), ndots: 0});
  t.is(said(await askUdp(netnsFd, 'example.com')), 'SERVFAIL');
});

test.serial('close() gives up what is in flight, and its sockets with it', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  const ip = fresh();
  fakeServer(t, {ip, netnsFd}, () => null);
  const {readdirSync} = await import('node:fs');
  const before = readdirSync('/proc/self/fd').length;
  await servers.open(path, {upstreams: upstreams('sandbox', ip), ndots: 0});
  const asked = askUdp(netnsFd, 'example.com', {timeoutMs: 300});
  const socket = await connectTcp(netnsFd);
  void exchangeTcp(socket, [queryBytes('example.com')]).catch(() => undefined);
  await sleep(100);
  const flying = readdirSync('/proc/self/fd').length;
  t.true(flying >= before + 3 + 4, `${flying - before} more`);
  servers.close(path);
  t.is(said(await asked), 'nothing');
  socket.destroy();
  await sleep(50);
  t.true(readdirSync('/proc/self/fd').length <= before + 1, 'the fake server keeps its end of a connection');
});

test.serial('what the upstream adds comes through as it is; too long for UDP it comes by TCP', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  const ip = fresh();
  fakeServer(t, {ip}, query => [
    encode({
      type: 'response',
      id: query.id!,
      flags: 0x0180,
      questions: query.questions!,
      answers: Array.from({length: 100}, (_, i) => ({
        name: 'example.com',
        type: 'TXT' as const,
        ttl: 5,
        data: `text ${i}`,
      })),
    }),
  ]);
  await servers.open(path, {upstreams: upstreams('host', ip), ndots: 0});
  const short = (await askUdp(netnsFd, 'example.com', {type: 'TXT'}))!;
  t.true(short.flag_tc);
  const whole = await askTcp(netnsFd, 'example.com', {type: 'TXT'});
  t.is(whole.answers!.length, 100);
  t.is(String((whole.answers![99] as {data: unknown}).data), 'text 99');
});
