import test from 'ava';
import {cniNames} from '../../../src/cli/plugin-links.ts';
import {cniPlugins} from '../../../src/daemon/plugins/cni/answer-cni.ts';
import {decodeBandwidth} from '../../../src/daemon/plugins/cni/bandwidth.ts';
import {decodeBridgeVlans} from '../../../src/daemon/plugins/cni/bridge-vlans.ts';
import {CniError, type CniRequest, decodeCniRequest, encodeCniError} from '../../../src/daemon/plugins/cni/contract.ts';
import {decodeBridge} from '../../../src/daemon/plugins/cni/decode-bridge.ts';
import {readFields} from '../../../src/daemon/plugins/cni/fields.ts';
import {decodeFirewall} from '../../../src/daemon/plugins/cni/firewall.ts';
import {type CniInputs, readInputs, wantedMac} from '../../../src/daemon/plugins/cni/inputs.ts';
import {decodeIpam} from '../../../src/daemon/plugins/cni/ipam.ts';
import {decodePortmap, whoIsHidden} from '../../../src/daemon/plugins/cni/portmap.ts';
import {parseResolvConf} from '../../../src/daemon/plugins/cni/resolv-conf.ts';
import {convertResult, encodeResult} from '../../../src/daemon/plugins/cni/result.ts';
import {planTuning} from '../../../src/daemon/plugins/cni/tuning.ts';

const env = {CNI_COMMAND: 'ADD', CNI_CONTAINERID: 'c1', CNI_NETNS: '/n', CNI_IFNAME: 'eth0', CNI_PATH: '/opt/cni/bin'};
const request = (config: object, over: Readonly<Record<string, string>> = {}): CniRequest =>
  decodeCniRequest(
    {
      name: 'bridge',
      args: [],
      env: {...env, ...over},
      input: JSON.stringify({cniVersion: '1.0.0', name: 'n', ...config}),
    },
    'ADD',
  );
const inputs = (config: object, over: Readonly<Record<string, string>> = {}): CniInputs =>
  readInputs(request(config, over));
const codeOf = (job: () => unknown): number => {
  try {
    job();
    return 0;
  } catch (error) {
    return error instanceof CniError ? error.code : -1;
  }
};

test('what is installed is what the daemon answers to', t => {
  t.deepEqual([...cniNames].sort(), [...cniPlugins].sort());
});

test('decodeCniRequest() refuses in the order of the reference plugins', t => {
  const code = (over: object, input: string, verb: 'ADD' | 'CHECK' | 'GC' = 'ADD'): number =>
    codeOf(() => decodeCniRequest({name: 'bridge', args: [], env: {...env, ...over}, input}, verb));
  t.is(code({CNI_IFNAME: ''}, 'no json'), 4);
  t.is(code({CNI_CONTAINERID: '-x'}, 'no json'), 4);
  t.is(code({CNI_IFNAME: 'a/b'}, 'no json'), 4);
  t.is(code({}, 'no json'), 6);
  t.is(code({}, '{"cniVersion":"9.9.9"}'), 7);
  t.is(code({}, '{"cniVersion":"9.9.9","name":"n"}'), 1);
  t.is(code({}, '{"cniVersion":"0.3.1","name":"n"}', 'CHECK'), 1);
  t.is(code({}, '{"cniVersion":"1.0.0","name":"n"}', 'GC'), 1);
  t.is(code({CNI_ARGS: 'a=b=c'}, '{"cniVersion":"1.0.0","name":"n"}'), 4);
  t.is(code({}, '{"cniVersion":"1.0.0","name":"n"}'), 0);
});

test('encodeCniError() has the shape of the specification, on stdout', t => {
  const {code, stdout} = encodeCniError(new CniError(7, 'wrong', 'details'), '1.0.0');
  t.is(code, 1);
  t.deepEqual(JSON.parse(stdout), {cniVersion: '1.0.0', code: 7, msg: 'wrong', details: 'details'});
});

test('readFields() takes keys in any case, the exact one first, and null for nothing', t => {
  const fields = readFields({HostPort: 1, hostport: 2, hostPort: 3, Gone: null, A: {B: 'c'}});
  t.is(fields.number('hostPort'), 3);
  t.is(readFields({HostPort: 1}).number('hostPort'), 1);
  t.false(fields.has('gone'));
  t.is(fields.fields('a').text('b'), 'c');
  t.is(
    codeOf(() => readFields({mtu: '1500'}).number('mtu')),
    7,
  );
});

