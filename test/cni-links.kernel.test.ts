import test from 'ava';
import {type CniList, removeNetns} from './fixture/cni.ts';
import {insideOf, makeReference, referenceLacks, shapeOf, withoutDad} from './fixture/cni-reference.ts';
import {run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** `host-device` lends links, `sbr` routes by source: beside the reference plugins of these names. */
const {tnet, cni} = useCni();

const lend = (name: string, plugin: object): CniList => ({
  cniVersion: '1.1.0',
  name,
  plugins: [{type: 'host-device', ...plugin}],
});
const given = (address: string, gateway: string) => ({
  type: 'static',
  addresses: [{address, gateway}],
  routes: [{dst: '0.0.0.0/0'}],
});
const stateOf = (link: string): string =>
  run(`ip -o link show ${link} | grep -o 'state UP\\|altname.*' || true`).trim();

test.serial('host-device lends a link and gives it back, whatever it is called by then', async t => {
  run('ip link add card0 type veth peer name wire0 && ip link set card0 up && ip link set wire0 up');
  t.teardown(() => run('ip link del wire0'));
  const mac = run('cat /sys/class/net/card0/address 2>/dev/null || ip -o link show card0').match(
    /([0-9a-f]{2}:){5}[0-9a-f]{2}/,
  )![0];
  const list = lend('card', {device: 'card0', ipam: given('10.60.0.9/24', '10.60.0.1')});
  const target = container('card1');
  const result = await cni.add(list, target);
  t.like(result, {
    interfaces: [{name: 'eth0', mac, sandbox: target.netns}],
    ips: [{address: '10.60.0.9/24', interface: 0}],
  });
  t.deepEqual(insideOf(target.netns), {addresses: ['10.60.0.9/24'], routes: ['10.60.0.0/24', 'default via 10.60.0.1']});
  t.is(run('ip -o link | grep -c card0: || true').trim(), '0');
  await cni.check(list, target, result);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await cni.check(list, target, result);
  const second = container('card2');
  await t.throwsAsync(cni.add(list, second), {message: /no link of the host/});
  runIn(target.netns, 'ip link set eth0 down && ip link set eth0 name other');
  await cni.del(list, target, result);
  t.is(stateOf('card0'), '');
  await cni.del(list, target, result);
  const byMac = lend('card', {hwaddr: mac.toUpperCase(), ipam: given('10.60.0.9/24', '10.60.0.1')});
  runIn(second.netns, 'ip link add eth0 type veth peer name x');
  run('ip link set card0 up');
  await t.throwsAsync(cni.add(byMac, second), {message: /File exists/});
  t.is(stateOf('card0'), 'state UP');
  runIn(second.netns, 'ip link del eth0');
  await cni.add(byMac, second);
  await cni.ask('GC', byMac, {'cni.dev/valid-attachments': []});
  t.is(stateOf('card0'), '');
  await t.throwsAsync(cni.add(lend('none', {}), second), {message: /one of "device", "hwaddr"/});
  await t.throwsAsync(cni.add(lend('lo', {device: 'lo'}), second), {message: /host's loopback/});
  for (const {netns} of [target, second]) removeNetns(netns);
});

test.serial('tuning is taken back before a link is; CHECK looks at what it sets, and at lo', async t => {
  run('ip link add card1 type veth peer name wire1');
  t.teardown(() => run('ip link del wire1'));
  const look = (script: string): string => script.match(/promiscuity|mtu \d+|PROMISC|qlen \d+|ether \S+/g)!.join(' ');
  const home = look(run('ip -o link show card1'));
  const tuned = {
    mtu: 1300,
    mac: '02:00:00:00:00:09',
    promisc: true,
    txQLen: 77,
    sysctl: {'net.ipv4.conf.IFNAME.arp_filter': '1'},
  };
  const list: CniList = {
    ...lend('tuned', {device: 'card1'}),
    plugins: [{type: 'loopback'}, {type: 'host-device', device: 'card1'}, {type: 'tuning', ...tuned}],
  };
  const target = container('tuned1');
  const result = await cni.add(list, target);
  t.is(look(runIn(target.netns, 'ip -o link show eth0')), 'PROMISC mtu 1300 qlen 77 ether 02:00:00:00:00:09');
  await cni.check(list, target, result);
  runIn(target.netns, 'echo 0 > /proc/sys/net/ipv4/conf/eth0/arp_filter');
  await t.throwsAsync(cni.check(list, target, result), {message: /net\.ipv4\.conf\.eth0\.arp_filter is 0, not 1/});
  runIn(target.netns, 'ip link set lo down');
  await t.throwsAsync(cni.check(list, target, result), {message: /"lo" is not as it was made/});
  await cni.del(list, target, result);
  t.is(look(run('ip -o link show card1')), home);
  removeNetns(target.netns);
});

test.serial('tuning sets allmulti and takes it back, and obeys the allowlist of sysctls', async t => {
  run('ip link add card2 type veth peer name wire2');
  t.teardown(() => run('ip link del wire2'));
  const list = (over: object): CniList => ({
    ...lend('listed', {device: 'card2'}),
    plugins: [
      {type: 'host-device', device: 'card2'},
      {type: 'tuning', ...over},
    ],
  });
  const target = container('listed1');
  const multi = list({allmulti: true});
  const result = await cni.add(multi, target);
  t.regex(runIn(target.netns, 'ip -o link show eth0'), /ALLMULTI/);
  await cni.check(multi, target, result);
  runIn(target.netns, 'ip link set eth0 allmulticast off');
  await t.throwsAsync(cni.check(multi, target, result), {message: /allMulticast of "eth0" is false, not true/});
  runIn(target.netns, 'ip link set eth0 allmulticast on');
  await cni.del(multi, target, result);
  t.notRegex(run('ip -o link show card2'), /ALLMULTI/);

  // The machine's own /etc is not ours to write in.
  run('mkdir /run/etc && cp -a /etc/. /run/etc && mount --bind /run/etc /etc && mkdir -p /etc/cni/tuning');
  t.teardown(() => run('umount /etc && rm -r /run/etc'));
  run(String.raw`printf '^net\.ipv4\.conf\.IFNAME\.[a-z_]*$\n' > /etc/cni/tuning/allowlist.conf`);
  const listed = list({sysctl: {'net.ipv4.conf.IFNAME.arp_filter': '1'}});
  const made = await cni.add(listed, target);
  t.is(runIn(target.netns, 'cat /proc/sys/net/ipv4/conf/eth0/arp_filter').trim(), '1');
  await cni.del(listed, target, made);
  const unlisted = list({sysctl: {'net.ipv4.conf.all.arp_filter': '1'}});
  await t.throwsAsync(cni.add(unlisted, target), {message: /Sysctl net\.ipv4\.conf\.all\.arp_filter is not allowed/});
  t.is(runIn(target.netns, 'cat /proc/sys/net/ipv4/conf/all/arp_filter').trim(), '0');
  await cni.del(unlisted, target);
  removeNetns(target.netns);
});

const sourceRouted = (table?: number): CniList => ({
  cniVersion: '1.0.0',
  name: 'second',
  plugins: [
    {
      type: 'ptp',
      ipam: {
        type: 'host-local',
        ranges: [[{subnet: '10.62.0.0/24'}], [{subnet: 'fd62::/64'}]],
        routes: [{dst: '10.99.0.0/16'}],
      },
    },
    {type: 'sbr', ...(table === undefined ? {} : {table})},
  ],
});

test.serial('sbr sends what comes from an interface by its own routes; DEL takes the rules', async t => {
  const target = container('sbr1', {ifname: 'net1'});
  const first: CniList = {
    ...sourceRouted(),
    name: 'first',
    plugins: [{type: 'ptp', ipam: {type: 'host-local', subnet: '10.61.0.0/24', routes: [{dst: '0.0.0.0/0'}]}}],
  };
  const eth0 = {...target, ifname: 'eth0'};
  const outer = await cni.add(first, eth0);
  const result = await cni.add(sourceRouted(), target);
  t.regex(runIn(target.netns, 'ip route get 198.51.100.1 from 10.62.0.2'), /via 10\.62\.0\.1 dev net1 table 100/);
  t.regex(runIn(target.netns, 'ip route get 198.51.100.1 from 10.61.0.2'), /via 10\.61\.0\.1 dev eth0/);
  t.regex(runIn(target.netns, 'ip -6 route get 2001:db8::1 from fd62::2'), /via fd62::1 dev net1 .*table 101/);
  t.is(runIn(target.netns, 'ip -4 route show dev net1').trim(), '');
  await cni.check(sourceRouted(), target, result);
  runIn(target.netns, 'ip rule del from 10.62.0.2');
  await t.throwsAsync(cni.check(sourceRouted(), target, result), {
    message: /no rule and routes for what comes from 10\.62\.0\.2/,
  });
  await cni.del(sourceRouted(), target, result);
  t.is(runIn(target.netns, 'ip rule show; ip -6 rule show').match(/lookup 10\d/), null);
  await cni.del(sourceRouted(), {...target, netns: ''}, result);
  const fixed = await cni.add(sourceRouted(4711), target);
  t.regex(runIn(target.netns, 'ip route get 198.51.100.1 from 10.62.0.2'), /table 4711/);
  await t.throwsAsync(cni.add({...sourceRouted(254), plugins: [sourceRouted(254).plugins[1]!]}, target), {
    message: /prevResult is missing/,
  });
  await cni.del(sourceRouted(4711), target, fixed);
  await cni.del(first, eth0, outer);
  removeNetns(target.netns);
});

const lacks = referenceLacks('ptp', 'sbr', 'host-local', 'host-device', 'static');
const check = lacks === '' ? test.serial : test.serial.skip;

check(`beside the reference plugins: the same results, the same inside${lacks}`, async t => {
  const reference = makeReference(tnet);
  run('ip link add card0 type veth peer name wire0');
  t.teardown(() => run('ip link del wire0'));
  const target = container('side1');
  withoutDad(target.netns);
  const list = {...lend('card', {device: 'card0', ipam: given('10.60.0.9/24', '10.60.0.1')}), cniVersion: '1.0.0'};
  const wanted = await reference.add(list, target);
  const inside = insideOf(target.netns);
  await reference.del(list, target, wanted);
  const [home] = [stateOf('card0')];
  const result = await cni.add(list, target);
  t.deepEqual(shapeOf(result), shapeOf(wanted));
  t.deepEqual(insideOf(target.netns), inside);
  await cni.del(list, target, result);
  t.is(stateOf('card0'), home);

  const rules = (): string =>
    runIn(target.netns, 'ip rule; ip -6 rule; ip route show table 100; ip -6 route show table 101 | grep -v fe80')
      .replace(/ (proto|metric|scope|pref|src) \S+/g, '')
      .replace(/ +$/gm, '');
  const range = (over: object) => ({
    type: 'host-local',
    ranges: [[{subnet: '10.64.0.0/24'}], [{subnet: 'fd64::/64'}]],
    routes: [{dst: '10.99.0.0/16'}],
    ...over,
  });
  const chain = (over: object): CniList => ({
    ...list,
    name: 'ruled',
    plugins: [{type: 'ptp', ipam: range(over)}, {type: 'sbr'}],
  });
  const theirs = chain({dataDir: `${tnet.runRoot}/ipam`});
  const there = await reference.add(theirs, target);
  const routed = rules();
  await reference.del(theirs, target, there);
  const ours = await cni.add(chain({}), target);
  t.deepEqual(shapeOf(ours), shapeOf(there));
  t.deepEqual(rules().split('\n').sort(), routed.split('\n').sort());
  await cni.del(chain({}), target, ours);
  removeNetns(target.netns);
});
