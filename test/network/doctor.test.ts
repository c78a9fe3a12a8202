import {readFileSync} from 'node:fs';
import test from 'ava';
import type {Op} from '../../src/kernel/item.ts';
import type {KernelFacts} from '../../src/kernel/kernel-facts.ts';
import type {Attachment} from '../../src/model/attachment.ts';
import type {Ip, Prefix} from '../../src/model/ip.ts';
import type {Mac} from '../../src/model/mac.ts';
import type {Network} from '../../src/model/network.ts';
import {parsePortMapping} from '../../src/model/port-mapping.ts';
import {emptyState} from '../../src/model/state.ts';
import {catalogue} from '../../src/network/doctor/catalogue.ts';
import {examine, isHealthy} from '../../src/network/doctor/examine.ts';
import type {Facts} from '../../src/network/doctor/facts.ts';
import {linkGroup, plainLink} from '../../src/network/drivers/driver.ts';

const blue: Network = {
  id: 'b'.repeat(64),
  name: 'blue',
  driver: 'bridge',
  created: '2026-01-01T00:00:00Z',
  subnets: [{prefix: '172.18.0.0/16' as Prefix, gateway: '172.18.0.1' as Ip, range: null, reserved: {}}],
  internal: false,
  options: {},
  labels: {},
  mtu: null,
  device: 'br-blue',
  index: 4,
};
const six: Network = {
  ...blue,
  subnets: [...blue.subnets, {...blue.subnets[0]!, prefix: 'fd00::/64' as Prefix, gateway: 'fd00::1' as Ip}],
};
const attachment: Attachment = {
  id: 'a'.repeat(64),
  network: blue.id,
  sandbox: '/run/tnet/netns/0123456789ab',
  owner: `0123456789ab${'0'.repeat(52)}`,
  ifname: 'eth0',
  hostIfname: 'vethabc',
  mac: '02:42:ac:12:00:02' as Mac,
  leases: [{address: '172.18.0.2' as Ip, prefixLength: 16}],
  ports: [parsePortMapping('8080:80')],
  names: [],
  gatewayPriority: 0,
  options: {},
};
const group = linkGroup(blue);
const link = {kind: null, group: 0, mtu: 1500, up: true, master: null};
const kernel: KernelFacts = {
  links: [
    {...link, name: 'eth0'},
    {...link, name: 'br-blue', kind: 'bridge', group},
    {...link, name: 'vethabc', kind: 'veth', group, master: 'br-blue'},
  ],
  routes: [
    {to: '0.0.0.0/0' as Prefix, table: 254, link: 'eth0', via: '192.0.2.2', type: 'unicast'},
    {to: '172.18.0.0/16' as Prefix, table: 254, link: 'br-blue', via: null, type: 'unicast'},
  ],
  forwardChains: [{family: 'inet', table: 'tnet', name: 'forward', otherwise: 'drop', mentions: []}],
  legacyTables: [],
  sysctls: new Map([['net/ipv4/ip_local_port_range', '32768\t60999']]),
  neighbours: {4: 2, 6: 0},
  missing: [],
};
const healthy: Facts = {
  state: {
    ...emptyState,
    networks: new Map([[blue.id, blue]]),
    attachments: new Map([[attachment.id, attachment]]),
  },
  realized: [blue],
  drift: [],
  kernel,
  unheld: [],
  sandboxes: [attachment.sandbox],
  lostSandboxes: [],
  cgroups: [],
  host: {
    resolvConf: 'nameserver 192.0.2.53\n',
    root: '/var/lib/tnet',
    diskBytes: 2 ** 34,
    diskFreeBytes: 2 ** 33,
    storeError: null,
    cgroups: 'v2',
  },
};

const withKernel = (over: Partial<KernelFacts>): Facts => ({...healthy, kernel: {...kernel, ...over}});
const withSysctl = (...entries: readonly (readonly [string, string])[]): Facts =>
  withKernel({sysctls: new Map([...kernel.sysctls, ...entries])});
const withHost = (over: Partial<Facts['host']>): Facts => ({...healthy, host: {...healthy.host, ...over}});
const withDrift = (...drift: readonly Op[]): Facts => ({...healthy, drift});
const withRoute = (to: string, table = 254): Facts =>
  withKernel({routes: [...kernel.routes, {to: to as Prefix, table, link: 'tun0', via: null, type: 'unicast'}]});
