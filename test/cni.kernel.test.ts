import {once} from 'node:events';
import {connect} from 'node:net';
import test from 'ava';
import {type CniList, type CniTarget, removeNetns} from './fixture/cni.ts';
import {reach, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** Another runtime's calls, by the real executable, under the names of the reference plugins. */
const neighbour = makeNeighbour();
const {tnet, cni} = useCni();

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
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8087`), neighbour.address);
  t.is(await reach(null, '127.0.0.1:8087'), '10.30.0.1');
  t.is(await reach(target.netns, `${neighbour.hostAddress}:8087`), '10.30.0.1');
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

const failure = async (job: Promise<unknown>): Promise<{code: number; message: string}> => {
  const error = await job.then(
    () => new Error('it did not fail'),
    (error: Error) => error,
  );
  return {code: (error as {code?: number}).code ?? 0, message: error.message};
};
const linksOf = (netns: string): string => runIn(netns, "ip -o link | cut -d: -f2 | cut -d@ -f1 | tr -d '\\n'").trim();
const leases = (prefix: string): string => run(`ip -o link | grep -c ${prefix} || true`).trim();

test.serial('an ADD that fails leaves nothing, in the container neither', async t => {
  const list = bridge('fails', '10.31.0.0/29');
  const [one, two] = [container('fail1'), container('fail2')];
  runIn(two.netns, 'ip link add eth0 type veth peer name x');
  const exists = await failure(cni.add(list, two));
  t.regex(exists.message, /bridge: Cannot add link "veth[0-9a-f]+": File exists/);
  runIn(two.netns, 'ip link del eth0');
  const publishing = {capabilities: {portMappings: [{hostPort: 8100, containerPort: 80}]}};
  await cni.add(list, {...one, ...publishing});
  const taken = await failure(cni.add(list, {...two, ...publishing}));
  t.deepEqual([taken.code, /Bind for 0\.0\.0\.0:8100 failed/.test(taken.message)], [102, true]);
  // A runtime gives up with a DEL.
  await cni.del(list, two);
  t.is(linksOf(two.netns), 'lo');
  t.is((await failure(cni.add(list, one))).code, 7);
  await cni.del(list, one);
  for (const {netns} of [one, two]) removeNetns(netns);
});

test.serial('STATUS tells of an exhausted pool, GC frees exactly what nobody knows', async t => {
  const list: CniList = {...bridge('small', '10.32.0.0/29'), cniVersion: '1.1.0'};
  const targets = ['a', 'b', 'c', 'd', 'e'].map(id => container(`small-${id}`));
  for (const target of targets) await cni.add(list, target);
  t.is((await failure(cni.ask('STATUS', list))).code, 50);
  const full = container('small-f');
  t.is((await failure(cni.add(list, full))).code, 101);
  const valid = targets.slice(0, 2).map(({id}) => ({containerID: id, ifname: 'eth0'}));
  await cni.ask('GC', list, {'cni.dev/valid-attachments': valid});
  t.deepEqual(
    targets.map(({netns}) => linksOf(netns)),
    ['lo eth0', 'lo eth0', 'lo', 'lo', 'lo'],
  );
  await cni.ask('STATUS', list);
  await cni.add(list, full);
  // libcni's key before 1.1.0; and without a list nothing is taken for stale.
  t.is((await failure(cni.ask('GC', list))).code, 7);
  await cni.ask('GC', list, {'cni.dev/attachments': []});
  t.is(run('ip -o link | grep -c cni-small || true').trim(), '0');
  for (const {netns} of [...targets, full]) removeNetns(netns);
});

test.serial('a namespace that is gone, or another by now, is not touched', async t => {
  const list = bridge('gone', '10.33.0.0/24', {hairpinMode: false});
  const target = container('gone1', {capabilities: {portMappings: [{hostPort: 8101, containerPort: 80}]}});
  await cni.add(list, target);
  removeNetns(target.netns);
  // Its links go with it, and there is no hairpin to switch off any more.
  run('timeout 5 sh -c "while ip -o link | grep -q master.cni-gone; do sleep 0.02; done"');
  // The same path, and very likely the same inode.
  const other = container('gone1');
  runIn(other.netns, 'ip link add eth0 type veth peer name x');
  await cni.del(list, {...target, netns: ''});
  t.is(run('nft list table inet tnet | grep -c 8101 || true').trim(), '0');
  t.is(linksOf(other.netns), 'lo x eth0');
  runIn(other.netns, 'ip link del eth0');
  t.like(await cni.add(list, other), {ips: [{address: '10.33.0.2/24'}]});
  removeNetns(other.netns);
  await cni.del(list, other);
  t.is((await failure(cni.add(list, {...other, netns: '/proc/self/ns/nothing'}))).code, 8);
  t.is((await failure(cni.add(list, {...other, netns: '/proc/self/ns/net'}))).code, 8);
});

test.serial('eight callers at once', async t => {
  const list = bridge('many', '10.34.0.0/24');
  const targets = Array.from({length: 24}, (_, i) =>
    container(`many-${i}`, {capabilities: {portMappings: [{hostPort: 9000 + i, containerPort: 80}]}}),
  );
  const each = async (job: (target: CniTarget) => Promise<unknown>): Promise<void> => {
    const queue = [...targets];
    const work = async (): Promise<void> => {
      for (let target = queue.shift(); target !== undefined; target = queue.shift()) await job(target);
    };
    await Promise.all(Array.from({length: 8}, work));
  };
  const addresses = new Set<string>();
  await each(async target => {
    const {ips} = (await cni.add(list, target)) as {ips: {address: string}[]};
    addresses.add(ips[0]!.address);
  });
  t.is(addresses.size, 24);
  await each(target => cni.del(list, target));
  t.is(leases('master.cni-many'), '0');
  t.is(run('nft list table inet tnet | grep -c "10.34.0.[2-9]" || true').trim(), '0');
  for (const {netns} of targets) removeNetns(netns);
});

/** Resolves when nobody listens any more. */
async function killDaemon(): Promise<void> {
  process.kill(tnet.daemonPid(), 'SIGKILL');
  for (;;) {
    const socket = connect(tnet.socket);
    const isThere = await Promise.race([
      once(socket, 'connect').then(() => true),
      once(socket, 'error').then(() => false),
    ]).catch(() => false);
    socket.on('error', () => {}).destroy();
    if (!isThere) return;
  }
}

test.serial('the daemon may die between ADD and DEL, and its host end', async t => {
  const list = bridge('dies', '10.35.0.0/24');
  const target = container('dies1', {capabilities: {portMappings: [{hostPort: 8101, containerPort: 80}]}});
  const result = await cni.add(list, target);
  await killDaemon();
  await cni.check(list, target, result);
  runIn(target.netns, 'ip addr del 10.35.0.2/24 dev eth0');
  const broken = await failure(cni.check(list, target, result));
  t.deepEqual([broken.code, /add address "10\.35\.0\.2\/24"/.test(broken.message)], [105, true]);
  await killDaemon();
  await cni.del(list, target, result);
  t.is(linksOf(target.netns), 'lo');
  removeNetns(target.netns);
});

test.serial('type tnet puts a pod on a network of ours, by name, with its aliases', async t => {
  await tnet.ok('network', 'create', '--subnet', '10.36.0.0/24', 'shop');
  const list: CniList = {
    cniVersion: '0.4.0',
    name: 'shop',
    plugins: [{type: 'tnet', capabilities: {portMappings: true, aliases: true, ips: true}}],
  };
  const capabilities = {
    aliases: {shop: ['cart']},
    ips: ['10.36.0.9'],
    portMappings: [{hostPort: 8102, containerPort: 80}],
  };
  const target = container('shop1', {args: 'IgnoreUnknown=1;K8S_POD_NAME=pod-cart', capabilities});
  const result = await cni.add(list, target);
  t.like(result, {
    cniVersion: '0.4.0',
    ips: [{version: '4', address: '10.36.0.9/24', gateway: '10.36.0.1', interface: 2}],
  });
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8102`), neighbour.address);
  t.deepEqual(result.dns, {nameservers: ['127.0.0.11']});
  const asked = (name: string): string =>
    runIn(
      target.netns,
      `${process.execPath} -e 'const r = new (require("node:dns").Resolver)({timeout: 3000, tries: 2}); r.setServers(["127.0.0.11"]); r.resolve4("${name}", (e, a) => console.log(e?.code ?? a[0]))'`,
    ).trim();
  t.is(asked('pod-cart'), '10.36.0.9');
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  t.is(asked('cart'), '10.36.0.9');
  t.regex(await tnet.ok('run', '--rm', '--network', 'shop', 'host', 'getent', 'hosts', 'cart'), /^10\.36\.0\.9 /);
  t.regex(await tnet.ok('run', '--rm', '--network', 'shop', 'host', 'getent', 'hosts', 'pod-cart'), /^10\.36\.0\.9 /);
  await cni.del(list, target, result);
  t.is((await failure(cni.add({...list, plugins: [{type: 'tnet', subnt: '10.0.0.0/8'}]}, target))).code, 2);
  await tnet.ok('network', 'rm', 'shop');
  removeNetns(target.netns);
});

