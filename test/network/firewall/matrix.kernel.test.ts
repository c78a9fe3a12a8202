import type {ChildProcess} from 'node:child_process';
import test from 'ava';
import type {Attachment} from '../../../src/model/attachment.ts';
import {ask, serve} from '../../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, type Neighbour, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, networkSpec, type TestNetwork} from '../../fixture/network.ts';

/**
 * Who reaches what, by real packets (facts/docker.md §2.4). `web` publishes 8080 on every address, 8081 on 127.0.0.1 and
 * leaves 9090 unpublished; `peer` is on the same network; `other` on another one and publishes 8082; `sealed` on an internal one.
 */
let net: TestNetwork;
let neighbour: Neighbour;
let web: Attachment, peer: Attachment, other: Attachment, sealed: Attachment;
const servers: ChildProcess[] = [];
let before: ReturnType<typeof belongings>;

test.before(async () => {
  makeHost();
  neighbour = makeNeighbour();
  before = belongings();
  net = await makeNetwork();
  await net.controller.create(networkSpec('other'));
  await net.controller.create(networkSpec('sealed', {internal: true}));
  web = await net.attach('web', {
    ports: ['8080:80', '8080:80/udp', '127.0.0.1:8081:80', '127.0.0.1:8081:80/udp', '192.0.2.1:8083:80'],
  });
  peer = await net.attach('peer');
  other = await net.attach('other', {network: 'other', ports: ['8082:80', '8082:80/udp']});
  sealed = await net.attach('sealed', {network: 'sealed'});
  for (const [{sandbox}, port] of [
    [web, 80],
    [web, 9090],
    [other, 80],
    [sealed, 80],
    [peer, 80],
  ] as const)
    servers.push(await serve(sandbox, port));
  // The neighbour tries every trick: routes to container addresses, and to 127.0.0.1, through the host.
  runIn(
    neighbour.netns,
    'ip route add 172.16.0.0/12 via 192.0.2.1; ip link set lo down; ip route add 127.0.0.1/32 via 192.0.2.1; sysctl -qw net.ipv4.conf.all.route_localnet=1; ip addr add 192.0.2.3/24 dev eth0',
  );
});

test.after.always(async t => {
  for (const server of servers) server.kill('SIGKILL');
  for (const attachment of [web, peer, other, sealed]) if (attachment) await net.detach(attachment);
  await net.controller.remove('other');
  await net.controller.remove('sealed');
  await net.controller.close();
  t.deepEqual(belongings(), before);
});

type Who = 'host' | 'neighbour' | 'web' | 'peer' | 'other' | 'sealed';
const netnsOf = (who: Who): string | null =>
  who === 'host' ? null : who === 'neighbour' ? neighbour.netns : {web, peer, other, sealed}[who].sandbox;
const ip = (attachment: Attachment): string => attachment.leases[0]!.address;

/** [who asks, what, where, the address the server sees; null when it must not get through] */
const cells: readonly (readonly [Who, string, () => string, (() => string) | null])[] = [
  ['neighbour', 'a published port', () => '192.0.2.1:8080', () => '192.0.2.2'],
  ['neighbour', 'a port published on that address', () => '192.0.2.1:8083', () => '192.0.2.2'],
  ['neighbour', 'the container address of a published port', () => `${ip(web)}:80`, null],
  ['neighbour', 'an unpublished port', () => `${ip(web)}:9090`, null],
  ['neighbour', 'a port published on 127.0.0.1, by the host address', () => '192.0.2.1:8081', null],
  ['neighbour', 'a port published on 127.0.0.1, by 127.0.0.1 on the wire', () => '127.0.0.1:8081', null],
  ['neighbour', 'the bridge address', () => '172.17.0.1:8081', null],
  ['host', 'a published port by localhost', () => '127.0.0.1:8080', () => '172.17.0.1'],
  ['host', 'a published port by its own address', () => '192.0.2.1:8080', () => '192.0.2.1'],
  ['host', 'a port published on 127.0.0.1', () => '127.0.0.1:8081', () => '172.17.0.1'],
  ['host', 'an unpublished port by the container address', () => `${ip(web)}:9090`, () => '172.17.0.1'],
  ['peer', 'a neighbour on the same network', () => `${ip(web)}:9090`, () => ip(peer)],
  ['peer', 'a published port of its own network by the host address', () => '192.0.2.1:8080', () => '172.17.0.1'],
  ['peer', "another network's published port", () => '192.0.2.1:8082', () => '172.18.0.1'],
  ['peer', 'another network directly', () => `${ip(other)}:80`, null],
  ['peer', 'a port published on 127.0.0.1, by the gateway', () => '172.17.0.1:8081', null],
  ['web', 'its own published port (hairpin)', () => '192.0.2.1:8080', () => '172.17.0.1'],
  ['other', 'another network directly', () => `${ip(web)}:80`, null],
  ['other', 'an internal network', () => `${ip(sealed)}:80`, null],
  ['sealed', 'a published port of another network', () => '172.19.0.1:8080', null],
  ['neighbour', 'an internal network', () => `${ip(sealed)}:80`, null],
];