const withPorts = (...ports: readonly string[]): Facts => {
  const published = {...attachment, ports: ports.map(parsePortMapping)};
  return {...healthy, state: {...healthy.state, attachments: new Map([[published.id, published]])}};
};
const bridge = {...plainLink, ns: '', name: 'br-blue', type: 'bridge', group} as const;
const veth = {...plainLink, ns: '', name: 'vethabc', type: 'veth', group, master: 'br-blue'} as const;
const element = {ns: '', kind: 'element', set: 'bridges', fields: ['br-blue'], data: []} as const;
const table = {
  ns: '',
  kind: 'table',
  table: {family: 'inet', name: 'tnet', comment: '', sets: [], chains: []},
} as const;
const sysctl = {ns: '', kind: 'sysctl', path: 'net/ipv4/conf/br-blue/route_localnet', value: '1'} as const;
const foreign = (name: string): Facts =>
  withKernel({links: kernel.links.map(each => (each.name === name ? {...each, group: 0} : each))});
const squatted = {...healthy, unheld: [{attachment, mapping: attachment.ports[0]!}]};

const rows: readonly (readonly [keyof typeof catalogue, Facts, RegExp])[] = [
  [
    'link-missing',
    withDrift({do: 'add', item: veth}),
    /"vethabc" of container 0123456789ab on network blue is missing/,
  ],
  ['link-changed', withDrift({do: 'set', item: veth, was: {...veth, up: false}}), /up is false, should be true/],
  ['link-leftover', withDrift({do: 'del', item: {...veth, name: 'vethold'}}), /"vethold"/],
  ['link-foreign', foreign('br-blue'), /"br-blue"/],
  [
    'address-missing',
    withDrift({
      do: 'add',
      item: {ns: '', kind: 'address', link: 'br-blue', address: '172.18.0.1' as Ip, prefixLength: 16},
    }),
    /172\.18\.0\.1\/16/,
  ],
  [
    'route-missing',
    withDrift({
      do: 'add',
      item: {ns: '', kind: 'route', to: '::1/128' as Prefix, via: null, link: 'br-blue', type: 'local'},
    }),
    /::1\/128/,
  ],
  ['setting-changed', withDrift({do: 'set', item: sysctl, was: {...sysctl, value: '0'}}), /is 0, should be 1/],
  [
    'forwarding-off',
    withDrift({
      do: 'set',
      item: {...sysctl, path: 'net/ipv4/conf/eth0/forwarding'},
      was: {...sysctl, path: 'net/ipv4/conf/eth0/forwarding', value: '0'},
    }),
    /eth0\.forwarding/,
  ],
  ['firewall-missing', withDrift({do: 'add', item: table}, {do: 'add', item: element}), /is missing/],
  ['firewall-foreign', withDrift({do: 'set', item: table, was: table}), /not of our making/],
  ['firewall-incomplete', withDrift({do: 'add', item: element}), /1 missing \(in bridges\)/],
  ['sandbox-missing', {...healthy, lostSandboxes: [attachment.sandbox]}, /0123456789ab/],
  ['sandbox-leftover', {...healthy, sandboxes: ['/run/tnet/netns/ffff']}, /ffff/],
  ['cgroup-leftover', {...healthy, cgroups: ['ffff']}, /ffff/],
  [
    'forward-drop',
    withKernel({forwardChains: [{family: 'ip', table: 'filter', name: 'FORWARD', otherwise: 'drop', mentions: []}]}),
    /"FORWARD" of table "ip filter"/,
  ],
  ['legacy-iptables', withKernel({legacyTables: ['filter']}), /legacy/],
  ['br-netfilter', withSysctl(['net/bridge/bridge-nf-call-iptables', '1']), /bridge-nf-call-iptables/],
  ['rp-filter-strict', withSysctl(['net/ipv4/conf/br-blue/rp_filter', '1']), /"br-blue"/],
  [
    'conntrack-full',
    withSysctl(['net/netfilter/nf_conntrack_count', '95'], ['net/netfilter/nf_conntrack_max', '100']),
    /95 of at most 100/,
  ],
  ['neighbours-full', {...withSysctl(['net/ipv4/neigh/default/gc_thresh3', '2'])}, /2 of at most 2/],
  ['subnet-overlap', withRoute('172.18.5.0/24'), /172\.18\.5\.0\/24 dev tun0 overlaps/],
  ['subnet-shadows', withRoute('172.16.0.0/12', 51820), /table 51820/],
  [
    'mtu-over-uplink',
    withKernel({links: kernel.links.map(each => (each.name === 'eth0' ? {...each, mtu: 1420} : each))}),
    /is 1500.* is 1420/,
  ],
  [
    'mtu-mismatch',
    withKernel({links: kernel.links.map(each => (each.name === 'vethabc' ? {...each, mtu: 9000} : each))}),
    /"vethabc" is 9000/,
  ],
  [
    'bridge-full',
    withKernel({
      links: [...kernel.links, ...Array.from({length: 1000}, (_, i) => ({...kernel.links[2]!, name: `v${i}`}))],
    }),
    /1001 of at most 1023/,
  ],
  ['port-not-held', squatted, /8080->80/],
  ['port-ephemeral', withPorts('40000:80'), /40000->80/],
  ['disk-full', withHost({diskFreeBytes: 2 ** 20}), /1 MiB/],
  ['store-read-only', withHost({storeError: 'EROFS: read-only file system'}), /EROFS/],
  ['kernel-missing', withKernel({missing: ['module bridge']}), /module bridge/],
  ['cgroups-missing', withHost({cgroups: 'none'}), /control group/],
  ['ipv6-off', {...withSysctl(['net/ipv6/conf/all/disable_ipv6', '1']), realized: [six]}, /blue/],
  [
    'ipv6-forwarding-all',
    {
      ...withSysctl(['net/ipv6/conf/all/disable_ipv6', '0']),
      realized: [six],
      state: {
        ...healthy.state,
        sysctls: new Map([
          ['net/ipv6/conf/all/forwarding', {path: 'net/ipv6/conf/all/forwarding', value: '1', was: '0'}],
        ]),
      },
    },
    /forward IPv6/,
  ],
  ['no-name-server', withHost({resolvConf: ''}), /names no server/],
  ['name-server-unroutable', withHost({resolvConf: 'nameserver 2001:db8::53'}), /2001:db8::53/],
];