test('decodePortmap() reads what clients in Go send', t => {
  const ports = (portMappings: readonly object[]) => decodePortmap(inputs({runtimeConfig: {portMappings}}));
  t.like(ports([{HostPort: 8087, ContainerPort: 80, Protocol: 'TCP', HostIP: ''}])[0], {
    proto: 'tcp',
    hostIp: null,
    hostPort: 8087,
    containerPort: 80,
  });
  const range = ports(Array.from({length: 5000}, (_, i) => ({hostPort: 20000 + i, containerPort: 20000 + i})));
  t.deepEqual([range.length, range[0]?.count], [1, 5000]);
  t.is(
    codeOf(() => ports([{hostPort: 0, containerPort: 80}])),
    7,
  );
  t.is(
    codeOf(() => ports([{hostPort: 80, containerPort: 80, protocol: 'icmp'}])),
    7,
  );
});

test('decodePortmap() hides clients as it is told, and refuses what it cannot', t => {
  const codes = [
    {conditionsV4: ['-i', 'eth0']},
    {markMasqBit: 32},
    {markMasqBit: 5, externalSetMarkChain: 'KUBE-MARK-MASQ'},
    {markMasqBit: 5},
    {externalSetMarkChain: 'KUBE-MARK-MASQ'},
    {conditionsV4: []},
  ].map(config => codeOf(() => decodePortmap(inputs(config))));
  t.deepEqual(codes, [2, 7, 7, 0, 0, 0]);
  const hidden = [{}, {snat: true}, {masqAll: true}, {snat: false}, {snat: false, masqAll: true}];
  t.deepEqual(
    hidden.map(config => whoIsHidden(inputs(config))),
    ['needed', 'needed', 'all', 'none', 'none'],
  );
});

test('decodeBridgeVlans() reads one VLAN or a trunk, and refuses in the order of the reference plugin', t => {
  const vlans = (config: object) => Object.values(decodeBridgeVlans(inputs(config).config));
  t.deepEqual(vlans({}), []);
  t.deepEqual(vlans({preserveDefaultVlan: false, vlanTrunk: []}), []);
  t.deepEqual(vlans({vlan: 100}), ['100', 'true']);
  const trunk = [{id: 30}, {minID: 10, maxID: 12}, {id: 11}, {id: 13}, {minID: 40, maxID: 41, id: 7}];
  t.deepEqual(vlans({vlanTrunk: trunk, preserveDefaultVlan: false}), ['7,10-13,30,40-41', 'false']);
  for (const wrong of [
    {vlan: 4095},
    {vlan: 1.5},
    {vlan: 5, vlanTrunk: [{id: 6}]},
    {vlanTrunk: [{id: 0}]},
    {vlanTrunk: [{minID: 5}]},
    {vlanTrunk: [{minID: 9, maxID: 8}]},
    {vlanTrunk: [{minID: 9, maxID: 4095}]},
  ])
    t.is(
      codeOf(() => vlans(wrong)),
      7,
      JSON.stringify(wrong),
    );
  t.is(
    codeOf(() => vlans({vlan: 5, promiscMode: true})),
    2,
  );
});

test('decodeBandwidth() keeps a burst within what a bucket can be', t => {
  const limits = decodeBandwidth(inputs({runtimeConfig: {bandwidth: {IngressRate: 8e6, IngressBurst: 2 ** 32 - 1}}}));
  t.deepEqual(limits, {'tnet.ingress-rate': '8000000', 'tnet.ingress-burst': '250000000'});
  t.is(
    codeOf(() => decodeBandwidth(inputs({ingressRate: 1000}))),
    7,
  );
  t.deepEqual(decodeBandwidth(inputs({})), {});
});

test('decodeBridge() knows ranges, families and what it cannot do', t => {
  const ipam = {
    type: 'host-local',
    ranges: [
      [{subnet: '10.1.0.0/16', rangeStart: '10.1.2.0', rangeEnd: '10.1.2.9', gateway: '10.1.0.9'}],
      [{subnet: 'fd00::/64'}],
    ],
  };
  const {ipam: decoded, options} = decodeBridge(inputs({isDefaultGateway: true, ipam}));
  t.like(decoded, {
    kind: 'pool',
    subnets: [
      {prefix: '10.1.0.0/16', gateway: '10.1.0.9', spans: [{first: '10.1.2.0', last: '10.1.2.9'}]},
      {prefix: 'fd00::/64', gateway: null},
    ],
  });
  t.is(options['com.docker.network.bridge.name'], 'cni0');
  t.is(options['tnet.bridge.address'], 'true');
  t.is(decodeBridge(inputs({vlan: 5, ipam})).options['tnet.bridge.vlan'], '5');
  t.is(
    codeOf(() => decodeBridge(inputs({uplinkInterface: 'eth0', ipam}))),
    2,
  );
  t.is(
    codeOf(() => decodeBridge(inputs({isGateway: true}))),
    7,
  );
  t.is(
    codeOf(() => decodeBridge(inputs({ipam: {type: 'host-local', subnet: '10.1.0.0'}}))),
    7,
  );
  t.is(decodeBridge(inputs({})).ipam.kind, 'none');
});

