import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {existsSync} from 'node:fs';
import {createServer} from 'node:net';
import test from 'ava';
import {readKernelFacts} from '../../src/kernel/kernel-facts.ts';
import {loadNative} from '../../src/kernel/native.ts';
import {openKernel} from '../../src/kernel/open-kernel.ts';
import {parsePortMapping} from '../../src/model/port-mapping.ts';
import {createController} from '../../src/network/controller.ts';
import {isOurGroup} from '../../src/network/drivers/driver.ts';
import {tnetTable} from '../../src/network/firewall/nft.ts';
import {createPreview} from '../../src/network/preview.ts';
import {createReservations} from '../../src/network/reservation.ts';
import {detectCgroups} from '../../src/runtime/cgroup/cgroup.ts';
import {createDoctor} from '../../src/runtime/doctor.ts';
import {openStore} from '../../src/store/store.ts';
import {belongings, makeHost, makeNeighbour, run} from '../fixture/host.ts';
import {networkSpec} from '../fixture/network.ts';

const dir = makeHost();
makeNeighbour();
run('ip route add default via 192.0.2.2');
const idle = belongings();
const native = loadNative();

/** A container "web" on network lan, port 8080, with a doctor, and nobody who repairs by himself. */
const reservations = createReservations(native);
const store = openStore(':memory:');
const kernel = {...openKernel({native, isOurs: isOurGroup, table: tnetTable}), watch: () => () => {}};
const controllerParts = {
  store,
  kernel,
  reservations,
  newId: () => randomBytes(32).toString('hex'),
  now: () => new Date(),
  bridge: 'docker0',
  avoided: () => [],
};
const controller = await createController(controllerParts);
const doctor = createDoctor({
  native,
  store,
  reservations,
  controller,
  preview: createPreview(controllerParts, controller),
  dns: {open: async () => {}, close() {}, closeAll() {}},
  emit: () => {},
  idMaps: null,
  roots: {root: '/tmp', runRoot: '/run/tnet-doctor'},
  cgroups: detectCgroups(),
  cgroupPath: id => `tnet/${store.instance}/${id}`,
  hostResolvConf: async () => 'nameserver 192.0.2.53\n',
});
const network = await controller.create(
  networkSpec('lan', {options: {'com.docker.network.bridge.name': 'lan0', 'com.docker.network.driver.mtu': '1500'}}),
);
const sandbox = `${dir}/netns/web`;
await controller.createSandbox(sandbox);
const attachment = await controller.attach({
  network: 'lan',
  sandbox,
  owner: 'web',
  ifname: null,
  addresses: [],
  mac: null,
  ports: [parsePortMapping('8080:80')],
  names: [],
  gatewayPriority: 0,
  options: {},
});

test.after.always(async t => {
  await controller.detach(attachment.id);
  await controller.removeSandbox(sandbox);
  await controller.remove('lan');
  await controller.close();
  t.deepEqual(belongings(), idle);
});

/** Notes depend on the machine: a br_netfilter that is loaded, say. */
const ids = async (): Promise<readonly string[]> =>
  (await doctor.examine()).filter(({severity}) => severity !== 'note').map(({id}) => id);
const all = async (): Promise<readonly string[]> => (await doctor.examine()).map(({id}) => id);

test.serial('a healthy host has nothing to find, and nothing is repaired', async t => {
  t.deepEqual(await ids(), []);
  t.deepEqual(await doctor.mend(), []);
});

const veth = attachment.hostIfname;
const breakages: readonly (readonly [string, string, readonly string[]])[] = [
  ['a veth that is deleted', `ip link del ${veth}`, ['link-missing']],
  ['a veth that is down', `ip link set ${veth} down`, ['link-changed']],
  ['a bridge that lost its address', 'ip addr flush dev lan0', ['address-missing']],
  ['a table that is gone', 'nft delete table inet tnet', ['firewall-missing']],
  ['a map that is flushed', 'nft flush map inet tnet published4-any', ['firewall-incomplete']],
  ['forwarding that is off', 'sysctl -qw net.ipv4.conf.eth0.forwarding=0', ['forwarding-off']],
  ['a setting of the bridge', 'sysctl -qw net.ipv4.conf.lan0.route_localnet=0', ['setting-changed']],
  ['another MTU, which the bridge follows', `ip link set ${veth} mtu 1400`, ['link-changed', 'link-changed']],
  [
    'a link that is left over',
    `ip link add vethold group ${0x746e_0000 + network.index} type veth peer name vethold2`,
    ['link-leftover'],
  ],
];
for (const [what, script, found] of breakages)
  test.serial(`${what}: found, mended, healthy`, async t => {
    run(script);
    t.deepEqual(await ids(), found);
    t.true((await doctor.mend()).length > 0);
    t.deepEqual(await ids(), []);
  });

