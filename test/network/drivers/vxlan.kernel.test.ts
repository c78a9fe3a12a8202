import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {Attachment} from '../../../src/model/attachment.ts';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import type {Network} from '../../../src/model/network.ts';
import {serve, talk} from '../../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, networkSpec, type TestNetwork} from '../../fixture/network.ts';

/**
 * Two hosts with one network: this one's part is ours, the other's is made with ip(8), in the namespace at the end of eth0.
 * There, 10.9.0.130 is a container behind a bridge and a vxlan link.
 */
const dir = makeHost();
const other = makeNeighbour();
const remote = `${dir}/netns/remote`;
const gateway = '10.9.0.1' as Ip;
run(`touch ${remote} && unshare --net=${remote} true`);
run('ip addr add fd00:1::1/64 dev eth0 nodad');
runIn(other.netns, 'ip addr add fd00:1::2/64 dev eth0 nodad');

const far = {address: '10.9.0.130', bridge: '10.9.0.1'};

interface FarHost {
  readonly local: string;
  readonly peer: string;
  readonly mtu: number;
  /** Of the bridge there: the same everywhere, or its own. */
  readonly gateway: string;
  readonly gatewayMac: string;
}

/** The other host's half of the network, until the end of the test. */
function makeFarHalf(t: ExecutionContext, {local, peer, mtu, gateway, gatewayMac}: FarHost): void {
  t.teardown(() => void runIn(other.netns, 'ip link del br0; ip link del vx0; ip link del v0; nft flush ruleset'));
  runIn(
    other.netns,
    `ip link add br0 address ${gatewayMac} type bridge && ip addr add ${gateway}/24 dev br0 && ip link set br0 up
     ip link add vx0 type vxlan id 100 local ${local} dstport 4789 && bridge fdb append 00:00:00:00:00:00 dst ${peer} dev vx0 self permanent
     ip link set vx0 mtu ${mtu} master br0 up
     ip link add v0 mtu ${mtu} master br0 type veth peer name eth0 mtu ${mtu} netns ${remote} && ip link set v0 up`,
  );
  runIn(remote, `ip addr add ${far.address}/24 dev eth0; ip link set eth0 up; ip link set lo up`);
}

const idle = belongings();
const overIpv4 = {vni: '100', peers: '192.0.2.2', local: '192.0.2.1'};
const overIpv6 = {vni: '100', peers: 'fd00:1::2', local: 'fd00:1::1'};
const sharedGateway = {gateway, gatewayMac: '02:42:0a:09:00:01'};

async function withLan(
  options: Readonly<Record<string, string>>,
  job: (net: TestNetwork, made: Made) => Promise<void>,
) {
  const net = await makeNetwork();
  const network = await net.controller.create(
    networkSpec('lan', {
      driver: 'vxlan',
      options,
      subnets: [{prefix: '10.9.0.0/24' as Prefix, gateway, range: '10.9.0.0/25' as Prefix, reserved: {}}],
    }),
  );
  const attachment = await net.attach('near', {network: 'lan'});
  try {
    await job(net, {network, attachment});
  } finally {
    await net.detach(attachment);
    await net.controller.remove('lan');
    await net.controller.close();
  }
}

interface Made {
  readonly network: Network;
  readonly attachment: Attachment;
}

/** A failed test must not leave its servers to the next one. */
async function serveFor(t: ExecutionContext, netns: string, port: number): Promise<() => void> {
  const server = await serve(netns, port);
  let running = true;
  const stop = (): void => {
    if (running) server.kill();
    running = false;
  };
  t.teardown(stop);
  return stop;
}

/** Both ways, both protocols. */
async function checkReach(t: ExecutionContext, {attachment}: Made): Promise<void> {
  const near = attachment.leases[0]!.address;
  const stop = [await serveFor(t, remote, 80), await serveFor(t, attachment.sandbox, 80)];
  t.deepEqual(await talk(attachment.sandbox, `${far.address}:80`, near), [near, near]);
  t.deepEqual(await talk(remote, `${near}:80`, far.address), [far.address, far.address]);
  for (const each of stop) each();
}

for (const [family, options, farHost, mtu] of [
  ['IPv4', overIpv4, {local: '192.0.2.2', peer: '192.0.2.1'}, 1450],
  ['IPv6', overIpv6, {local: 'fd00:1::2', peer: 'fd00:1::1'}, 1430],
  [
    'IPv4, the source left to the routes',
    {vni: '100', peers: '192.0.2.2'},
    {local: '192.0.2.2', peer: '192.0.2.1'},
    1450,
  ],
  [
    'IPv6, the source left to the routes',
    {vni: '100', peers: 'fd00:1::2'},
    {local: 'fd00:1::2', peer: 'fd00:1::1'},
    1430,
  ],
] as const)
  test.serial(`containers on two hosts reach each other over ${family}, also with the largest packets`, async t => {
    makeFarHalf(t, {...farHost, ...sharedGateway, mtu});
    await withLan(options, async (_, made) => {
      await checkReach(t, made);
      const before = fragments();
      // 28 bytes of the MTU are the inner headers of IP and UDP.
      t.is(await largest(made.attachment.sandbox, mtu - 28), mtu - 28);
      t.is(fragments(), before);
      const [link] = JSON.parse(runIn(made.attachment.sandbox, 'ip -j link show eth0')) as [{mtu: number}];
      t.is(link.mtu, mtu);
    });
    t.deepEqual(belongings(), idle);
  });

