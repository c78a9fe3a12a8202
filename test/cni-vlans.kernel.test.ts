import test from 'ava';
import {type CniList, removeNetns} from './fixture/cni.ts';
import {ask, reach, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** `vlan`, `vlanTrunk` and `preserveDefaultVlan` of the plugin `bridge`. */
const neighbour = makeNeighbour();
const {tnet, cni} = useCni();

const lacks = /supported|Unknown/.test(
  run('ip link add probe0 type bridge vlan_filtering 1 2>&1 && ip link del probe0 || true'),
);
const onVlans = lacks ? test.serial.skip : test.serial;
const why = lacks ? ' (skipped: no CONFIG_BRIDGE_VLAN_FILTERING; test/vm has it)' : '';

const on = (name: string, over: object): CniList => ({
  cniVersion: '1.1.0',
  name,
  plugins: [
    {type: 'bridge', bridge: 'cni-vl', ...over},
    {type: 'portmap', capabilities: {portMappings: true}},
  ],
});
const pool = (subnet: string) => ({type: 'host-local', ranges: [[{subnet}]], routes: [{dst: '0.0.0.0/0'}]});
const forget = (list: CniList): Promise<void> => cni.ask('GC', list, {'cni.dev/valid-attachments': []});
const hostEnd = (result: object): string => (result as {interfaces: {name: string}[]}).interfaces[1]!.name;
/** `100 PVID Egress Untagged, 1 Egress Untagged`, by the numbers. */
const vlansOf = (link: string): string =>
  run(`bridge vlan show dev ${link}`)
    .split('\n')
    .slice(1)
    .map(line => line.replace(link, '').trim().replace(/\s+/g, ' '))
    .filter(Boolean)
    .join(', ');
const links = (): string =>
  [...run('ip -o link').matchAll(/^\d+: (cni-vl[^:@]*)/gm)]
    .map(match => match[1])
    .sort()
    .join(' ');

onVlans(`networks share a bridge and are apart: a VLAN each, and a trunk with several${why}`, async t => {
  const red = on('red', {vlan: 100, isGateway: true, ipMasq: true, hairpinMode: true, ipam: pool('10.80.0.0/24')});
  const blue = on('blue', {vlan: 200, preserveDefaultVlan: false, isGateway: true, ipam: pool('10.81.0.0/24')});
  const trunk = on('trunk', {
    vlanTrunk: [{id: 100}, {minID: 300, maxID: 302}],
    preserveDefaultVlan: false,
    ipam: {},
  });
  const web = container('web', {capabilities: {portMappings: [{hostPort: 8601, containerPort: 80}]}});
  const [red2, blue1, both] = [container('red2'), container('blue1'), container('both')];
  const result = await cni.add(red, web);
  t.like(result, {ips: [{address: '10.80.0.2/24', interface: 2}]});
  t.is((result.interfaces as {name: string}[])[0]!.name, 'cni-vl');
  await cni.add(red, red2);
  const ofBlue = await cni.add(blue, blue1);
  const ofBoth = await cni.add(trunk, both);
  t.is(vlansOf(hostEnd(result)), '1 Egress Untagged, 100 PVID Egress Untagged');
  t.is(vlansOf(hostEnd(ofBlue)), '200 PVID Egress Untagged');
  t.is(vlansOf(hostEnd(ofBoth)), '100, 300, 301, 302');

  const server = await serve(web.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(red2.netns, '10.80.0.2:80'), '10.80.0.3');
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8601`), neighbour.address);
  t.is(await reach(null, '127.0.0.1:8601'), '10.80.0.1');
  t.is(await reach(web.netns, `${neighbour.hostAddress}:8601`), '10.80.0.1');
  runIn(
    both.netns,
    'ip link add eth0.100 link eth0 type vlan id 100 && ip addr add 10.80.0.60/24 dev eth0.100 && ip link set eth0.100 up',
  );
  t.is(await reach(both.netns, '10.80.0.2:80'), '10.80.0.60');
  // With an address of red's in the VLAN of blue, nobody of red is there.
  runIn(blue1.netns, 'ip addr add 10.80.0.50/24 dev eth0');
  t.is(await ask(blue1.netns, 'tcp', '10.80.0.2:80', {waitS: 3}), null);

  await cni.check(red, web, result);
  run(`bridge vlan del dev ${hostEnd(result)} vid 100`);
  await t.throwsAsync(cni.check(red, web, result), {message: /port-vlan 100 access/});
  run('ip link set cni-vl type bridge vlan_filtering 0');
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  t.regex(run('ip -d -o link show cni-vl'), /vlan_filtering 1/);
  await cni.check(red, web, result);
  t.is(await reach(red2.netns, '10.80.0.2:80'), '10.80.0.3');

  await t.throwsAsync(cni.add(on('plain', {ipam: pool('10.82.0.0/24')}), container('plain1')), {
    message: /only one of the two has VLANs/,
  });
  await cni.del(red, web, result);
  for (const list of [trunk, red]) await forget(list);
  t.is(links(), 'cni-vl cni-vl.200');
  await forget(blue);
  t.is(links(), '');
  for (const id of ['web', 'red2', 'blue1', 'both', 'plain1']) removeNetns(`/run/tnet-test/netns/${id}`);
});

onVlans(`a configuration that gets a VLAN makes its bridge look at tags${why}`, async t => {
  const plain = on('later', {isGateway: true, ipam: pool('10.86.0.0/24')});
  const later = on('later', {isGateway: true, vlan: 500, ipam: pool('10.86.0.0/24')});
  const target = container('later1');
  await cni.del(plain, target, await cni.add(plain, target));
  const result = await cni.add(later, target);
  t.regex(run('ip -d -o link show cni-vl'), /vlan_filtering 1/);
  t.is(run('ip -4 -o addr show dev cni-vl.500').match(/inet \S+/)?.[0], 'inet 10.86.0.1/24');
  t.is(run('ip -4 -o addr show dev cni-vl').trim(), '');
  await cni.del(later, target, result);
  await forget(later);
  t.is(links(), '');
  removeNetns(target.netns);
});

onVlans(`a bridge of another program's is left as it was${why}`, async t => {
  run('ip link add cni-vl type bridge vlan_filtering 1 && ip link set cni-vl up');
  t.teardown(() => run('ip link del cni-vl; ip link del cni-flat'));
  const list = on('guest', {vlan: 400, isGateway: true, ipam: pool('10.83.0.0/24')});
  const target = container('guest1');
  const result = await cni.add(list, target);
  t.is(vlansOf('cni-vl'), '1 PVID Egress Untagged, 400');
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(null, '10.83.0.2:80'), '10.83.0.1');
  await cni.del(list, target, result);
  await forget(list);
  t.is(vlansOf('cni-vl'), '1 PVID Egress Untagged');
  t.is(links(), 'cni-vl');
  run('ip link add cni-flat type bridge');
  await t.throwsAsync(cni.add(on('flat', {bridge: 'cni-flat', vlan: 5, ipam: pool('10.84.0.0/24')}), target), {
    message: /"cni-flat" already exists but looks at no VLAN tags/,
  });
  removeNetns(target.netns);
});

const where = lacks ? test.serial : test.serial.skip;

where(
  `what a kernel without VLAN filtering is asked for is named${lacks ? '' : ' (skipped: this one has it)'}`,
  async t => {
    const target = container('without1');
    const list = on('without', {vlan: 100, ipam: pool('10.85.0.0/24')});
    await t.throwsAsync(cni.add(list, target), {
      message: /Cannot add bridge "cni-vl": bridges of this kernel filter no VLANs \(CONFIG_BRIDGE_VLAN_FILTERING\)/,
    });
    t.is(links(), '');
    t.notRegex(await tnet.ok('network', 'ls'), /cni:without/);
    removeNetns(target.netns);
  },
);
