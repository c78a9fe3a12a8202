import test from 'ava';
import {makeNetns, removeNetns} from './fixture/cni.ts';
import {ask, serve} from './fixture/echo.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {makePlugins} from './fixture/plugin.ts';
import {makePodman, podmanLacks} from './fixture/podman.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** netavark's contract by the real executable, and podman with it in netavark's place. */
const neighbour = makeNeighbour();
const tnet = useTnet({
  closing: async t => {
    t.notRegex(await tnet.ok('network', 'ls'), /podman:/);
  },
  closed: () => plugins.remove(),
});
const plugins = makePlugins(tnet, ['netavark', 'aardvark-dns', 'tnet']);

test.before(async () => {
  await tnet.ok('network', 'ls');
});

const network = (name: string, subnet: string, over: object = {}) => ({
  name,
  id: name.padEnd(64, '0'),
  driver: 'bridge',
  network_interface: `pod-${name}`,
  subnets: [{subnet: `${subnet}.0/24`, gateway: `${subnet}.1`}],
  ipv6_enabled: false,
  internal: false,
  dns_enabled: true,
  ipam_options: {driver: 'host-local'},
  ...over,
});

interface Asked {
  readonly id: string;
  readonly networks: readonly {
    readonly info: ReturnType<typeof network>;
    readonly ip: string;
    readonly over?: object;
  }[];
  readonly ports?: readonly object[];
}

const input = ({id, networks, ports = []}: Asked) => ({
  container_id: id.padEnd(64, 'f'),
  container_name: id,
  port_mappings: ports,
  networks: networks.map(({info, ip, over}, i) => ({
    name: info.name,
    interface_name: `eth${i}`,
    static_ips: [ip],
    aliases: [`${id}-alias`],
    ...over,
  })),
  network_info: Object.fromEntries(networks.map(({info}) => [info.name, info])),
});

const flags = ['--config', '/run/containers/networks', '--rootless=false', '--aardvark-binary=/nowhere'];
const netavark = (...args: readonly string[]) => plugins.call('netavark', [...flags, ...args]);
const withInput = (command: string, netns: string, asked: Asked) =>
  plugins.call('netavark', [...flags, command, netns], input(asked));

const tcp = (host: number, container: number, range = 1) => ({
  container_port: container,
  host_ip: '',
  host_port: host,
  protocol: 'tcp',
  range,
});

test.serial('setup() gives addresses, names and ports, twice the same; teardown() leaves nothing, twice', async t => {
  const info = network('one', '10.60.0');
  const [web, client] = [makeNetns('web'), makeNetns('client')];
  const asked = {id: 'web', networks: [{info, ip: '10.60.0.2'}], ports: [tcp(8081, 80), tcp(20000, 20000, 5000)]};
  const first = await withInput('setup', web, asked);
  t.is(first.stderr, '');
  t.deepEqual(JSON.parse(first.stdout), {
    one: {
      dns_search_domains: ['dns.podman'],
      dns_server_ips: ['127.0.0.11'],
      interfaces: {
        eth0: {mac_address: '02:42:0a:3c:00:02', subnets: [{gateway: '10.60.0.1', ipnet: '10.60.0.2/24'}]},
      },
    },
  });
  t.deepEqual(await withInput('setup', web, asked), first);
  const clientAsked = {id: 'client', networks: [{info, ip: '10.60.0.3'}]};
  t.is((await withInput('setup', client, clientAsked)).code, 0);
  const server = await serve(web, 80);
  t.teardown(() => server.kill());
  t.is(await ask(neighbour.netns, 'tcp', `${neighbour.hostAddress}:8081`), neighbour.address);
  t.regex(run('nft list map inet tnet ranges4-any'), /20000-24999/);
  for (const name of ['web', 'web-alias', 'WEB.dns.podman', 'webfffffffff'])
    t.regex(runIn(client, `busybox nslookup ${name} 127.0.0.11`), /10\.60\.0\.2/, name);
  t.regex(runIn(client, 'busybox nslookup nix.dns.podman 127.0.0.11 || true'), /NXDOMAIN/);
  for (const [netns, its] of [
    [web, asked],
    [client, clientAsked],
    [web, asked],
  ] as const)
    t.deepEqual(await withInput('teardown', netns, its), {code: 0, stdout: '', stderr: ''});
  t.is(run('ip -o link | grep -c pod-one || true').trim(), '0');
  t.is(run('nft list table inet tnet | grep -c "8081\\|10.60.0" || true').trim(), '0');
  removeNetns(web);
  removeNetns(client);
});

