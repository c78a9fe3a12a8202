import {once} from 'node:events';
import {existsSync, readdirSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {decode} from 'dns-packet';
import {toFrame} from '../../../src/network/dns/frames.ts';
import {createDnsServers} from '../../../src/network/dns/server.ts';
import {runIn} from '../../fixture/host.ts';
import {native} from '../../kernel/native-under-test.ts';
import {
  askTcp,
  askUdp,
  connectTcp,
  exchangeTcp,
  exchangeUdp,
  fakeServer,
  makeDns,
  queryBytes,
  runInside,
  said,
  upstreams,
  zone,
} from './dns-under-test.ts';

const none = {upstreams: [], ndots: 0};
const system = 'PATH=/usr/sbin:/usr/bin:/sbin:/bin;';
/** Where nobody has needed it yet, connection tracking is not even loaded. */
const conntracked = (path: string): string =>
  runIn(path, `${system} cat /proc/sys/net/netfilter/nf_conntrack_count 2>/dev/null || echo 0`).trim();

for (const [proto, ask] of [
  ['udp', askUdp],
  ['tcp', askTcp],
] as const)
  test.serial(`names, aliases, short ids and PTR at 127.0.0.11:53 by ${proto}`, async t => {
    const {path, netnsFd, servers} = makeDns(t);
    await servers.open(path, none);
    for (const [name, type, says] of [
      ['web', 'A', 'NOERROR 172.18.0.2'],
      ['WEB.shop', 'AAAA', 'NOERROR fd00::2'],
      ['frontend', 'A', 'NOERROR 172.18.0.2'],
      ['0123456789ab', 'A', 'NOERROR 172.18.0.2'],
      ['web', 'MX', 'NOERROR'],
      ['2.0.18.172.in-addr.arpa', 'PTR', 'NOERROR web.shop'],
      ['example.com', 'A', 'SERVFAIL'],
    ] as const)
      t.is(said(await ask(netnsFd, name, {type})), says, name);
    t.regex(runIn(path, `${system} cat /proc/net/snmp`), /^Udp: \d+ 0 0 \d+ 0 0 0 /m, 'no checksum was wrong');
  });

test.serial("the C library's resolver finds names and addresses", async t => {
  const {path, servers} = makeDns(t);
  await servers.open(path, none);
  runIn(path, 'ip addr add 172.18.0.9/24 dev lo'); // AI_ADDRCONFIG: without an address it asks for none
  const script = `echo "nameserver 127.0.0.11" > /run/resolv-$$; mount --bind /run/resolv-$$ /etc/resolv.conf
    getent ahostsv4 web | head -1; getent hosts 172.18.0.2; getent ahostsv4 all | grep -c STREAM; getent ahostsv4 nobody || echo "no nobody"`;
  const out = await runInside(path, `unshare -m sh -c '${script.replaceAll("'", '"')}'`);
  const [name, pointer, count, nobody] = out.split('\n').map(line => line.split(/\s+/).join(' '));
  t.is(name, '172.18.0.2 STREAM web');
  t.is(pointer, '172.18.0.2 web.shop');
  t.is(count, '1000', 'truncated by UDP, asked again by TCP');
  t.is(nobody, 'no nobody');
});

test.serial('a long answer is cut to 512 bytes or what EDNS says, with TC; TCP has it whole', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  await servers.open(path, none);
  for (const [edns, least, most] of [
    [0, 20, 30],
    [1232, 50, 80],
    [65535, 180, 260],
  ] as const) {
    const packet = (await askUdp(netnsFd, 'all', {edns}))!;
    t.true(
      packet.flag_tc && packet.answers!.length >= least && packet.answers!.length <= most,
      `${packet.answers!.length}`,
    );
  }
  const whole = await askTcp(netnsFd, 'all');
  t.is(whole.flag_tc, false);
  t.is(new Set(whole.answers!.map(each => ('data' in each ? each.data : ''))).size, 1000);
});

test.serial("port 53 stays the container's own: servers on 0.0.0.0 and 127.0.0.1 answer beside ours", async t => {
  for (const ip of ['0.0.0.0', '127.0.0.1']) {
    const {path, netnsFd, servers} = makeDns(t, {name: ip.replaceAll('.', '-')});
    await servers.open(path, none);
    const own = fakeServer(t, {ip, netnsFd}, () => '9.9.9.9' as never);
    for (const ask of [askUdp, askTcp]) {
      t.is(said(await ask(netnsFd, 'web', {to: '127.0.0.1'})), 'NOERROR 9.9.9.9');
      t.is(said(await ask(netnsFd, 'web')), 'NOERROR 172.18.0.2');
    }
    t.deepEqual(own.asked, ['udp web', 'tcp web']);
  }
});

