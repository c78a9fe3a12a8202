import {existsSync} from 'node:fs';
import test from 'ava';
import {type CniList, removeNetns} from './fixture/cni.ts';
import {insideOf} from './fixture/cni-reference.ts';
import {reach, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** `tap` for virtual machines, `vlan` on a wire: links that are born in the sandbox. */
const neighbour = makeNeighbour();
const {tnet, cni} = useCni();

const list = (name: string, plugin: object): CniList => ({cniVersion: '1.1.0', name, plugins: [plugin as never]});
const given = (address: string, gateway: string) => ({
  type: 'static',
  addresses: [{address, gateway}],
  routes: [{dst: '0.0.0.0/0'}],
});
const linksOf = (netns: string): string =>
  [...runIn(netns, 'ip -o link').matchAll(/^\d+: ([^:@]+)/gm)].map(match => match[1]).join(' ');

/** What a virtual machine does: opens the tap as user `uid`, and tells the first frame that the sandbox sends a neighbour: ARP is 0806. */
const machine = (netns: string, uid: number): string =>
  runIn(
    netns,
    `timeout 20 python3 -c '
import fcntl, os, socket, struct
tap = os.open("/dev/net/tun", os.O_RDWR)
sender = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
os.setresgid(4712, 4712, 4712)
os.setresuid(${uid}, ${uid}, ${uid})
try:
    fcntl.ioctl(tap, 0x400454ca, struct.pack("16sH22x", b"eth0", 0x1102))
    sender.sendto(b"x", ("10.70.0.1", 9))
    while True:
        frame = os.read(tap, 2000)
        if frame[12:14].hex() == "0806":
            print(frame[6:12].hex(":"))
            break
except PermissionError:
    print("not allowed")
'`,
  ).trim();

run('modprobe tun 2>&1 || true');
const hasTun = existsSync('/dev/net/tun');
const onTun = hasTun ? test.serial : test.serial.skip;

onTun(
  `a tap is for its owner, has addresses and goes with DEL${hasTun ? '' : ' (skipped: no /dev/net/tun)'}`,
  async t => {
    const mac = '02:00:00:00:70:07';
    const settings = {multiQueue: true, owner: 4711, group: 4712, mtu: 1400, mac};
    const machines = list('machines', {type: 'tap', ...settings, ipam: given('10.70.0.7/24', '10.70.0.1')});
    const target = container('machine1');
    const result = await cni.add(machines, target);
    t.like(result, {
      cniVersion: '1.1.0',
      interfaces: [{name: 'eth0', mac, mtu: 1400, sandbox: target.netns}],
      ips: [{address: '10.70.0.7/24', gateway: '10.70.0.1', interface: 0}],
      routes: [{dst: '0.0.0.0/0'}],
    });
    const shown = runIn(target.netns, 'ip -d -o link show eth0');
    for (const word of ['mtu 1400', mac, 'tun type tap pi off vnet_hdr on', 'multi_queue', 'persist on'])
      t.true(shown.includes(word), `${word}: ${shown}`);
    t.regex(shown, /user 4711 group 4712/);
    // Without a program that has it open, a tap has no carrier.
    const {addresses, routes} = insideOf(target.netns);
    t.deepEqual(addresses, ['10.70.0.7/24']);
    t.deepEqual(
      routes.map(route => route.replace(' linkdown', '')),
      ['10.70.0.0/24', 'default via 10.70.0.1'],
    );
    t.is(machine(target.netns, 4711), mac);
    t.is(machine(target.netns, 4713), 'not allowed');
    await cni.check(machines, target, result);
    process.kill(tnet.daemonPid(), 'SIGKILL');
    await tnet.ok('network', 'ls');
    await cni.check(machines, target, result);
    runIn(target.netns, 'ip addr del 10.70.0.7/24 dev eth0');
    await t.throwsAsync(cni.check(machines, target, result), {message: /not as it was made/});
    await cni.del(machines, target, result);
    t.is(linksOf(target.netns), 'lo');
    await cni.del(machines, target);
    removeNetns(target.netns);
  },
);

onTun('a tap without addresses may be a port of a bridge in the sandbox, and takes no name that is taken', async t => {
  const target = container('machine2');
  const plain = (over: object = {}) => list('plain', {type: 'tap', ipam: {}, ...over});
  runIn(target.netns, 'ip link add br0 type bridge');
  const result = await cni.add(plain({bridge: 'br0'}), target);
  t.regex(runIn(target.netns, 'ip -o link show master br0'), /eth0:.* UP|eth0:.*,UP/);
  t.regex(runIn(target.netns, 'ip -d -o link show eth0'), /tun type tap/);
  await cni.check(plain({bridge: 'br0'}), target, result);
  await cni.del(plain({bridge: 'br0'}), target, result);
  t.is(linksOf(target.netns), 'lo br0');
  await t.throwsAsync(cni.add(plain({bridge: 'br1'}), target), {message: /br1/});
  t.is(linksOf(target.netns), 'lo br0');
  runIn(target.netns, 'ip tuntap add eth0 mode tap && ip link set eth0 mtu 1234');
  await t.throwsAsync(cni.add(plain(), target), {message: /Cannot add link "eth0"/});
  t.regex(runIn(target.netns, 'ip -o link show eth0'), /mtu 1234/);
  await t.throwsAsync(cni.add(plain({selinuxContext: 'system_u:system_r:container_t:s0'}), target), {
    message: /"selinuxContext" is not supported: /,
  });
  await t.throwsAsync(cni.add(plain({owner: -5}), target), {message: /invalid value of "owner"/});
  removeNetns(target.netns);
});

const lacksVlan = /Unknown/.test(run('ip link add probe0 link lo type vlan id 9 2>&1 && ip link del probe0 || true'));
const onVlan = lacksVlan ? test.serial.skip : test.serial;

onVlan(`vlan is one VLAN of a wire${lacksVlan ? ' (skipped: no CONFIG_VLAN_8021Q; test/vm has it)' : ''}`, async t => {
  runIn(
    neighbour.netns,
    'ip link add eth0.7 link eth0 type vlan id 7 && ip addr add 10.77.0.2/24 dev eth0.7 && ip link set eth0.7 up',
  );
  const wire = (over: object = {}) =>
    list('wire', {
      type: 'vlan',
      master: 'eth0',
      vlanId: 7,
      mtu: 1400,
      ipam: given('10.77.0.7/24', '10.77.0.2'),
      ...over,
    });
  const target = container('wire1');
  const result = await cni.add(wire(), target);
  const mac = /link\/ether (\S+)/.exec(run('ip -o link show eth0'))![1];
  t.like(result, {interfaces: [{name: 'eth0', mac, mtu: 1400}], ips: [{address: '10.77.0.7/24', interface: 0}]});
  t.regex(runIn(target.netns, 'ip -d -o link show eth0'), /vlan protocol 802.1Q id 7/);
  const server = await serve(neighbour.netns, 81);
  t.teardown(() => server.kill());
  t.is(await reach(target.netns, '10.77.0.2:81'), '10.77.0.7');
  await cni.check(wire(), target, result);
  await t.throwsAsync(cni.add(wire(), container('wire2')), {message: /VLAN 7 of "eth0" is in another sandbox/});
  await cni.del(wire(), target, result);
  t.is(linksOf(target.netns), 'lo');
  for (const id of ['wire1', 'wire2']) removeNetns(`/run/tnet-test/netns/${id}`);
  runIn(neighbour.netns, 'ip link del eth0.7');
});

test.serial('vlan refuses what is no VLAN, and names what this kernel lacks', async t => {
  const target = container('wire3');
  const wire = (over: object) => list('other', {type: 'vlan', master: 'eth0', vlanId: 8, ipam: {}, ...over});
  await t.throwsAsync(cni.add(wire({vlanId: 4095}), target), {message: /invalid VLAN ID 4095/});
  await t.throwsAsync(cni.add(wire({master: 'eth9'}), target), {message: /failed to lookup master "eth9"/});
  await t.throwsAsync(cni.add(wire({mtu: 9000}), target), {message: /invalid MTU 9000/});
  await t.throwsAsync(cni.add(wire({linkInContainer: true}), target), {message: /"linkInContainer" is not supported/});
  if (lacksVlan) await t.throwsAsync(cni.add(wire({}), target), {message: /no link type "vlan"/});
  t.is(linksOf(target.netns), 'lo');
  removeNetns(target.netns);
});