const byHand: readonly (readonly [string, string, string, string])[] = [
  [
    'forward-drop',
    'a policy of another table that drops',
    "nft 'add table ip mine; add chain ip mine FORWARD {type filter hook forward priority 0; policy drop;}'",
    'nft delete table ip mine',
  ],
  [
    'forward-drop',
    'a last rule that rejects',
    "nft 'add table inet firewalld; add chain inet firewalld filter_FORWARD {type filter hook forward priority 10;}; add rule inet firewalld filter_FORWARD ct state established accept; add rule inet firewalld filter_FORWARD counter reject'",
    'nft delete table inet firewalld',
  ],
  [
    'subnet-overlap',
    'a route over the subnet',
    `ip route add ${network.subnets[0]!.prefix.replace('.0.0/16', '.5.0/24')} via 192.0.2.2`,
    `ip route del ${network.subnets[0]!.prefix.replace('.0.0/16', '.5.0/24')}`,
  ],
  [
    'rp-filter-strict',
    'strict reverse path filtering',
    'sysctl -qw net.ipv4.conf.lan0.rp_filter=1',
    'sysctl -qw net.ipv4.conf.lan0.rp_filter=0',
  ],
  ['mtu-over-uplink', 'an uplink with a smaller MTU', 'ip link set eth0 mtu 1400', 'ip link set eth0 mtu 1500'],
  [
    'port-ephemeral',
    'a range of ephemeral ports that holds ours',
    'sysctl -qw net.ipv4.ip_local_port_range="8000 60999"',
    'sysctl -qw net.ipv4.ip_local_port_range="32768 60999"',
  ],
];
for (const [id, what, script, undo] of byHand)
  test.serial(`${what}: ${id}, until it is undone`, async t => {
    const before = await all();
    run(script);
    t.true((await all()).includes(id));
    run(undo);
    t.deepEqual(await all(), before);
  });

test.serial('a dropping chain with a rule for our device is fine', async t => {
  run(
    "nft 'add table ip mine; add chain ip mine FORWARD {type filter hook forward priority 0; policy drop;}; add rule ip mine FORWARD iifname lan0 accept'",
  );
  t.deepEqual(await ids(), []);
  run('nft delete table ip mine');
});

test.serial('a published port that somebody took is found, and held again when it is free', async t => {
  reservations.release(attachment.id);
  const thief = createServer().listen(8080, '0.0.0.0');
  await once(thief, 'listening');
  t.deepEqual(await ids(), ['port-not-held']);
  t.deepEqual(await doctor.mend(), []);
  thief.close();
  await once(thief, 'close');
  t.deepEqual(await doctor.mend(), ['hold port 0.0.0.0:8080->80/tcp']);
  t.deepEqual(await ids(), []);
});

test.serial('a namespace of ours without a container is taken away', async t => {
  run(
    'mkdir -p /run/tnet-doctor/netns && touch /run/tnet-doctor/netns/dead && unshare --net=/run/tnet-doctor/netns/dead true',
  );
  t.deepEqual(await ids(), ['sandbox-leftover']);
  t.regex((await doctor.mend()).join('\n'), /removed: .*dead/);
  t.false(existsSync('/run/tnet-doctor/netns/dead'));
  t.deepEqual(await ids(), []);
});

test.serial('readKernelFacts() changes nothing', t => {
  const before = run("ip -o link | cut -d' ' -f2; ip -o -4 addr; nft -s list ruleset");
  readKernelFacts(native, ['lan0']);
  t.is(run("ip -o link | cut -d' ' -f2; ip -o -4 addr; nft -s list ruleset"), before);
});