test.serial('setup() that fails takes back the networks that came before', async t => {
  const [good, bad] = [network('good', '10.61.0'), network('bad', '10.62.0', {driver: 'nix'})];
  const netns = makeNetns('half');
  const unknown = await withInput('setup', netns, {
    id: 'half',
    networks: [
      {info: good, ip: '10.61.0.2'},
      {info: bad, ip: '10.62.0.2'},
    ],
  });
  t.deepEqual(unknown, {code: 1, stdout: '{"error":"unknown network driver \\"nix\\""}\n', stderr: ''});
  const taken = await withInput('setup', netns, {
    id: 'half',
    networks: [
      {info: good, ip: '10.61.0.2'},
      {info: network('over', '10.61.0'), ip: '10.61.0.3'},
    ],
  });
  t.regex(taken.stdout, /^\{"error":"invalid pool request: Pool overlaps/);
  t.is(runIn(netns, 'ip -o link | grep -c eth || true').trim(), '0');
  t.notRegex(await tnet.ok('network', 'ls'), /podman:/);
  removeNetns(netns);
});

test.serial('teardown() after the namespace is gone frees address and port', async t => {
  const info = network('gone', '10.63.0');
  const netns = makeNetns('gone');
  const asked = {id: 'gone', networks: [{info, ip: '10.63.0.2'}], ports: [tcp(8082, 80)]};
  t.is((await withInput('setup', netns, asked)).code, 0);
  removeNetns(netns);
  t.deepEqual(await withInput('teardown', netns, asked), {code: 0, stdout: '', stderr: ''});
  t.is(run('nft list table inet tnet | grep -c 8082 || true').trim(), '0');
});

test.serial('networks follow their order, metric, routes and host_interface_name', async t => {
  const plain = network('plain', '10.64.0', {options: {no_default_route: 'true'}});
  const routed = network('routed', '10.65.0', {
    options: {metric: '7', mtu: '1400', unheard_of: 'x'},
    routes: [{destination: '10.99.0.0/16', gateway: '10.65.0.9', metric: 5}],
  });
  const netns = makeNetns('many');
  const asked = {
    id: 'many',
    networks: [
      {info: plain, ip: '10.64.0.2', over: {options: {host_interface_name: 'mine0'}}},
      {info: routed, ip: '10.65.0.2', over: {static_mac: '02:00:00:00:00:65'}},
    ],
  };
  const {stdout} = await withInput('setup', netns, asked);
  t.deepEqual(Object.keys(JSON.parse(stdout)), ['plain', 'routed']);
  t.regex(runIn(netns, 'ip route'), /default via 10\.65\.0\.1 dev eth1 .*metric 7/);
  t.regex(runIn(netns, 'ip route'), /10\.99\.0\.0\/16 via 10\.65\.0\.9 dev eth1 .*metric 5/);
  t.regex(runIn(netns, 'ip link show eth1'), /mtu 1400[\s\S]*02:00:00:00:00:65/);
  t.regex(run('ip -o link show mine0'), /master pod-plain/);
  await withInput('teardown', netns, asked);
  removeNetns(netns);
});

test.serial('names are served again by the next daemon', async t => {
  const info = network('again', '10.66.0');
  const netns = makeNetns('again');
  const asked = {id: 'again', networks: [{info, ip: '10.66.0.2'}]};
  await withInput('setup', netns, asked);
  await tnet.ok('daemon', 'stop');
  await tnet.ok('network', 'ls');
  t.regex(runIn(netns, 'busybox nslookup again 127.0.0.11'), /10\.66\.0\.2/);
  t.is(
    (await plugins.call('netavark', [...flags, 'update', 'again', '--network-dns-servers', '192.0.2.2'], 'null')).code,
    0,
  );
  t.is((await plugins.call('netavark', [...flags, 'update', 'nix', '--network-dns-servers', ''], 'null')).code, 0);
  await withInput('teardown', netns, asked);
  removeNetns(netns);
});

test.serial('as a plugin of netavark, tnet completes, sets up and tears down networks of driver "tnet"', async t => {
  const id = '4d15'.repeat(16);
  const bare = {name: 'mine', id, driver: 'tnet', internal: false, dns_enabled: true, ipv6_enabled: false};
  const created = await plugins.call('tnet', ['create'], bare);
  t.is(created.stderr, '');
  const info = JSON.parse(created.stdout);
  t.like(info, {...bare, network_interface: 'tn-4d154d154d15', ipam_options: {driver: 'host-local'}});
  t.deepEqual(info.subnets, [{subnet: '10.205.21.0/24', gateway: '10.205.21.1'}]);
  const netns = makeNetns('mine');
  const asked = {
    container_id: 'mine'.padEnd(64, 'f'),
    container_name: 'mine',
    port_mappings: [tcp(8089, 80)],
    network: info,
    network_options: {interface_name: 'eth0', static_ips: ['10.205.21.7'], aliases: null, static_mac: null},
  };
  const block = JSON.parse((await plugins.call('tnet', ['setup', netns], asked)).stdout);
  t.deepEqual(Object.keys(block), ['dns_search_domains', 'dns_server_ips', 'interfaces']);
  t.deepEqual(block.interfaces.eth0.subnets, [{gateway: '10.205.21.1', ipnet: '10.205.21.7/24'}]);
  const server = await serve(netns, 80);
  t.teardown(() => server.kill());
  t.is(await ask(neighbour.netns, 'tcp', `${neighbour.hostAddress}:8089`), neighbour.address);
  t.regex(runIn(netns, 'busybox nslookup mine 127.0.0.11'), /10\.205\.21\.7/);
  for (let twice = 0; twice < 2; twice++)
    t.deepEqual(await plugins.call('tnet', ['teardown', netns], asked), {code: 0, stdout: '', stderr: ''});
  removeNetns(netns);
  t.like(JSON.parse((await plugins.call('tnet', ['info'])).stdout), {api_version: '1.0.0'});
  t.like(await plugins.call('tnet', ['setup', '/run/nowhere'], asked), {code: 1, stderr: ''});
  t.deepEqual(await plugins.call('tnet', ['nix']), {
    code: 1,
    stdout: '{"error":"unknown command \\"nix\\": want info, create, setup, teardown"}\n',
    stderr: '',
  });
});

test.serial('wrong calls are told as netavark tells them', async t => {
  t.like(await netavark('setup'), {code: 2, stdout: ''});
  t.like(await netavark('nix'), {code: 2, stdout: ''});
  t.like(await netavark('--nix'), {code: 2, stdout: ''});
  t.regex((await netavark('--version')).stdout, /^netavark \d+\.\d+\.\d+.*\n$/);
  t.deepEqual(Object.keys(JSON.parse((await netavark('version')).stdout)), [
    'version',
    'commit',
    'build_time',
    'target',
    'default_fw_driver',
  ]);
  const missing = await withInput('setup', '/run/nowhere', {id: 'x', networks: []});
  t.is(missing.code, 1);
  t.deepEqual(Object.keys(JSON.parse(missing.stdout)), ['error']);
  t.deepEqual(Object.keys(JSON.parse((await plugins.call('netavark', ['setup', '/x'], '{')).stdout)), ['error']);
});

const lacks = podmanLacks();
(lacks === null ? test.serial : test.serial.skip)(
  `podman with tnet as netavark: run -p, names, connect, disconnect, reload${lacks === null ? '' : ` (${lacks})`}`,
  async t => {
    const podman = makePodman(plugins.folder);
    t.teardown(() => podman.end());
    const shell = ['--rootfs', podman.rootfs, '/bin/sh', '-c'];
    const over = ['--rootfs', `${podman.rootfs}:O`, '/bin/sh', '-c'];
    t.regex(await podman.run('info', '--format', '{{.Host.NetworkBackend}}'), /netavark/);
    await podman.run('network', 'create', 'red');
    await podman.run('network', 'create', 'blue');
    await podman.run(
      ...['run', '-d', '--name', 'web', '--network', 'red', '-p', '8083:80', ...shell],
      'echo hello > /tmp/index.html; exec busybox httpd -f -p 80 -h /tmp',
    );
    /** The server may not listen yet. */
    const get = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 ${neighbour.hostAddress} 8083`;
    const say = (): string =>
      runIn(neighbour.netns, `for i in $(seq 50); do ${get} && break; busybox usleep 50000; done`);
    t.regex(say(), /hello/);
    const heard = await podman.run(
      ...['run', '--rm', '--name', 'client', '--network', 'red', ...over],
      'cat /etc/resolv.conf; nslookup web.dns.podman; busybox wget -qO- http://web/',
    );
    t.regex(heard, /search dns\.podman\nnameserver 127\.0\.0\.11/);
    t.regex(heard, /web\.dns\.podman\s+Address: 10\.89\.0\.2/);
    t.regex(heard, /hello/);
    await podman.run('network', 'connect', 'blue', 'web');
    t.regex(await podman.run('exec', 'web', 'ip', '-o', 'addr'), /eth1.*10\.89\.1\.2/);
    await podman.run('network', 'disconnect', 'red', 'web');
    t.regex(say(), /hello/);
    await podman.run('network', 'reload', 'web');
    t.regex(say(), /hello/);
    await podman.run('rm', '-f', '-t0', 'web');
    t.is(run('ip -o link | grep -c "podman\\|veth" || true').trim(), '0');
  },
);
