import test from 'ava';
import {parseCommandLine, UsageError} from '../../../src/daemon/plugins/netavark/command-line.ts';
import {completeNetwork} from '../../../src/daemon/plugins/netavark/complete-network.ts';
import {decodePorts} from '../../../src/daemon/plugins/netavark/decode-attachment.ts';
import {decodeNetwork, decodeRoutes} from '../../../src/daemon/plugins/netavark/decode-network.ts';
import {parseDefaultLink} from '../../../src/daemon/plugins/netavark/default-link.ts';
import {decodeJoining, type NetworkInfo} from '../../../src/daemon/plugins/netavark/input.ts';

test('parseCommandLine() reads what podman 4 and 6 give', t => {
  const old = ['--config', '/run/c', '--rootless=false', '--aardvark-binary=/x', 'setup', '/run/netns/a'];
  t.deepEqual(parseCommandLine(old), {
    command: 'setup',
    operands: ['/run/netns/a'],
    options: {config: '/run/c', rootless: 'false', 'aardvark-binary': '/x'},
  });
  t.deepEqual(parseCommandLine(['-f', 'in.json', 'update', 'net', '--network-dns-servers', '']), {
    command: 'update',
    operands: ['net'],
    options: {file: 'in.json', 'network-dns-servers': ''},
  });
  for (const wrong of [[], ['setup'], ['setup', 'a', 'b'], ['nix'], ['--nix', 'version'], ['version', '--file']])
    t.throws(() => parseCommandLine(wrong), {instanceOf: UsageError}, wrong.join(' '));
});

const info: NetworkInfo = {
  name: 'net',
  id: 'f'.repeat(64),
  driver: 'bridge',
  internal: false,
  dns_enabled: true,
  ipv6_enabled: false,
  network_interface: 'podman1',
  subnets: [{subnet: '10.89.0.0/24', gateway: '10.89.0.1'}],
};
const decode = (over: Partial<NetworkInfo>) => decodeNetwork({...info, ...over}, () => 'eth7');

test('decodeNetwork() has a network without options isolated, and says names under dns.podman', t => {
  t.like(decode({}), {
    plugin: 'podman',
    ipv4: true,
    ipv6: false,
    options: {'com.docker.network.bridge.name': 'podman1', 'tnet.dns.domain': 'dns.podman'},
  });
  t.is(decode({options: {isolate: 'false'}}).options['com.docker.network.bridge.gateway_mode_ipv4'], 'nat-unprotected');
  t.deepEqual(decode({driver: 'macvlan', network_interface: '', options: {mode: 'private'}}).options, {
    parent: 'eth7',
    macvlan_mode: 'private',
    'tnet.dns.domain': 'dns.podman',
  });
});

test('decodeNetwork() refuses what would not be done, by name', t => {
  t.throws(() => decode({options: {vlan: '5'}}), {message: /unsupported option "vlan"/});
  t.throws(() => decode({options: {mode: 'unmanaged'}}), {message: /unsupported bridge mode "unmanaged"/});
  t.throws(() => decode({ipam_options: {driver: 'dhcp'}}), {message: 'unsupported ipam driver dhcp'});
  t.throws(() => decode({driver: 'ipvlan'}), {message: /unsupported network driver "ipvlan"/});
});

test('decodeRoutes() leaves the default route to the gateway, unless something is said of routes', t => {
  t.is(decodeRoutes(info), undefined);
  t.deepEqual(decodeRoutes({...info, options: {no_default_route: 'true'}}), []);
  t.like(decodeRoutes({...info, options: {metric: '5'}}), [{to: '0.0.0.0/0', via: '10.89.0.1', metric: 5}]);
  t.throws(() => decodeRoutes({...info, routes: [{destination: '10.0.0.0/8', route_type: 'blackhole'}]}), {
    message: /unsupported route type "blackhole"/,
  });
});

test('decodePorts() keeps a range one mapping', t => {
  const port = {container_port: 80, host_ip: '', host_port: 8000, protocol: 'tcp,udp', range: 5000};
  t.deepEqual(
    decodePorts([port]).map(({proto, hostPort, count}) => `${proto} ${hostPort} ${count}`),
    ['tcp 8000 5000', 'udp 8000 5000'],
  );
  t.throws(() => decodePorts([{...port, host_ip: 'abcd'}]), {message: /invalid port mapping/});
});

test('decodeJoining() takes networks as a map and as a list', t => {
  const one = {interface_name: 'eth0', static_ips: ['10.89.0.2']};
  const rest = {container_id: 'c', container_name: 'n', network_info: {net: info}, unheard_of: 1};
  const map = decodeJoining(JSON.stringify({...rest, networks: {net: one}}));
  const list = decodeJoining(JSON.stringify({...rest, networks: [{name: 'net', ...one}]}));
  t.deepEqual(map, list);
  t.throws(() => decodeJoining(JSON.stringify({...rest, networks: {other: one}})), {
    message: 'no network_info for network "other"',
  });
});

test('completeNetwork() fills in what podman stores', t => {
  const complete = (network: object, used: object = {}) =>
    completeNetwork(
      JSON.stringify({network, used, options: {subnet_pools: [{base: '10.89.0.0/16', size: 24}]}}),
      new Date(0),
    );
  t.like(complete({name: 'shop', dns_enabled: true}, {interfaces: ['podman1'], subnets: ['10.89.0.0/24']}), {
    name: 'shop',
    driver: 'bridge',
    network_interface: 'podman2',
    created: '1970-01-01T00:00:00.000Z',
    dns_enabled: true,
    subnets: [{subnet: '10.89.1.0/24', gateway: '10.89.1.1'}],
    ipam_options: {driver: 'host-local'},
  });
  t.throws(() => complete({name: 'shop'}, {names: {shop: 'id'}}), {message: /network already exists/});
  t.throws(() => complete({options: {'com.docker.network.bridge.enable_icc': 'false'}}), {
    message: /unsupported bridge network option com\.docker/,
  });
});

test('parseDefaultLink() takes the default route of the lowest metric', t => {
  const row = (link: string, to: string, metric: number) =>
    `${link}\t${to}\t0101A8C0\t0003\t0\t0\t${metric}\t${to}\t0\t0\t0`;
  const table = [
    'Iface\tDestination',
    row('eth1', '00000000', 200),
    row('eth0', '00000000', 100),
    row('eth2', '000011AC', 0),
  ];
  t.is(parseDefaultLink(table.join('\n')), 'eth0');
  t.is(parseDefaultLink('Iface\n'), null);
});
