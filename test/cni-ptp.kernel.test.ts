import test from 'ava';
import {type CniList, removeNetns} from './fixture/cni.ts';
import {insideOf, makeReference, referenceLacks, shapeOf, withoutDad} from './fixture/cni-reference.ts';
import {reach, serve} from './fixture/echo.ts';
import {makeEmptyTables, makeNeighbour, run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** Links between the host and each pod, without a bridge, under the name of the reference plugin `ptp`. */
const neighbour = makeNeighbour();
const lacks = referenceLacks('ptp', 'host-local');
// The reference plugin masquerades with iptables.
if (lacks === '') makeEmptyTables();
const {tnet, cni} = useCni();

const ptp = (name: string, ipam: object, over: object = {}): CniList => ({
  cniVersion: '1.0.0',
  name,
  plugins: [
    {type: 'ptp', ipMasq: true, ipam, ...over},
    {type: 'portmap', capabilities: {portMappings: true}},
  ],
});
const pool = (subnet: string, over: object = {}) => ({
  type: 'host-local',
  ranges: [[{subnet}]],
  routes: [{dst: '0.0.0.0/0'}],
  ...over,
});
const both = {type: 'host-local', ranges: [[{subnet: '10.52.0.0/24'}], [{subnet: 'fd52::/64'}]]};
const ruled = (text: string): string => run(`nft list table inet tnet | grep -c '${text}' || true`).trim();
const gone = (netns: string): string => runIn(netns, 'ip -o link | grep -c eth0 || true').trim();

test.serial('ADD makes a link with routes; CHECK sees what is missing; DEL leaves nothing', async t => {
  const list = ptp('points', pool('10.50.0.0/24'), {mtu: 1400, dns: {nameservers: ['10.50.0.1']}});
  const ports = {portMappings: [{hostPort: 8301, containerPort: 80}]};
  const [one, two] = [container('ptp1', {capabilities: ports}), container('ptp2')];
  const result = await cni.add(list, one);
  t.like(result, {
    ips: [{address: '10.50.0.2/24', gateway: '10.50.0.1', interface: 1}],
    dns: {nameservers: ['10.50.0.1']},
  });
  const [host] = result.interfaces as {name: string; mac: string}[];
  t.regex(run(`ip -o addr show ${host!.name}`), / 10\.50\.0\.1\/32 /);
  t.regex(run(`ip -o link show ${host!.name}`), new RegExp(`mtu 1400 .*${host!.mac}`));
  t.regex(run('ip route show 10.50.0.2'), new RegExp(`^10\\.50\\.0\\.2 dev ${host!.name} `));
  const other = await cni.add(list, two);
  const servers = [await serve(one.netns, 80), await serve(two.netns, 80)];
  for (const server of servers) t.teardown(() => server.kill());
  t.is(await reach(two.netns, '10.50.0.2:80'), '10.50.0.3');
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8301`), neighbour.address);
  t.is(await reach(null, '127.0.0.1:8301'), '10.50.0.1');
  t.is(await reach(one.netns, `${neighbour.hostAddress}:8301`), '10.50.0.1');
  const away = await serve(neighbour.netns, 81);
  t.teardown(() => away.kill());
  t.is(await reach(two.netns, `${neighbour.address}:81`), neighbour.hostAddress);
  await cni.check(list, one, result);
  run('ip route del 10.50.0.2');
  await t.throwsAsync(cni.check(list, one, result), {message: /needs add route "10\.50\.0\.2\/32" dev veth/});
  for (const [target, made] of [
    [one, result],
    [two, other],
  ] as const) {
    await cni.del(list, target, made);
    await cni.del(list, {...target, netns: ''}, made);
    t.is(gone(target.netns), '0');
    removeNetns(target.netns);
  }
  t.is(run('ip route show 10.50.0.0/24; ip -o link show type veth | grep -v eth0 || true').trim(), '');
  t.is(ruled('10.50.0.[2-9]'), '0');
});

test.serial('both families; the next daemon knows the links; GC takes what nobody knows', async t => {
  const list: CniList = {...ptp('both', both), cniVersion: '1.1.0'};
  const target = container('ptp3', {capabilities: {portMappings: [{hostPort: 8302, containerPort: 80}]}});
  const result = await cni.add(list, target);
  t.like(result, {
    ips: [
      {address: '10.52.0.2/24', gateway: '10.52.0.1'},
      {address: 'fd52::2/64', gateway: 'fd52::1'},
    ],
  });
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  runIn(target.netns, 'ip route add default via 10.52.0.1; ip route add default via fd52::1');
  t.is(await reach(neighbour.netns, `[${neighbour.hostAddress6}]:8302`), neighbour.address6);
  t.is(await reach(null, '[fd52::2]:80'), 'fd52::1');
  process.kill(tnet.daemonPid(), 'SIGKILL');
  run('ip route del 10.52.0.2');
  await tnet.ok('network', 'ls');
  t.regex(run('ip route show 10.52.0.2'), /^10\.52\.0\.2 dev veth/);
  await cni.check(list, target, result);
  t.is(await reach(neighbour.netns, `[${neighbour.hostAddress6}]:8302`), neighbour.address6);
  await cni.ask('GC', list, {'cni.dev/valid-attachments': [{containerID: 'ptp3', ifname: 'eth0'}]});
  t.is(gone(target.netns), '1');
  await cni.ask('GC', list, {'cni.dev/valid-attachments': []});
  t.is(gone(target.netns), '0');
  t.is(ruled('52::\\|10.52'), '0');
  removeNetns(target.netns);
});

test.serial('an ADD that fails leaves nothing; addresses of a static configuration are taken as they are', async t => {
  const ipam = {
    type: 'static',
    addresses: [{address: '10.53.0.9/24', gateway: '10.53.0.1'}],
    routes: [{dst: '0.0.0.0/0'}],
  };
  const [list, target] = [ptp('given', ipam), container('ptp4')];
  runIn(target.netns, 'ip link add eth0 type veth peer name x');
  await t.throwsAsync(cni.add(list, target), {message: /File exists/});
  await t.throwsAsync(cni.add({...list, plugins: [{type: 'ptp'}]}, target), {message: /needs addresses/});
  runIn(target.netns, 'ip link del eth0');
  t.is(run('ip route show 10.53.0.0/24; ip -o link show type veth | grep -v eth0 || true').trim(), '');
  const result = await cni.add(list, target);
  t.deepEqual(insideOf(target.netns), {
    addresses: ['10.53.0.9/24'],
    routes: ['10.53.0.0/24 via 10.53.0.1', '10.53.0.1', 'default via 10.53.0.1'],
  });
  removeNetns(target.netns);
  await cni.del(list, target, result);
  t.is(ruled('10.53'), '0');
});

(lacks === '' ? test.serial : test.serial.skip)(
  `beside the reference plugin: the same result, the same inside${lacks}`,
  async t => {
    const reference = makeReference(tnet);
    const routes = [{dst: '0.0.0.0/0'}, {dst: '::/0'}, {dst: '10.99.0.0/16', gw: '10.54.0.1'}];
    const ranges = {type: 'host-local', ranges: [[{subnet: '10.54.0.0/24'}], [{subnet: 'fd54::/64'}]], routes};
    const only = (ipam: object): CniList => ({...ptp('side', ipam), plugins: [{type: 'ptp', ipMasq: true, ipam}]});
    const [theirs, ours] = [only({...ranges, dataDir: `${tnet.runRoot}/ipam`}), only(ranges)];
    const target = container('ptp5');
    withoutDad(target.netns);
    const wanted = await reference.add(theirs, target);
    const inside = insideOf(target.netns);
    await reference.del(theirs, target, wanted);
    const result = await cni.add(ours, target);
    t.deepEqual(shapeOf(result), shapeOf(wanted));
    t.deepEqual(result.ips, wanted.ips);
    t.deepEqual(result.routes, wanted.routes);
    t.deepEqual(insideOf(target.netns), inside);
    await cni.del(ours, target, result);
    removeNetns(target.netns);
  },
);