test('decodeIpam() makes a set of the ranges of one list: subnets that give one address', t => {
  const subnets = (...ranges: readonly (readonly object[])[]) => {
    const ipam = decodeIpam(inputs({ipam: {type: 'host-local', ranges}}));
    return ipam.kind === 'pool' ? ipam.subnets : [];
  };
  const [a, b] = [{subnet: '10.1.0.0/24'}, {subnet: '10.2.0.0/24', gateway: '10.2.0.9'}];
  t.deepEqual(
    subnets([a, b], [{subnet: '10.3.0.0/24'}]).map(({prefix, gateway, overflow}) => [prefix, gateway, overflow]),
    [
      ['10.1.0.0/24', null, undefined],
      ['10.2.0.0/24', '10.2.0.9', true],
      ['10.3.0.0/24', null, undefined],
    ],
  );
  const parts = subnets([
    {...a, rangeStart: '10.1.0.10', rangeEnd: '10.1.0.11'},
    {...a, rangeStart: '10.1.0.20', rangeEnd: '10.1.0.21'},
    {...a, gateway: '10.1.0.30'},
  ]);
  t.deepEqual(
    parts.map(({spans}) => spans?.length),
    [2, undefined],
  );
  t.is(
    codeOf(() => subnets([a, {subnet: 'fd00::/64'}])),
    7,
  );
});

test('a MAC address of the capability comes before others', t => {
  const mac = (n: number): string => `02:00:00:00:00:0${n}`;
  const all = {mac: mac(4), args: {cni: {mac: mac(2)}}, runtimeConfig: {mac: mac(1)}};
  t.is(wantedMac(inputs(all, {CNI_ARGS: `MAC=${mac(3)}`}))?.toString(), mac(1));
  t.is(wantedMac(inputs({mac: mac(4)}, {CNI_ARGS: `MAC=${mac(3)}`}))?.toString(), mac(3));
  t.is(wantedMac(inputs({})), null);
});

test('decodeFirewall() and planTuning() refuse what is beyond them', t => {
  t.is(decodeFirewall(inputs({ingressPolicy: 'isolated'}))['com.docker.network.bridge.enable_icc'], 'false');
  t.is(
    codeOf(() => decodeFirewall(inputs({ingressPolicy: 'x'}))),
    7,
  );
  const plan = (sysctl: object) => planTuning(inputs({sysctl}), 'eth0', '/n');
  t.like(plan({'net.ipv4.conf.IFNAME.arp_filter': '1'})[0], {path: 'net/ipv4/conf/eth0/arp_filter', value: '1'});
  t.is(
    codeOf(() => plan({'kernel.panic': '1'})),
    7,
  );
  t.is(
    codeOf(() => plan({'net/../kernel/panic': '1'})),
    7,
  );
});

test('results are of the version that is asked for', t => {
  const made = {
    interfaces: [{name: 'eth0', mtu: 1500, sandbox: '/n'}],
    ips: [{address: '10.1.0.2/16', interface: 0}],
    routes: [{dst: '0.0.0.0/0', priority: 5}],
    dns: {},
  };
  t.deepEqual(encodeResult(made, '1.1.0'), {cniVersion: '1.1.0', ...made});
  const plain = {interfaces: [{name: 'eth0', sandbox: '/n'}], routes: [{dst: '0.0.0.0/0'}], dns: {}};
  t.deepEqual(encodeResult(made, '1.0.0'), {cniVersion: '1.0.0', ...plain, ips: made.ips});
  for (const version of ['0.3.1', '0.4.0'] as const)
    t.deepEqual(encodeResult(made, version), {cniVersion: version, ...plain, ips: [{version: '4', ...made.ips[0]!}]});
  t.deepEqual(convertResult(encodeResult(made, '0.4.0'), '1.0.0'), encodeResult(made, '1.0.0'));
  t.like(convertResult({...made, strange: 1}, '1.1.0'), {strange: 1});
});

test('parseResolvConf() reads resolv.conf(5)', t => {
  const text = '# x\nnameserver 10.0.0.1\nnameserver fd00::1\ndomain a.test\nsearch b.test c.test\noptions ndots:2\n';
  t.deepEqual(parseResolvConf(text), {
    nameservers: ['10.0.0.1', 'fd00::1'],
    domain: 'a.test',
    search: ['b.test', 'c.test'],
    options: ['ndots:2'],
  });
});