test.serial('a configuration that has changed changes its network', async t => {
  const target = container('change1');
  await cni.add(bridge('change', '10.37.0.0/24'), target);
  const moved = await failure(cni.add(bridge('change', '10.38.0.0/24'), container('change2')));
  t.regex(moved.message, /Cannot change network "cni:change", its subnets: 10\.37\.0\.2 is in none of the new ones/);
  await cni.del(bridge('change', '10.37.0.0/24'), target);
  const result = await cni.add(bridge('change', '10.38.0.0/24', {mtu: 1400}), target);
  t.like(result, {ips: [{address: '10.38.0.2/24'}]});
  t.regex(run('ip addr show cni-change'), /mtu 1400[\s\S]*10\.38\.0\.1\/24/);
  t.notRegex(run('ip addr show cni-change'), /10\.37/);
  await cni.del(bridge('change', '10.38.0.0/24'), target);
  for (const name of ['change1', 'change2']) removeNetns(`/run/tnet-test/netns/${name}`);
});

test.serial('macvlan stands on its master', async t => {
  const plugin = {
    type: 'macvlan',
    master: 'eth0',
    ipam: {type: 'static', addresses: [{address: '192.0.2.77/24', gateway: '192.0.2.2'}]},
  };
  const list: CniList = {cniVersion: '1.1.0', name: 'wire', plugins: [plugin]};
  const target = container('wire1');
  const result = await cni.add(list, target);
  t.like(result, {ips: [{address: '192.0.2.77/24', gateway: '192.0.2.2', interface: 0}]});
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(neighbour.netns, '192.0.2.77:80'), '192.0.2.2');
  await cni.del(list, target, result);
  t.is(linksOf(target.netns), 'lo');
  removeNetns(target.netns);
});
