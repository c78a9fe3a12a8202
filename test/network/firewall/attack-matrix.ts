import test, {type ExecutionContext} from 'ava';
import {type Attachment, leaseOf} from '../../../src/model/attachment.ts';
import {type Family, parsePrefix} from '../../../src/model/ip.ts';
import {ask, type EchoServer, serve} from '../../fixture/echo.ts';
import {belongings, makeEmptyTables, makeHost, makeNeighbour, type Neighbour, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, networkSpec, type TestNetwork} from '../../fixture/network.ts';

/**
 * Who reaches what, by real packets (facts/docker.md §2.4), in both families. On `lan`, `web` publishes 8080 on every address, 8081 on
 * the loopback addresses, 8083 on the host's own and leaves 9090 unpublished; `peer` is its neighbour. `other` publishes 8082 on another
 * network, `sealed` is on an internal one, `routed` on one without address translation, `bare` on an unprotected one, `apart` and
 * `apart2` on one with icc=false.
 */
type Who = 'host' | 'neighbour' | Sandbox;
const sandboxes = ['web', 'peer', 'other', 'sealed', 'routed', 'bare', 'apart', 'apart2'] as const;
type Sandbox = (typeof sandboxes)[number];

const published: Readonly<Partial<Record<Sandbox, readonly string[]>>> = {
  web: [
    '8080:80',
    '127.0.0.1:8081:80',
    '[::1]:8081:80',
    '192.0.2.1:8083:80',
    '[2001:db8:1::1]:8083:80',
    '8100-8199:8100-8199',
  ],
  other: ['8082:80'],
  routed: ['8084:80'],
  bare: ['8085:80'],
  apart: ['8086:80'],
};
const networks: readonly (readonly [string, number, Record<string, string>, boolean])[] = [
  ['lan', 1, {}, false],
  ['other', 2, {}, false],
  ['sealed', 3, {}, true],
  ['routed', 4, bothFamilies('routed'), false],
  ['bare', 5, bothFamilies('nat-unprotected'), false],
  ['apart', 6, {'com.docker.network.bridge.enable_icc': 'false'}, false],
];
const networkOf = (name: Sandbox): string =>
  name === 'web' || name === 'peer' ? 'lan' : name === 'apart2' ? 'apart' : name;
const bridge: Readonly<Record<Family, (n: number) => string>> = {4: n => `10.9.${n}.1`, 6: n => `fd09:0:0:${n}::1`};
const host: Readonly<Record<Family, string>> = {4: '192.0.2.1', 6: '2001:db8:1::1'};
const outside: Readonly<Record<Family, string>> = {4: '192.0.2.2', 6: '2001:db8:1::2'};
const loopback: Readonly<Record<Family, string>> = {4: '127.0.0.1', 6: '::1'};

let net: TestNetwork;
let neighbour: Neighbour;
const attached = new Map<Sandbox, Attachment>();
const servers: EchoServer[] = [];

const ip = (name: Sandbox, family: Family): string => leaseOf(attached.get(name)!, family)!.address;
const at = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
const netnsOf = (who: Who): string | null =>
  who === 'host' ? null : who === 'neighbour' ? neighbour.netns : attached.get(who)!.sandbox;