test.serial('no connection is tracked for it; a container that tracks sees one for both directions', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  await servers.open(path, none);
  const both = async (): Promise<void> => {
    t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
    t.is(said(await askTcp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
  };
  await both();
  t.is(conntracked(path), '0');
  await sleep(100); // the last FIN would be tracked too
  runIn(
    path,
    `${system} nft 'table ip other { chain c { type filter hook output priority 0; ct state new counter; }; }'`,
  );
  await both();
  t.is(conntracked(path), '2');
  t.notRegex(runIn(path, `${system} conntrack -L 2>/dev/null`), /UNREPLIED/);
  runIn(
    path,
    `${system} nft 'table ip strict { chain i { type filter hook input priority 0; policy drop; ct state established accept; ct state new ip daddr 127.0.0.11 accept; }; }'`,
  );
  await both();
});

/** RFC 1071, over the pseudo header of RFC 768. Loopback leaves checksums to nobody; a raw socket fills them in itself. */
function udpPacket(from: number, message: Buffer): Buffer {
  const udp = Buffer.alloc(8);
  [from, 53, 8 + message.length].map((value, i) => udp.writeUInt16BE(value, 2 * i));
  const [source, destination] = [Buffer.from([127, 0, 0, 1]), Buffer.from([127, 0, 0, 11])];
  const pseudo = Buffer.concat([
    source,
    destination,
    Buffer.from([0, 17, 0, 8 + message.length]),
    udp,
    message,
    Buffer.alloc(1),
  ]);
  let sum = 0;
  for (let at = 0; at + 1 < pseudo.length; at += 2) sum += pseudo.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16);
  udp.writeUInt16BE(~sum & 0xffff, 6);
  const header = Buffer.from('450000000000000040110000', 'hex');
  return Buffer.concat([header, source, destination, udp, message]);
}

test.serial('a checksum that is there is corrected with the port, and one that is wrong stays wrong', async t => {
  const {path, servers} = makeDns(t);
  await servers.open(path, none);
  const perl = `use Socket; socket(R, PF_INET, SOCK_DGRAM, 17); bind(R, sockaddr_in(5555, inet_aton("127.0.0.1"))) or die;
    socket(S, PF_INET, SOCK_RAW, 255) or die; send(S, pack("H*", $ARGV[0]), 0, sockaddr_in(0, inet_aton("127.0.0.11"))) or die;
    $SIG{ALRM} = sub {print "nothing"; exit}; alarm 1; recv(R, $b, 512, 0); print unpack("H*", $b)`;
  const send = (packet: Buffer): Promise<string> => runInside(path, `perl -e '${perl}' ${packet.toString('hex')}`);
  const packet = udpPacket(5555, queryBytes('web'));
  const answer = decode(Buffer.from(await send(packet), 'hex'));
  t.is(said(answer), 'NOERROR 172.18.0.2');
  t.is(answer.id, 0x4242, 'nothing but port and checksum was written');
  packet[27]! ^= 1;
  t.is(await send(packet), 'nothing');
});

