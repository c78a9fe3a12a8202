import {rmSync} from 'node:fs';
import test from 'ava';
import {type CniList, type CniRuntime, type CniTarget, makeCni, makeNetns, removeNetns} from './fixture/cni.ts';
import {ask, serve} from './fixture/echo.ts';
import {belongings, makeNeighbour, type Neighbour, run, runIn} from './fixture/host.ts';
import {makeTnet, type Tnet} from './fixture/tnet.ts';

/** Another runtime's calls, by the real executable, under the names of the reference plugins. */
let tnet: Tnet;
let cni: CniRuntime;
let neighbour: Neighbour;
let before: ReturnType<typeof belongings>;

test.before(async () => {
  neighbour = makeNeighbour();
  before = belongings();
  tnet = makeTnet();
  cni = makeCni(tnet);
  await tnet.ok('network', 'ls');
});

test.after.always(async t => {
  for (const name of (await tnet.ok('network', 'ls')).match(/cni:\S+/g) ?? []) await tnet.ok('network', 'rm', name);
  await tnet.end();
  rmSync(cni.bin, {recursive: true});
  t.deepEqual(belongings(), before);
});

const bridge = (name: string, subnet: string, over: object = {}): CniList => ({
  cniVersion: '1.0.0',
  name,
  plugins: [
    {
      type: 'bridge',
      bridge: `cni-${name}`,
      isGateway: true,
      ipMasq: true,
      hairpinMode: true,
      ipam: {type: 'host-local', ranges: [[{subnet}]], routes: [{dst: '0.0.0.0/0'}]},
      ...over,
    },
    {type: 'portmap', capabilities: {portMappings: true}},
    {type: 'firewall'},
    {type: 'tuning', sysctl: {'net.ipv4.conf.IFNAME.arp_notify': '1'}},
    {type: 'bandwidth', capabilities: {bandwidth: true}},
  ],
});

const container = (id: string, over: Partial<CniTarget> = {}): CniTarget => ({id, netns: makeNetns(id), ...over});

test.serial('ADD gives a pod an address, a way out and its port; DEL leaves nothing of it', async t => {
  const list = bridge('pods', '10.30.0.0/24');
  // As containerd's client in Go, which has no names for its fields.
  const target = container('pod1', {
    capabilities: {
      portMappings: [{HostPort: 8087, ContainerPort: 80, Protocol: 'TCP', HostIP: ''}],
      bandwidth: {IngressRate: 80_000_000, IngressBurst: 4294967295},
    },
  });
  const result = await cni.add(list, target);
  const interfaces = result.interfaces as Record<string, string>[];
  t.is(interfaces[0]?.name, 'cni-pods');
  t.like(interfaces[2], {name: 'eth0', mac: '02:42:0a:1e:00:02', sandbox: target.netns});
  t.like(result, {
    cniVersion: '1.0.0',
    ips: [{address: '10.30.0.2/24', gateway: '10.30.0.1', interface: 2}],
    routes: [{dst: '0.0.0.0/0'}],
  });
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await ask(neighbour.netns, 'tcp', `${neighbour.hostAddress}:8087`), neighbour.address);
  t.is(await ask(null, 'tcp', '127.0.0.1:8087'), '10.30.0.1');
  t.is(await ask(target.netns, 'tcp', `${neighbour.hostAddress}:8087`), '10.30.0.1');
  t.is(runIn(target.netns, 'cat /proc/sys/net/ipv4/conf/eth0/arp_notify').trim(), '1');
  t.regex(run('tc qdisc show'), /tbf .* rate 80Mbit/);
  await cni.check(list, target, result);
  await cni.del(list, target, result);
  t.is(run('nft list table inet tnet | grep -c "8087\\|10.30.0.2" || true').trim(), '0');
  t.is(runIn(target.netns, 'ip -o link | grep -c eth0 || true').trim(), '0');
  await cni.del(list, target, result);
  await cni.del(list, {...target, netns: ''});
  removeNetns(target.netns);
});