for (const bridged of ['0', '1']) {
  for (const proto of ['tcp', 'udp'] as const) {
    for (const [who, what, where, seen] of cells) {
      if (proto === 'udp' && what.startsWith('a port published on that')) continue;
      test.serial(
        `${proto}: ${who} ${seen ? 'reaches' : 'does not reach'} ${what} (bridge-nf-call-iptables=${bridged})`,
        async t => {
          run(
            `[ ! -e /proc/sys/net/bridge/bridge-nf-call-iptables ] || echo ${bridged} > /proc/sys/net/bridge/bridge-nf-call-iptables`,
          );
          t.is(await ask(netnsOf(who), proto, where()), seen ? seen() : null);
        },
      );
    }
  }
}

for (const bridged of ['0', '1']) {
  test.serial(`icc=false parts the containers of a network (bridge-nf-call-iptables=${bridged})`, async t => {
    run(`echo ${bridged} > /proc/sys/net/bridge/bridge-nf-call-iptables || true`);
    await net.controller.create(networkSpec('apart', {options: {'com.docker.network.bridge.enable_icc': 'false'}}));
    const [a, b] = [
      await net.attach('a', {network: 'apart', ports: ['8084:80']}),
      await net.attach('b', {network: 'apart'}),
    ];
    servers.push(await serve(a.sandbox, 80));
    t.is(await ask(b.sandbox, 'tcp', `${ip(a)}:80`), null);
    t.is(await ask(b.sandbox, 'udp', `${ip(a)}:80`), null);
    t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8084'), '192.0.2.2');
    t.is(await ask(b.sandbox, 'tcp', '192.0.2.1:8082'), '172.18.0.1');
    servers.pop()?.kill('SIGKILL');
    await net.detach(a);
    await net.detach(b);
    await net.controller.remove('apart');
  });
}

test.serial('an internal network publishes nothing', async t => {
  await t.throwsAsync(net.attach('leak', {network: 'sealed', ports: ['8085:80']}), {
    code: 'ERR_BAD_REQUEST',
    message: 'Cannot publish ports on network "sealed": it is internal',
  });
  await net.controller.removeSandbox('/run/tnet-test/netns/leak');
});

test.serial('containers reach the outside under the address of the host', async t => {
  servers.push(await serve(neighbour.netns, 7070));
  t.is(await ask(web.sandbox, 'tcp', '192.0.2.2:7070'), '192.0.2.1');
  t.is(await ask(sealed.sandbox, 'tcp', '192.0.2.2:7070'), null);
});

test.serial('the host is no router for others: forwarding is on for our networks only', async t => {
  const second = makeNeighbour('eth1', '198.51.100');
  servers.push(await serve(second.netns, 7070));
  await net.controller.repair();
  t.is(
    run(
      'cat /proc/sys/net/ipv4/conf/eth0/forwarding /proc/sys/net/ipv4/conf/eth1/forwarding /proc/sys/net/ipv4/conf/all/forwarding',
    ),
    '1\n1\n0\n',
  );
  runIn(neighbour.netns, 'ip route add 198.51.100.0/24 via 192.0.2.1');
  runIn(second.netns, 'ip route add 192.0.2.0/24 via 198.51.100.1');
  t.is(await ask(neighbour.netns, 'tcp', '198.51.100.2:7070'), null);
  t.is(await ask(second.netns, 'tcp', '198.51.100.1:8080'), '198.51.100.2');
  run('ip link del eth1; umount /run/tnet-test/netns/neighbour-eth1; rm /run/tnet-test/netns/neighbour-eth1');
});

test.serial('rules come back after a flush of the whole ruleset', async t => {
  run('nft flush ruleset');
  t.is(run('nft list tables'), '');
  for (let i = 0; i < 50 && run('nft list tables') === ''; i++) await new Promise(resolve => setTimeout(resolve, 20));
  t.is(run('nft list tables'), 'table inet tnet\n');
  t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080'), '192.0.2.2');
  t.is(await ask(neighbour.netns, 'tcp', `${ip(web)}:9090`), null);
});