test.serial('open() replaces what a daemon before left, and close() leaves the rest of the sandbox alone', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  const later = createDnsServers({native, zoneOf: () => zone, log: () => undefined});
  t.teardown(() => later.closeAll());
  await servers.open(path, none);
  await servers.open(path, none);
  t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2', 'opened twice');
  servers.closeAll();
  t.is(said(await askUdp(netnsFd, 'web', {timeoutMs: 200})), 'nothing', 'the daemon is gone');
  await later.open(path, none);
  t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
  t.is(said(await askTcp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
  t.is(runIn(path, `${system} nft list tables`), 'table ip tnet\n');
});

test.serial('close() lets the namespace go, and is no error for one that vanished', async t => {
  const {path, servers} = makeDns(t);
  const open = (): number => readdirSync('/proc/self/fd').length;
  const before = open();
  await servers.open(path, none);
  t.true(open() >= before + 3);
  native.unpinNetns(path);
  servers.close(path);
  servers.close(path);
  await sleep(50);
  t.is(open(), before);
  t.false(existsSync(path));
  native.pinNetns(path); // for the teardown
});

test.serial('open() of a sandbox that is not there is one clear error, and leaves nothing', async t => {
  const {servers} = makeDns(t);
  const before = readdirSync('/proc/self/fd').length;
  await t.throwsAsync(servers.open('/run/tnet-test/netns/none', none), {
    message: 'Cannot open the DNS server of sandbox "/run/tnet-test/netns/none": ENOENT',
    code: 'ERR_KERNEL',
  });
  t.is(readdirSync('/proc/self/fd').length, before);
});

test.serial('garbage, source port 0 and unfinished questions do no harm', async t => {
  const {path, netnsFd, servers, told} = makeDns(t);
  await servers.open(path, none);
  for (const hex of ['', '00', 'ff'.repeat(12), '000001000001000000000000c00c00010001', '00'.repeat(9000)])
    await exchangeUdp(netnsFd, Buffer.from(hex, 'hex'), {timeoutMs: 20});
  // Any process with a raw socket can do that; a rule does it to all packets of ours.
  runIn(
    path,
    `${system} nft 'table ip zero { chain c { type filter hook output priority 200; ip daddr 127.0.0.11 udp sport set 0; }; }'`,
  );
  t.is(said(await askUdp(netnsFd, 'web', {timeoutMs: 100})), 'nothing');
  runIn(path, `${system} nft delete table ip zero`);
  t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
  t.deepEqual(told, []);
});

test.serial('TCP: queries at once, in pieces, and after the client closed its half', async t => {
  const {path, netnsFd, servers} = makeDns(t);
  await servers.open(path, {upstreams: upstreams('sandbox', '127.0.0.99'), ndots: 0});
  fakeServer(t, {ip: '127.0.0.99', netnsFd}, () => '1.2.3.4' as never);
  const socket = await connectTcp(netnsFd);
  const many = Array.from({length: 200}, (_, i) => queryBytes(`c${i}`, {id: i}));
  const answers = await exchangeTcp(socket, [...many, queryBytes('example.com', {id: 200})]);
  t.deepEqual(
    answers.map(({id}) => id!).sort((a, b) => a - b),
    Array.from({length: 201}, (_, i) => i),
  );
  t.is(said(answers.find(({id}) => id === 7)!), 'NOERROR 10.1.0.7');

  const bytes = toFrame(queryBytes('example.org'));
  for (const byte of bytes.subarray(0, -1)) {
    socket.write(Buffer.from([byte]));
    await sleep(1);
  }
  const reply = once(socket, 'data', {signal: AbortSignal.timeout(2000)});
  socket.end(bytes.subarray(-1));
  t.is(said(decode((await reply)[0].subarray(2))), 'NOERROR 1.2.3.4', 'FIN came before the upstream answered');
});

test.serial(
  'TCP: what is no DNS, what is too long and what is idle is closed; 100 connections and no more',
  async t => {
    const {path, netnsFd, servers} = makeDns(t, {limits: {idleMs: 1500, connections: 100}});
    await servers.open(path, none);
    const closed = async (bytes: string): Promise<boolean> => {
      const socket = await connectTcp(netnsFd);
      socket.resume();
      const over = new Promise(resolve => socket.once('close', () => resolve(true)));
      socket.write(Buffer.from(bytes, 'hex'));
      return Promise.race([over, sleep(200, false)]) as Promise<boolean>;
    };
    t.true(await closed('0003aabbcc'), 'shorter than a header');
    t.true(await closed('ffff'), 'a frame of 65,535 bytes');
    t.false(await closed('00'), 'half a prefix waits');

    const all = await Promise.all(Array.from({length: 130}, () => connectTcp(netnsFd)));
    for (const socket of all) socket.resume();
    const living = () => all.filter(socket => !socket.destroyed && socket.readable);
    for (let i = 0; i < 100 && living().length > 100; i++) await sleep(10);
    const alive = living();
    t.true(alive.length <= 100 && alive.length >= 98, `${alive.length} alive`);
    t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2', 'UDP does not care');
    while (alive.some(socket => !socket.destroyed)) await sleep(20);
    t.is(said(await askTcp(netnsFd, 'web')), 'NOERROR 172.18.0.2', 'idle ones were closed');
  },
);

test.serial('TCP: a client that asks for much and reads nothing is not read either', async t => {
  const {path, netnsFd, servers} = makeDns(t, {limits: {idleMs: 60_000}});
  await servers.open(path, none);
  const socket = await connectTcp(netnsFd);
  socket.pause();
  const frame = toFrame(queryBytes('all'));
  const before = process.memoryUsage().rss;
  for (let i = 0; i < 300; i++) socket.write(Buffer.concat(Array(1000).fill(frame))); // 300,000 × 25 KiB of answers
  await sleep(1000);
  t.true(process.memoryUsage().rss - before < 150 * 1024 * 1024);
  t.true(socket.writableLength > 0, 'its queries wait at its side');
  t.is(said(await askUdp(netnsFd, 'web')), 'NOERROR 172.18.0.2');
  socket.destroy();
});
