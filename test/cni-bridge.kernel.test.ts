import test from 'ava';
import {type CniList, type CniRuntime, makeNetns, removeNetns} from './fixture/cni.ts';
import {makeReference, referenceLacks, shapeOf} from './fixture/cni-reference.ts';
import {reach, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** Options of the reference plugin `bridge`, and bridges that others have made. */
const neighbour = makeNeighbour();
const {tnet, cni} = useCni();

const pool = (subnet: string, over: object = {}) => ({
  type: 'host-local',
  ranges: [[{subnet, ...over}]],
  routes: [{dst: '0.0.0.0/0'}],
});
const on = (name: string, over: object): CniList => ({
  cniVersion: '1.1.0',
  name,
  plugins: [
    {type: 'bridge', bridge: `br-${name}`, ...over},
    {type: 'portmap', capabilities: {portMappings: true}},
  ],
});
const forget = (list: CniList): Promise<void> => cni.ask('GC', list, {'cni.dev/valid-attachments': []});
const addressesOf = (link: string): string =>
  run(`ip -4 -o addr show dev ${link} | awk '{print $4}' | tr '\\n' ' '`).trim();
const settingsOf = (link: string): string =>
  run(`cd /proc/sys/net/ipv4/conf/${link} && cat forwarding route_localnet`).replaceAll('\n', ' ').trim();

/** A bridge of another program's, with a host on a port of it. */
function makeForeign(t: {teardown(job: () => void): void}, name: string, address: string): string {
  const netns = makeNetns(`${name}-lan`);
  run(
    `ip link add ${name} type bridge && ip link set ${name} up && echo 0 > /proc/sys/net/ipv4/conf/${name}/forwarding`,
  );
  run(`ip link add ${name}p type veth peer name lan0 netns ${netns} && ip link set ${name}p master ${name} up`);
  runIn(netns, `ip addr add ${address} dev lan0 && ip link set lan0 up && ip link set lo up`);
  t.teardown(() => {
    run(`ip link del ${name}`);
    removeNetns(netns);
  });
  return netns;
}

test.serial('a bridge that others have made is used, and left as it was', async t => {
  const lan = makeForeign(t, 'br-lan', '10.90.0.50/24');
  const list = on('lan', {isGateway: true, ipMasq: true, hairpinMode: true, ipam: pool('10.90.0.0/24')});
  const settings = settingsOf('br-lan');
  const target = container('lan1', {capabilities: {portMappings: [{hostPort: 8501, containerPort: 80}]}});
  const result = await cni.add(list, target);
  const mac = run('cat /sys/class/net/br-lan/address 2>/dev/null || ip -o link show br-lan').match(
    /([0-9a-f]{2}:){5}[0-9a-f]{2}/,
  )![0];
  t.like(result, {ips: [{address: '10.90.0.2/24', gateway: '10.90.0.1'}]});
  t.like((result.interfaces as object[])[0], {name: 'br-lan', mac});
  t.is(addressesOf('br-lan'), '10.90.0.1/24');
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(lan, '10.90.0.2:80'), '10.90.0.50');
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8501`), neighbour.address);
  t.is(await reach(null, '127.0.0.1:8501'), '10.90.0.1');
  t.is(await reach(target.netns, `${neighbour.hostAddress}:8501`), '10.90.0.1');
  await cni.check(list, target, result);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await cni.check(list, target, result);
  await cni.del(list, target, result);
  await forget(list);
  t.is(addressesOf('br-lan'), '');
  t.is(settingsOf('br-lan'), settings);
  t.is(run('ip -o link show master br-lan | cut -d: -f2').trim(), 'br-lanp@if2');
  t.is(run('nft list table inet tnet | grep -c br-lan || true').trim(), '0');
  removeNetns(target.netns);
});

test.serial('forceAddress takes the place of an address, which comes back; its own gateway stays', async t => {
  makeForeign(t, 'br-old', '10.91.0.50/24');
  run('ip addr add 10.91.0.9/24 dev br-old');
  const plain = on('old', {isGateway: true, ipam: pool('10.91.0.0/24')});
  const forced = on('old', {isGateway: true, forceAddress: true, ipam: pool('10.91.0.0/24')});
  const target = container('old1');
  await t.throwsAsync(cni.add(plain, target), {message: /"br-old" already has an IP address different from/});
  t.is(addressesOf('br-old'), '10.91.0.9/24');
  await cni.add(forced, target);
  t.is(addressesOf('br-old'), '10.91.0.1/24');
  await cni.del(forced, target);
  await forget(forced);
  t.is(addressesOf('br-old'), '10.91.0.9/24');
  const same = on('old', {isGateway: true, ipam: pool('10.91.0.0/24', {gateway: '10.91.0.9'})});
  const unaddressed = on('old', {ipam: pool('10.91.0.0/24', {gateway: '10.91.0.9'})});
  for (const list of [same, unaddressed]) {
    t.like(await cni.add(list, target), {ips: [{address: '10.91.0.1/24', gateway: '10.91.0.9'}]});
    t.is(addressesOf('br-old'), '10.91.0.9/24');
    await cni.del(list, target);
    await forget(list);
    t.is(addressesOf('br-old'), '10.91.0.9/24');
  }
  run('ip link add br-veth type veth peer name other');
  t.teardown(() => run('ip link del br-veth'));
  await t.throwsAsync(cni.add(on('veth', {ipam: pool('10.92.0.0/24')}), target), {
    message: /"br-veth" already exists but is not a bridge/,
  });
  removeNetns(target.netns);
});

test.serial("a bridge that its owner has deleted is in nobody's way", async t => {
  const list = on('lost', {isGateway: true, ipam: pool('10.97.0.0/24')});
  const other = on('else', {isGateway: true, ipam: pool('10.98.0.0/24')});
  run('ip link add br-lost type bridge && ip link set br-lost up');
  const [one, two] = [container('lost1'), container('lost2')];
  await cni.add(list, one);
  run('ip link del br-lost');
  await cni.add(other, two);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await cni.ask('STATUS', other).catch(() => {});
  await tnet.ok('network', 'ls');
  await t.throwsAsync(cni.add(list, two), {message: /br-lost|exists/});
  await cni.del(list, one);
  await cni.del(other, two);
  await forget(list);
  t.is(run('ip -o link | grep -c br-lost || true').trim(), '0');
  for (const {netns} of [one, two]) removeNetns(netns);
});

/** Whether frames go to and fro: who is there refuses the connection. */
const frames = (netns: string, to: string): boolean =>
  runIn(netns, `ip neigh flush all; timeout 2 bash -c 'echo >/dev/tcp/${to}/9' 2>&1 || true`).includes('refused');

test.serial(
  'macspoofchk drops frames from another MAC; promiscMode is on the bridge; portIsolation parts ports',
  async t => {
    const list = on('mac', {isGateway: true, macspoofchk: true, promiscMode: true, ipam: pool('10.93.0.0/24')});
    const [one, two] = [container('mac1'), container('mac2')];
    await cni.add(list, one);
    const result = await cni.add(list, two);
    t.regex(run('ip link show br-mac'), /PROMISC/);
    t.true(frames(two.netns, '10.93.0.2'));
    await cni.check(list, two, result);
    runIn(two.netns, 'ip link set eth0 down && ip link set eth0 address 02:00:00:00:00:99 && ip link set eth0 up');
    t.false(frames(two.netns, '10.93.0.2'));
    t.false(frames(two.netns, '10.93.0.1'));
    runIn(two.netns, 'ip link set eth0 down && ip link set eth0 address 02:42:0a:5d:00:03 && ip link set eth0 up');
    t.true(frames(two.netns, '10.93.0.2'));
    for (const target of [one, two]) await cni.del(list, target);
    const apart = on('mac', {isGateway: true, portIsolation: true, ipam: pool('10.93.0.0/24')});
    for (const target of [one, two]) await cni.add(apart, target);
    t.notRegex(run('ip link show br-mac'), /PROMISC/);
    t.false(frames(two.netns, '10.93.0.2'));
    t.true(frames(two.netns, '10.93.0.1'));
    for (const target of [one, two]) await cni.del(apart, target);
    for (const {netns} of [one, two]) removeNetns(netns);
  },
);

test.serial('enabledad waits for duplicates, and takes none', async t => {
  const list = on('dad', {enabledad: true, ipam: {type: 'host-local', ranges: [[{subnet: 'fd94::/64'}]]}});
  const [one, two] = [container('dad1'), container('dad2')];
  await cni.add(list, one);
  t.notRegex(runIn(one.netns, 'ip -6 addr show dev eth0'), /tentative/);
  t.is(runIn(one.netns, 'cat /proc/sys/net/ipv6/conf/eth0/accept_dad').trim(), '1');
  runIn(one.netns, 'ip addr add fd94::3/64 dev eth0 nodad');
  await t.throwsAsync(cni.add(list, two), {message: /Address already in use on the link: fd94::3/});
  t.is(runIn(two.netns, 'ip -o link | grep -c eth0 || true').trim(), '0');
  runIn(one.netns, 'ip addr del fd94::3/64 dev eth0');
  t.like(await cni.add(list, two), {ips: [{address: 'fd94::3/64'}]});
  for (const target of [one, two]) await cni.del(list, target);
  for (const {netns} of [one, two]) removeNetns(netns);
});

test.serial('disableContainerInterface leaves the link down; what cannot be is refused by name', async t => {
  const list = on('down', {disableContainerInterface: true});
  const target = container('down1');
  const result = await cni.add(list, target);
  t.regex(runIn(target.netns, 'ip -o link show eth0'), /state DOWN/);
  await cni.check(list, target, result);
  await cni.del(list, target, result);
  const refused: readonly (readonly [object, number, RegExp])[] = [
    [{disableContainerInterface: true, ipam: pool('10.95.0.0/24')}, 7, /cannot use IPAM/],
    [{hairpinMode: true, promiscMode: true}, 7, /hairpin mode and promiscuous mode/],
    [{vlan: 4095}, 7, /invalid VLAN ID 4095/],
    [{vlan: 5, vlanTrunk: [{id: 5}]}, 7, /cannot set vlan and vlanTrunk at the same time/],
    [{uplinkInterface: 'eth0'}, 2, /option "uplinkInterface" is not supported/],
  ];
  for (const [over, code, message] of refused) {
    const error = await t.throwsAsync<Error & {code: number}>(cni.add(on('down', over), target), {message});
    t.is(error?.code, code);
  }
  t.is(runIn(target.netns, 'ip -o link | grep -c eth0 || true').trim(), '0');
  removeNetns(target.netns);
});

const lacks = referenceLacks('bridge', 'host-local');
const check = lacks === '' ? test.serial : test.serial.skip;

check(`beside the reference plugin on a bridge of others: the same results and addresses${lacks}`, async t => {
  const reference = makeReference(tnet);
  const lan = makeForeign(t, 'br-side', '10.96.0.50/24');
  const list = (over: object = {}): CniList => ({
    cniVersion: '1.0.0',
    name: 'side',
    plugins: [{type: 'bridge', bridge: 'br-side', isGateway: true, ipam: {...pool('10.96.0.0/24'), ...over}}],
  });
  const target = container('side1');
  const look = async (runtime: CniRuntime, chain: CniList): Promise<readonly unknown[]> => {
    const result = await runtime.add(chain, target);
    const seen = [shapeOf(result), result.ips, addressesOf('br-side'), frames(lan, '10.96.0.2')];
    await runtime.del(chain, target, result);
    return seen;
  };
  const wanted = await look(reference, list({dataDir: `${tnet.runRoot}/ipam`}));
  run('ip addr flush dev br-side');
  t.deepEqual(await look(cni, list()), wanted);
  removeNetns(target.netns);
});
