import test from 'ava';
import {parseBandwidth} from '../../src/model/bandwidth.ts';
import {planBandwidth} from '../../src/network/drivers/bandwidth.ts';
import {linkGroup} from '../../src/network/drivers/driver.ts';
import type {Traffic} from '../../src/network/stats.ts';
import {ask, serve} from '../fixture/echo.ts';
import {belongings, makeHost} from '../fixture/host.ts';
import {makeNetwork} from '../fixture/network.ts';
import {makeTnet} from '../fixture/tnet.ts';
import {measure} from '../fixture/traffic.ts';

makeHost();

const minus = (a: Traffic, b: Traffic): Traffic => ({packets: a.packets - b.packets, bytes: a.bytes - b.bytes});

test.serial('stats() counts what a container receives and sends', async t => {
  const before = belongings();
  const net = await makeNetwork();
  const [a, b] = [await net.attach('x'), await net.attach('y')];
  const read = () => net.controller.stats([a, b]);
  const server = await serve('/proc/self/ns/net', 7000);
  const ask5 = async () => {
    for (let i = 0; i < 5; i++) t.is(await ask(a.sandbox, 'udp', '172.17.0.1:7000'), '172.17.0.2');
  };
  await ask5();
  const [first] = read();
  await ask5();
  const [second, other] = read();
  server.kill('SIGKILL');
  // Ethernet 14, IP 20 and UDP 8 bytes; asked "\n", answered "you are 172.17.0.2\n". ARP is over by now.
  t.deepEqual(minus(second!.sent, first!.sent), {packets: 5, bytes: 5 * (42 + 1)});
  // The host's own IPv6 chatter comes in by the same link now and then.
  const received = minus(second!.received, first!.received);
  t.true(received.packets >= 5 && received.packets <= 20, `${received.packets} packets`);
  t.true(received.bytes >= 5 * (42 + 19) && received.bytes <= 5 * (42 + 19) + 15 * 120, `${received.bytes} bytes`);
  t.true(other!.sent.bytes < 1000);
  t.deepEqual([second!.dropped, second!.errors], [0, 0]);
  for (const attachment of [a, b]) await net.detach(attachment);
  t.deepEqual(read()[0]!.sent, {packets: 0, bytes: 0}, 'what is gone counts nothing');
  await net.controller.close();
  t.deepEqual(belongings(), before);
});

test.serial('stats() counts what bandwidth limits dropped, of either direction', async t => {
  const net = await makeNetwork({wrap: kernel => ({...kernel, watch: () => () => {}})});
  const a = await net.attach('a');
  const limits = parseBandwidth({'tnet.ingress-rate': '10mbit', 'tnet.egress-rate': '10mbit'});
  const items = planBandwidth(a.hostIfname, limits, linkGroup(net.controller.get('bridge')));
  await net.kernelBelow.execute(
    items.map(item => ({do: 'add', item})),
    'undo',
  );
  const dropped = () => net.controller.stats([a])[0]!.dropped;
  await measure({from: null, to: a.sandbox, address: a.leases[0]!.address, proto: 'udp', port: 5001}, 200);
  const incoming = dropped();
  t.true(incoming > 100, `${incoming}`);
  await measure({from: a.sandbox, to: null, address: '172.17.0.1', proto: 'udp', port: 5002}, 200);
  t.true(dropped() > incoming + 100, `${dropped()}`);
  await net.controller.repair();
  await net.detach(a);
  await net.controller.close();
});

test.serial('tnet network stats shows a container of the real daemon', async t => {
  const before = belongings();
  const tnet = makeTnet();
  await tnet.ok('run', '-d', '--name', 'web', '-p', '8080:80', 'host', 'sleep', '1000');
  const table = await tnet.ok('network', 'stats', '--no-stream');
  t.regex(table, /^NAME +NETWORK +IFACE .*\nweb +bridge +eth0 /);
  const row = JSON.parse(await tnet.ok('network', 'stats', '--json', 'web'));
  t.regex(row.HostInterface, /^veth[0-9a-f]{7}$/);
  t.is(row.Ports[0].HostPort, 8080);
  t.regex(await tnet.ok('network', 'stats', '--no-stream', '--ports', 'bridge'), /web +8080->80\/tcp +0/);
  await tnet.end();
  t.deepEqual(belongings(), before);
});
