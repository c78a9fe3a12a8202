import test from 'ava';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import type {Network, NetworkDriver} from '../../../src/model/network.ts';
import {emptyState} from '../../../src/model/state.ts';
import {refuseSharedBridge} from '../../../src/network/drivers/bridge-vlan.ts';
import {chooseParent, type ParentHost} from '../../../src/network/drivers/parent.ts';
import {firewallOf} from '../../../src/network/firewall/renderer.ts';
import {planNetwork, validateNetwork} from '../../../src/network/plan.ts';

const network = (driver: NetworkDriver, options: Network['options'], over: Partial<Network> = {}): Network => ({
  id: 'a'.repeat(64),
  name: 'net',
  driver,
  created: '',
  subnets: [{prefix: '10.9.0.0/24' as Prefix, gateway: '10.9.0.1' as Ip, range: null, reserved: {}}],
  internal: false,
  options,
  labels: {},
  mtu: null,
  device: driver === 'vxlan' ? 'br-net' : '',
  index: 1,
  ...over,
});
const stateOf = (...networks: readonly Network[]) => ({
  ...emptyState,
  networks: new Map(networks.map(each => [each.id, each])),
});
const host: ParentHost = {linkNames: () => ['lo', 'eth0', 'eth1.7'], hasLinkType: () => true};