for (const [id, facts, what] of rows)
  test(`examine() finds ${id}`, t => {
    const findings = examine(facts);
    t.deepEqual(
      findings.map(each => each.id),
      [id],
    );
    t.regex(findings[0]!.what, what);
    t.is(isHealthy(findings), findings[0]!.severity === 'note');
  });

test('examine() finds nothing on a healthy host, and every kind it knows has a row here', t => {
  t.deepEqual(examine(healthy), []);
  t.deepEqual(rows.map(([id]) => id).sort(), Object.keys(catalogue).sort());
});

test('examine() tells missing rules of iptables', t => {
  const rule = {
    ns: '',
    kind: 'iptables-rule',
    family: 4,
    table: 'nat',
    chain: 'DOCKER',
    key: 'k',
    spec: '-j RETURN',
  } as const;
  const findings = examine(withDrift({do: 'add', item: rule}));
  t.deepEqual(
    findings.map(({id, what}) => [id, what]),
    [['firewall-incomplete', 'Rules and chains of ours in iptables: 1 missing.']],
  );
});

test('examine() does not tell what lies in a missing bridge besides it', t => {
  const findings = examine(withDrift({do: 'add', item: bridge}, {do: 'add', item: sysctl}));
  t.deepEqual(
    findings.map(({id, object}) => [id, object]),
    [['link-missing', 'network blue']],
  );
});

for (const [what, facts] of [
  [
    'a dropping chain that names our device',
    withKernel({
      forwardChains: [{family: 'ip', table: 'filter', name: 'FORWARD', otherwise: 'drop', mentions: ['br-blue']}],
    }),
  ],
  ['a VPN that takes the default route in two halves', withRoute('128.0.0.0/1')],
  [
    'a reserved port',
    {...withPorts('40000:80'), kernel: withSysctl(['net/ipv4/ip_local_reserved_ports', '39999-40000']).kernel},
  ],
] as const)
  test(`examine() is content with ${what}`, t => t.deepEqual(examine(facts), []));

test('docs/doctor.md has every finding, with its severity, meaning and fix', t => {
  const doc = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');
  const table = Object.entries(catalogue).map(
    ([id, {severity, why, fix}]) => `| \`${id}\` | ${severity} | ${why} | ${fix} |`,
  );
  t.deepEqual(
    doc.split('\n').filter(line => line.startsWith('| `')),
    table.map(line => line),
  );
});
