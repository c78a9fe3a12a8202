import test, {type ExecutionContext} from 'ava';
import {makeNetns, removeNetns} from './fixture/cni.ts';
import {ask, reach, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {makePlugins} from './fixture/plugin.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Options of podman's networks that change where packets go, by netavark's contract. */
const neighbour = makeNeighbour();
const tnet = useTnet({
  closing: async t => {
    t.notRegex(await tnet.ok('network', 'ls'), /podman:/);
  },
  closed: () => plugins.remove(),
});
const plugins = makePlugins(tnet, ['netavark', 'aardvark-dns']);

test.before(async () => {
  await tnet.ok('network', 'ls');
});

const network = (name: string, subnets: readonly string[], over: object = {}) => ({
  name,
  id: name.padEnd(64, '0'),
  driver: 'bridge',
  network_interface: `pod-${name}`,
  subnets: subnets.map(subnet => ({
    subnet,
    gateway: subnet.replace(/(0|::)\/\d+$/, (_, end) => (end === '0' ? '1' : '::1')),
  })),
  ipv6_enabled: subnets.some(subnet => subnet.includes(':')),
  internal: false,
  dns_enabled: false,
  ipam_options: {driver: 'host-local'},
  ...over,
});

/** A container of podman's on one network; it leaves at the end of the test. */
async function join(
  t: ExecutionContext,
  id: string,
  info: ReturnType<typeof network>,
  {ips, ports = []}: {readonly ips: readonly string[]; readonly ports?: readonly object[]},
): Promise<string> {
  const netns = makeNetns(id);
  const input = {
    container_id: id.padEnd(64, 'f'),
    container_name: id,
    port_mappings: ports,
    networks: {[info.name]: {interface_name: 'eth0', static_ips: ips}},
    network_info: {[info.name]: info},
  };
  const call = (command: string) => plugins.call('netavark', ['--config', '/run/c', command, netns], input);
  t.teardown(async () => {
    const {code, stdout} = await call('teardown');
    removeNetns(netns);
    if (code !== 0) throw new Error(`teardown: ${stdout}`);
  });
  t.like(await call('setup'), {code: 0, stderr: ''});
  return netns;
}

async function listen(t: ExecutionContext, netns: string, port = 80): Promise<void> {
  const server = await serve(netns, port);
  t.teardown(() => server.kill());
}

test.serial('firewall-reload makes again what a flush of the rules took', async t => {
  const port = {container_port: 80, host_ip: '', host_port: 8098, protocol: 'tcp', range: 1};
  const netns = await join(t, 'r', network('reload', ['10.86.0.0/24']), {ips: ['10.86.0.2'], ports: [port]});
  await listen(t, netns);
  run('nft delete table inet tnet');
  // The daemon sees it too, and may have been faster.
  t.like(await plugins.call('netavark', ['--config', '/run/c', 'firewall-reload']), {code: 0, stdout: ''});
  t.regex(run('nft list table inet tnet'), /8098/);
  t.not(await reach(neighbour.netns, `${neighbour.hostAddress}:8098`), null);
});

test.serial('isolate=false opens a network to all others; a strict one stays closed to it', async t => {
  const open = {options: {isolate: 'false'}};
  const a = await join(t, 'a', network('opena', ['10.80.0.0/24'], open), {ips: ['10.80.0.2']});
  const b = await join(t, 'b', network('openb', ['10.80.1.0/24'], open), {ips: ['10.80.1.2']});
  const c = await join(t, 'c', network('strict', ['10.80.2.0/24']), {ips: ['10.80.2.2']});
  for (const netns of [a, b, c]) await listen(t, netns);
  // As with netavark: what leaves a network is masqueraded, wherever it goes.
  t.is(await reach(a, '10.80.1.2:80'), '10.80.1.1');
  t.is(await reach(b, '10.80.0.2:80'), '10.80.0.1');
  t.is(await ask(a, 'tcp', '10.80.2.2:80', {waitS: 0.5}), null);
  // Unlike netavark: whether packets may pass is said by the network they go to, as with Docker's gateway modes.
  t.is(await reach(c, '10.80.0.2:80'), '10.80.0.1');
});

test.serial('outbound_addr4 and outbound_addr6 are what others see a container as', async t => {
  run('ip addr add 192.0.2.77/24 dev eth0; ip addr add 2001:db8:1::77/64 dev eth0 nodad');
  t.teardown(() => run('ip addr del 192.0.2.77/24 dev eth0; ip addr del 2001:db8:1::77/64 dev eth0'));
  const options = {outbound_addr4: '192.0.2.77', outbound_addr6: '2001:db8:1::77'};
  const info = network('snat', ['10.81.0.0/24', 'fd81::/64'], {options});
  const netns = await join(t, 'snat', info, {ips: ['10.81.0.2', 'fd81::2']});
  await listen(t, neighbour.netns, 81);
  t.is(await reach(netns, `${neighbour.address}:81`), '192.0.2.77');
  t.is(await reach(netns, `[${neighbour.address6}]:81`), '2001:db8:1::77');
});

const published = [{container_port: 80, host_ip: '', host_port: 8095, protocol: 'tcp', range: 1}];

test.serial('a network of both families has addresses, a way out and published ports in both', async t => {
  const info = network('dual', ['10.82.0.0/24', 'fd82::/64']);
  const netns = await join(t, 'dual', info, {ips: ['10.82.0.2', 'fd82::2'], ports: published});
  await listen(t, netns);
  await listen(t, neighbour.netns, 82);
  t.regex(runIn(netns, 'ip -6 route'), /default via fd82::1/);
  t.is(await reach(netns, `[${neighbour.address6}]:82`), neighbour.hostAddress6);
  t.is(await reach(neighbour.netns, `[${neighbour.hostAddress6}]:8095`), neighbour.address6);
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8095`), neighbour.address);
});

test.serial('a network of IPv6 alone has no IPv4', async t => {
  const info = network('six', ['fd83::/64']);
  const netns = await join(t, 'six', info, {ips: ['fd83::2'], ports: published});
  await listen(t, netns);
  t.is(runIn(netns, 'ip -4 -o addr show eth0').trim(), '');
  t.is(await reach(neighbour.netns, `[${neighbour.hostAddress6}]:8095`), neighbour.address6);
});

const hasWire = hasMacvlan();

const macvlan = hasWire ? test.serial : test.serial.skip;
const note = hasWire ? '' : ' (skipped: this kernel has no macvlan)';

/** What the kernel has not is known by a request that is refused. */
function hasMacvlan(): boolean {
  return !run('ip link add tn-probe type macvlan 2>&1 || true').includes('Unknown device type');
}

macvlan(`macvlan puts a container on the wire of its parent, or of the default route${note}`, async t => {
  run(`ip route add default via ${neighbour.address}`);
  t.teardown(() => run('ip route del default'));
  const wire = {driver: 'macvlan', subnets: [{subnet: '192.0.2.0/24', gateway: neighbour.address}]};
  await listen(t, neighbour.netns, 83);
  for (const [name, parent, ip] of [
    ['named', 'eth0', '192.0.2.50'],
    ['unnamed', '', '192.0.2.51'],
  ] as const) {
    const info = network(name, [], {...wire, network_interface: parent});
    await t
      .try(async tt => {
        const netns = await join(tt, name, info, {ips: [ip]});
        tt.is(await reach(netns, `${neighbour.address}:83`), ip);
        tt.regex(runIn(netns, 'ip route'), new RegExp(`default via ${neighbour.address}`));
      })
      .then(result => result.commit());
  }
});