/** [who asks, what, where, the address the server sees; null when it must not get through] */
type Cell = readonly [Who, string, (f: Family) => string, ((f: Family) => string) | null];
const cells: readonly Cell[] = [
  ['neighbour', 'a published port', f => at(host[f], 8080), f => outside[f]],
  ['neighbour', 'a port of a published range', f => at(host[f], 8150), f => outside[f]],
  ['neighbour', 'a port published on that address', f => at(host[f], 8083), f => outside[f]],
  ['neighbour', 'the container address of a published port', f => at(ip('web', f), 80), null],
  ['neighbour', 'an unpublished port', f => at(ip('web', f), 9090), null],
  ['neighbour', 'a port published on loopback, by the host address', f => at(host[f], 8081), null],
  ['neighbour', 'a port published on loopback, by loopback on the wire', f => at(loopback[f], 8081), null],
  ['neighbour', 'the bridge address', f => at(bridge[f](1), 8081), null],
  ['neighbour', 'an internal network', f => at(ip('sealed', f), 80), null],
  ['neighbour', 'a published port of a routed container', f => at(ip('routed', f), 80), f => outside[f]],
  ['neighbour', 'an unpublished port of a routed container', f => at(ip('routed', f), 9090), null],
  ['neighbour', 'a routed port by the host address', f => at(host[f], 8084), null],
  ['neighbour', 'any port of an unprotected container', f => at(ip('bare', f), 9090), f => outside[f]],
  ['neighbour', 'a published port of an unprotected container', f => at(host[f], 8085), f => outside[f]],
  ['neighbour', 'a published port of a network without icc', f => at(host[f], 8086), f => outside[f]],
  ['host', 'a published port by its own address', f => at(host[f], 8080), f => host[f]],
  ['host', 'an unpublished port by the container address', f => at(ip('web', f), 9090), f => bridge[f](1)],
  ['peer', 'a neighbour on the same network', f => at(ip('web', f), 9090), f => ip('peer', f)],
  ['peer', 'a published port of its own network by the host address', f => at(host[f], 8080), f => bridge[f](1)],
  ['peer', "another network's published port", f => at(host[f], 8082), f => bridge[f](2)],
  ['peer', 'another network directly', f => at(ip('other', f), 80), null],
  ['peer', 'a port published on loopback, by the gateway', f => at(bridge[f](1), 8081), null],
  ['peer', 'a published port of a routed container', f => at(ip('routed', f), 80), f => bridge[f](4)],
  ['web', 'its own published port (hairpin)', f => at(host[f], 8080), f => bridge[f](1)],
  ['other', 'another network directly', f => at(ip('web', f), 80), null],
  ['other', 'an internal network', f => at(ip('sealed', f), 80), null],
  ['sealed', 'a published port of another network', f => at(bridge[f](3), 8080), null],
  ['sealed', 'the outside', f => at(outside[f], 7070), null],
  ['web', 'the outside, under the address of the host', f => at(outside[f], 7070), f => host[f]],
  ['routed', 'the outside, under its own address', f => at(outside[f], 7070), f => ip('routed', f)],
  ['apart2', 'another container of a network without icc', f => at(ip('apart', f), 80), null],
  ['apart2', "another network's published port", f => at(host[f], 8082), f => bridge[f](2)],
];

/** Over IPv6 not where br_netfilter translates on the bridge: ::1 would come from a wire, and the kernel drops that (docs/network.md). */
const loopbackCells: readonly Cell[] = [
  ['host', 'a published port by localhost', f => at(loopback[f], 8080), f => bridge[f](1)],
  ['host', 'a port published on loopback', f => at(loopback[f], 8081), f => bridge[f](1)],
];

/** Registers the tests of one renderer. */
export function attackMatrix(firewall: 'nftables' | 'iptables'): void {
  let before: ReturnType<typeof belongings>;
  test.before(async () => {
    makeHost();
    neighbour = makeNeighbour();
    if (firewall === 'iptables') makeEmptyTables();
    before = belongings();
    net = await makeNetwork({firewall});
    await build();
  });
  test.after.always(async t => {
    for (const server of servers) server.kill();
    for (const attachment of attached.values()) await net.detach(attachment);
    for (const [name] of networks) await net.controller.remove(name);
    await net.controller.close();
    t.deepEqual(belongings(), before);
  });
  for (const bridged of ['0', '1'])
    for (const family of [4, 6] as const)
      for (const proto of ['tcp', 'udp'] as const) registerCells({bridged, family, proto});
  registerOthers();
}

async function build(): Promise<void> {
  for (const [name, n, options, internal] of networks) {
    const subnets = [`10.9.${n}.0/24`, `fd09:0:0:${n}::/64`].map(prefix => ({
      prefix: parsePrefix(prefix),
      gateway: null,
      range: null,
      reserved: {},
    }));
    await net.controller.create(networkSpec(name, {ipv6: true, subnets, options, internal}));
  }
  for (const name of sandboxes) {
    const ports = (published[name] ?? []).flatMap(port => [port, `${port}/udp`]);
    attached.set(name, await net.attach(name, {network: networkOf(name), ports}));
    servers.push(await serve(attached.get(name)!.sandbox, 80), await serve(attached.get(name)!.sandbox, 9090));
  }
  servers.push(await serve(attached.get('web')!.sandbox, 8150), await serve(neighbour.netns, 7070));
  // The neighbour tries every trick: routes to container addresses, and to the loopback addresses, through the host.
  runIn(
    neighbour.netns,
    `ip route add 10.9.0.0/16 via 192.0.2.1; ip route add fd09::/16 via 2001:db8:1::1
     ip link set lo down; ip route add 127.0.0.1/32 via 192.0.2.1; ip -6 route add ::1/128 via 2001:db8:1::1
     sysctl -qw net.ipv4.conf.all.route_localnet=1`,
  );
}