const peers = '192.0.2.2';
const refused: readonly (readonly [NetworkDriver, Network['options'], RegExp])[] = [
  ['macvlan', {mode: 'vepa'}, /option "mode" is not supported by the macvlan driver: there are parent, macvlan_mode/],
  ['macvlan', {ipvlan_mode: 'l3'}, /"ipvlan_mode" is not supported/],
  ['macvlan', {'com.docker.network.bridge.name': 'b'}, /bridge\.name" is not supported/],
  ['macvlan', {macvlan_mode: 'vlan'}, /"vlan" of option "macvlan_mode": want one of bridge, private, vepa, passthru/],
  ['macvlan', {'com.docker.network.driver.mtu': '9'}, /invalid value "9" .*want 68 to 65535/],
  ['ipvlan', {ipvlan_mode: 'L2'}, /"L2" of option "ipvlan_mode": want one of l2, l3, l3s/],
  ['ipvlan', {ipvlan_flag: 'passthru'}, /want one of bridge, private, vepa/],
  ['vxlan', {peers}, /needs option "vni" \(-o vni=100: .*\)/],
  ['vxlan', {vni: '100'}, /needs option "peers" \(-o peers=/],
  ['vxlan', {vni: '0', peers}, /"0" of option "vni": want 1 to 16777215/],
  ['vxlan', {vni: '16777216', peers}, /want 1 to 16777215/],
  ['vxlan', {vni: '1', peers: '192.0.2.2,far'}, /invalid address "far" in option "peers"/],
  ['vxlan', {vni: '1', peers: '192.0.2.2,fd00::1'}, /mix IPv4 and IPv6: 192\.0\.2\.2 and fd00::1/],
  ['vxlan', {vni: '1', peers, local: 'fd00::1'}, /mix IPv4 and IPv6/],
  ['vxlan', {vni: '1', peers, local: '192.0.2.2'}, /needs option "peers" .*the other hosts/],
  ['vxlan', {vni: '1', peers: '239.1.1.1'}, /"239\.1\.1\.1" in option "peers" is no host's address/],
  ['vxlan', {vni: '1', peers: '0.0.0.0'}, /is no host's address/],
  ['vxlan', {vni: '1', peers, dstport: '70000'}, /option "dstport": want 1 to 65535/],
  ['vxlan', {vni: '1', peers, parent: 'eth0'}, /"parent" is not supported by the vxlan driver/],
  ['vxlan', {vni: '1', peers, 'com.docker.network.bridge.enable_icc': 'no'}, /invalid value "no"/],
];
for (const [driver, options, message] of refused)
  test(`a ${driver} network with ${JSON.stringify(options)} is refused`, t => {
    t.throws(() => validateNetwork(network(driver, options), emptyState), {code: 'ERR_BAD_REQUEST', message});
  });

test('one list of peers serves on every host: its own address is left out', t => {
  const made = network('vxlan', {vni: '1', peers: '192.0.2.1,192.0.2.2,192.0.2.3', local: '192.0.2.2'});
  const to = planNetwork(made, firewallOf('nftables')).flatMap(item => (item.kind === 'fdb' ? [item.to] : []));
  t.deepEqual<readonly string[], readonly string[]>(to, ['192.0.2.1', '192.0.2.3']);
});

test('options with a dot that are not Docker’s are kept', t => {
  t.notThrows(() => validateNetwork(network('macvlan', {parent: 'eth0', 'org.example.note': 'x'}), emptyState));
});

test('a parent carries one network, of whichever of the two drivers', t => {
  const first = network('macvlan', {parent: 'eth0'}, {name: 'first', id: 'b'.repeat(64)});
  for (const driver of ['macvlan', 'ipvlan'] as const)
    t.throws(() => validateNetwork(network(driver, {parent: 'eth0'}), stateOf(first)), {
      code: 'ERR_CONFLICT',
      message: /network first is already using parent interface eth0: .*-o parent=eth0\.10/,
    });
  t.notThrows(() => validateNetwork(network('macvlan', {parent: 'eth0.10'}), stateOf(first)));
  t.notThrows(() => validateNetwork(first, stateOf(first)));
});

test('a VNI on one port is one network’s', t => {
  const first = network('vxlan', {vni: '7', peers}, {name: 'first', id: 'b'.repeat(64)});
  t.throws(() => validateNetwork(network('vxlan', {vni: '7', peers}), stateOf(first)), {
    code: 'ERR_CONFLICT',
    message: /vni 7 on port 4789 is already used by network "first"/,
  });
  t.notThrows(() => validateNetwork(network('vxlan', {vni: '7', peers, dstport: '4790'}), stateOf(first)));
});

test('chooseParent() makes a dummy where no parent is given, and the network internal', t => {
  t.like(chooseParent(network('macvlan', {}), host), {device: `dm-${'a'.repeat(12)}`, internal: true});
});

test('chooseParent() makes a VLAN that is not there, and leaves one that is', t => {
  const made = chooseParent(network('macvlan', {parent: 'eth0.50'}), host);
  t.like(made, {device: 'eth0.50', internal: false});
  t.like(planNetwork(made, firewallOf('nftables'))[0], {
    name: 'eth0.50',
    type: 'vlan',
    detail: {lower: 'eth0', vlanId: 50},
  });
  const found = chooseParent(network('macvlan', {parent: 'eth1.7'}), host);
  t.is(found.device, '');
  t.deepEqual(
    planNetwork(found, firewallOf('nftables')).filter(({kind}) => kind === 'link'),
    [],
  );
});

for (const [parent, message] of [
  ['eth9', /Cannot use parent "eth9" for network "net": there is no such link on this host/],
  ['eth9.5', /there is no link "eth9" to make VLAN 5 on/],
  ['eth0.4095', /no such link/],
  ['eth0.0', /no such link/],
  ['lo', /loopback link cannot carry a network/],
  ['', /no such link/],
] as const)
  test(`chooseParent() refuses the parent "${parent}"`, t => {
    t.throws(() => chooseParent(network('macvlan', {parent}), host), {code: 'ERR_BAD_REQUEST', message});
  });

test('chooseParent() says what the kernel lacks', t => {
  const without = (type: string): ParentHost => ({...host, hasLinkType: each => each !== type});
  t.throws(() => chooseParent(network('ipvlan', {parent: 'eth0'}), without('ipvlan')), {
    code: 'ERR_UNSUPPORTED',
    message: /this kernel has no link type "ipvlan" \(CONFIG_IPVLAN\)/,
  });
  t.throws(() => chooseParent(network('ipvlan', {parent: 'eth0.5'}), without('vlan')), {message: /CONFIG_VLAN_8021Q/});
  t.throws(() => chooseParent(network('ipvlan', {}), without('dummy')), {message: /CONFIG_DUMMY\), .*-o parent=LINK/});
  t.notThrows(() => chooseParent(network('ipvlan', {parent: 'eth0'}), without('vlan')));
});

const vlanOptions = (vlan: string) => ({'com.docker.network.bridge.name': 'br0', 'tnet.bridge.vlan': vlan});

test('networks with VLANs share a bridge, the same one in every plan, and each has a link of its own', t => {
  const plans = ['100', '200'].map(vlan =>
    planNetwork(
      network('bridge', vlanOptions(vlan), {id: vlan.repeat(22).slice(0, 64), device: `br0.${vlan}`, index: +vlan}),
      firewallOf('nftables'),
    ),
  );
  const links = plans.map(plan => plan.filter(({kind}) => kind === 'link'));
  t.deepEqual(links[0]![0], links[1]![0]);
  t.like(links[0]![0], {name: 'br0', type: 'bridge', filtersVlans: true});
  t.like(links[1]![1], {name: 'br0.200', type: 'vlan', detail: {lower: 'br0', vlanId: 200}});
  t.like(
    plans[1]!.find(({kind}) => kind === 'port-vlan'),
    {link: 'br0', first: 200, last: 200, membership: 'tagged', self: true},
  );
});

test('refuseSharedBridge() lets VLANs share a bridge among themselves alone', t => {
  const [red, blue] = [
    network('bridge', vlanOptions('100'), {device: 'br0.100', name: 'red'}),
    network('bridge', vlanOptions('200'), {device: 'br0.200'}),
  ];
  t.notThrows(() => refuseSharedBridge(blue, [red]));
  const message = /bridge name "br0.*" is already used by network "red"/;
  for (const device of ['br0', 'br0.100'])
    t.throws(() => refuseSharedBridge(network('bridge', {}, {device}), [red]), {code: 'ERR_CONFLICT', message});
  t.throws(() => refuseSharedBridge(network('bridge', vlanOptions('100'), {device: 'br0.100'}), [red]), {message});
});