test.serial('a gateway that is on every host is asked for at home only', async t => {
  makeFarHalf(t, {local: '192.0.2.2', peer: '192.0.2.1', mtu: 1450, ...sharedGateway});
  await withLan(overIpv4, async (net, {network, attachment}) => {
    runIn(
      other.netns,
      `nft add table netdev t; nft add chain netdev t c '{type filter hook ingress device vx0 priority 0;}'
       nft add rule netdev t c ether type arp arp daddr ip ${gateway} counter`,
    );
    const crossed = (): number => Number(/packets (\d+)/.exec(runIn(other.netns, 'nft list table netdev t'))![1]);
    // All of it at one go: left alone for a moment, the controller would repair the setting.
    const askGateway = (): number => {
      const before = crossed();
      runIn(attachment.sandbox, `ip neigh flush all; timeout 1 bash -c 'exec 3<>/dev/tcp/${gateway}/80' 2>&1 || true`);
      return crossed() - before;
    };
    t.is(askGateway(), 0);
    t.regex(runIn(attachment.sandbox, 'ip neigh show 10.9.0.1'), /02:42:0a:09:00:01/);
    // The check can fail: without the bridge port's setting the request crosses.
    run(`ip link set vx-${network.id.slice(0, 12)} type bridge_slave neigh_suppress off`);
    t.true(askGateway() > 0);
    t.is((await net.controller.repair()).length, 1);
    t.is(askGateway(), 0);
  });
});

test.serial('hosts with gateways of their own reach each other’s containers, too', async t => {
  makeFarHalf(t, {
    local: '192.0.2.2',
    peer: '192.0.2.1',
    mtu: 1450,
    gateway: '10.9.0.129',
    gatewayMac: '02:42:0a:09:00:81',
  });
  await withLan(overIpv4, async (_, made) => {
    await checkReach(t, made);
    await serveFor(t, made.attachment.sandbox, 80);
    const near = `${made.attachment.leases[0]!.address}:80`;
    t.deepEqual(await talk(other.netns, near, '10.9.0.129'), ['10.9.0.129', '10.9.0.129']);
  });
});

test.serial('ports are published on the host’s own address, and the way out is masqueraded', async t => {
  await serveFor(t, other.netns, 81);
  const net = await makeNetwork();
  await net.controller.create(networkSpec('lan', {driver: 'vxlan', options: overIpv4}));
  const web = await net.attach('web', {network: 'lan', ports: ['8080:80']});
  await serveFor(t, web.sandbox, 80);
  t.is((await talk(other.netns, '192.0.2.1:8080', '192.0.2.2'))[0], '192.0.2.2');
  t.deepEqual(await talk(web.sandbox, '192.0.2.2:81', '192.0.2.1'), ['192.0.2.1', '192.0.2.1']);
  await net.detach(web);
  await net.controller.remove('lan');
  await net.controller.close();
  t.deepEqual(belongings(), idle);
});

test.serial('with icc=false the containers of other hosts are no neighbours either', async t => {
  makeFarHalf(t, {local: '192.0.2.2', peer: '192.0.2.1', mtu: 1450, ...sharedGateway});
  await serveFor(t, remote, 80);
  await withLan({...overIpv4, 'com.docker.network.bridge.enable_icc': 'false'}, async (_, {attachment}) => {
    t.deepEqual(await talk(attachment.sandbox, `${far.address}:80`, null), [null, null]);
  });
});

/** Sends UDP packets of `size` bytes, until one is heard at the far container: how long it was there. */
async function largest(from: string, size: number): Promise<number> {
  const node = (netns: string, script: string) =>
    spawn(
      'nsenter',
      [`--net=${netns}`, process.argv0, '-e', `const socket = require('dgram').createSocket('udp4');${script}`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
  const listener = node(
    remote,
    `socket.on('message', ({length}) => console.log(length)); socket.bind(7, () => console.log('ready'))`,
  );
  await once(listener.stdout, 'data');
  const sender = node(from, `setInterval(() => socket.send(Buffer.alloc(${size}), 7, '${far.address}'), 50)`);
  const [heard] = (await once(listener.stdout, 'data', {signal: AbortSignal.timeout(30_000)})) as [Buffer];
  for (const child of [listener, sender]) child.kill('SIGKILL');
  return Number(heard.toString().split('\n')[0]);
}

/** Packets that this host had to cut, of both families. */
function fragments(): number {
  const [names, values] = readFileSync('/proc/net/snmp', 'utf8')
    .split('\n')
    .map(line => line.split(' ')) as [string[], string[]];
  const [, ipv6] = /^Ip6FragCreates\s+(\d+)$/m.exec(readFileSync('/proc/net/snmp6', 'utf8'))!;
  return Number(values[names.indexOf('FragCreates')]) + Number(ipv6);
}