function registerCells({bridged, family, proto}: Setting): void {
  test.serial(`${proto} over IPv${family}, bridge-nf-call=${bridged}: who reaches what`, async t => {
    t.timeout(120_000);
    run(
      `for table in iptables ip6tables; do
         [ ! -e /proc/sys/net/bridge/bridge-nf-call-$table ] || echo ${bridged} > /proc/sys/net/bridge/bridge-nf-call-$table
       done`,
    );
    const all = family === 6 && bridged === '1' ? cells : [...cells, ...loopbackCells];
    const silent = all.filter(([, , , seen]) => seen === null);
    // Silence takes its time: those cells wait together.
    await Promise.all(silent.map(cell => check(t, cell, {bridged, family, proto})));
    for (const cell of all.filter(([, , , seen]) => seen !== null)) await check(t, cell, {bridged, family, proto});
  });
}

interface Setting {
  readonly bridged: string;
  readonly family: Family;
  readonly proto: 'tcp' | 'udp';
}

async function check(t: ExecutionContext, [who, what, where, seen]: Cell, {family, proto}: Setting): Promise<void> {
  const told = await ask(netnsOf(who), proto, where(family), seen ? {} : {waitS: 1.5});
  t.is(told, seen ? seen(family) : null, `${who} → ${what}`);
}

function registerOthers(): void {
  test.serial('an internal network publishes nothing', async t => {
    await t.throwsAsync(net.attach('leak', {network: 'sealed', ports: ['8087:80']}), {
      code: 'ERR_BAD_REQUEST',
      message: 'Cannot publish ports on network "sealed": it is internal',
    });
    await net.controller.removeSandbox('/run/tnet-test/netns/leak');
  });

  test.serial('the host is no router for others: forwarding is on for our networks only', async t => {
    const second = makeNeighbour('eth1', '198.51.100', '2001:db8:2');
    servers.push(await serve(second.netns, 7070));
    await net.controller.repair();
    t.is(run('cd /proc/sys/net/ipv4/conf; cat eth0/forwarding eth1/forwarding all/forwarding'), '1\n1\n0\n');
    runIn(
      neighbour.netns,
      'ip route add 198.51.100.0/24 via 192.0.2.1; ip route add 2001:db8:2::/64 via 2001:db8:1::1',
    );
    runIn(second.netns, 'ip route add 192.0.2.0/24 via 198.51.100.1; ip route add 2001:db8:1::/64 via 2001:db8:2::1');
    for (const address of [second.address, second.address6])
      t.is(await ask(neighbour.netns, 'tcp', at(address, 7070), {waitS: 0.5}), null);
    t.is(await ask(second.netns, 'tcp', '198.51.100.1:8080'), '198.51.100.2');
    t.is(await ask(second.netns, 'tcp', '[2001:db8:2::1]:8080'), '2001:db8:2::2');
    run('ip link del eth1; umount /run/tnet-test/netns/neighbour-eth1; rm /run/tnet-test/netns/neighbour-eth1');
  });

  test.serial('rules come back after a flush of the whole ruleset', async t => {
    await net.controller.repair(); // forgets eth1
    const size = (): number => run('nft -s list ruleset').length;
    const whole = size();
    run('nft flush ruleset');
    t.is(run('nft list tables'), '');
    for (let i = 0; i < 50 && size() !== whole; i++) await new Promise(resolve => setTimeout(resolve, 20));
    for (const family of [4, 6] as const) {
      t.is(await ask(neighbour.netns, 'tcp', at(host[family], 8080)), outside[family]);
      t.is(await ask(neighbour.netns, 'tcp', at(ip('web', family), 9090), {waitS: 0.5}), null);
    }
  });
}

function bothFamilies(mode: string): Record<string, string> {
  return {
    'com.docker.network.bridge.gateway_mode_ipv4': mode,
    'com.docker.network.bridge.gateway_mode_ipv6': mode,
  };
}
