import {createHash} from 'node:crypto';
import type {NftChain, NftElement, NftSet, NftTable, NftType} from '../../kernel/netlink/nftables/types.ts';
import {type Family, ipFamily} from '../../model/ip.ts';
import type {PortMapping} from '../../model/port-mapping.ts';
import {formatSpan, joinSpans, type Span} from '../../model/span.ts';
import {
  accept,
  daddrAndIifname,
  daddrIn,
  dnatByAddress,
  dnatByPort,
  dnatted,
  drop,
  established,
  icmp,
  iifname,
  iifnameIn,
  jump,
  linkPair,
  loopbackDaddr,
  loopbackSaddr,
  masquerade,
  oifnameIn,
  portOpen,
  rule,
  saddrAndOifname,
  saddrIn,
  snatBySaddr,
  toThisHost,
} from './nft-match.ts';
import type {GuardedNetwork, PortMasquerade, PublishedPort, Ruleset} from './ruleset.ts';
import {trafficChains, trafficElements, trafficSets} from './traffic.ts';

const families = [4, 6] as const;
const addr = {4: 'ipv4_addr', 6: 'ipv6_addr'} as const;

const set = (name: string, key: readonly NftType[], interval = false): NftSet => ({name, key, data: [], interval});
const map = (name: string, key: readonly NftType[], data: readonly NftType[], interval = false): NftSet => ({
  name,
  key,
  data,
  interval,
});
/** Only the first packet of a connection looks there: its elements count connections. */
const counted = (set: NftSet): NftSet => ({...set, counter: true});

/** Everything that varies lives in these; the chains below never change. */
const sets: readonly NftSet[] = [
  set('bridges', ['ifname']),
  set('internal', ['ifname']),
  set('neighbours', ['ifname', 'ifname']),
  ...families.flatMap(family => [
    set(`forwarding${family}`, ['ifname']),
    set(`routed${family}`, ['ifname']),
    set(`unprotected${family}`, ['ifname']),
    set(`subnets${family}`, [addr[family]], true),
    set(`homes${family}`, [addr[family], 'ifname'], true),
    set(`masquerade${family}`, [addr[family]], true),
    map(`snat${family}`, [addr[family]], [addr[family]], true),
    set(`open${family}`, [addr[family], 'inet_proto', 'inet_service'], true),
    set(`kept${family}`, [addr[family], 'inet_proto', 'inet_service'], true),
    set(`hidden${family}`, [addr[family], 'inet_proto', 'inet_service'], true),
    counted(map(`published${family}`, ['inet_proto', addr[family], 'inet_service'], [addr[family], 'inet_service'])),
    counted(map(`published${family}-any`, ['inet_proto', 'inet_service'], [addr[family], 'inet_service'])),
    counted(map(`ranges${family}`, ['inet_proto', addr[family], 'inet_service'], [addr[family]], true)),
    counted(map(`ranges${family}-any`, ['inet_proto', 'inet_service'], [addr[family]], true)),
  ]),
  ...trafficSets,
];

/** Priorities as numbers: -300 raw (before conntrack), -100 dstnat, 0 filter, 100 srcnat. */
const hook = (
  type: 'filter' | 'nat',
  at: 'prerouting' | 'forward' | 'output' | 'postrouting',
  priority: number,
): NftChain['hook'] => ({
  type,
  hook: at,
  priority,
  policy: 'accept',
});

const chains: readonly NftChain[] = [
  {
    name: 'guard',
    hook: hook('filter', 'prerouting', -300),
    rules: [
      rule(null, iifname('lo'), accept),
      // DNAT comes before the kernel's martian check, and route_localnet on our bridges switches that check off. Of ::1 the
      // kernel lets nothing in from a wire (ip6_rcv_core).
      rule('loopback on the wire', loopbackDaddr(4), drop),
      // Containers are reached by published ports, not by routing through the host; this also parts our networks.
      ...families.map(family =>
        rule('direct access', daddrIn(family, `subnets${family}`), daddrAndIifname(family, `homes${family}`), drop),
      ),
    ],
  },
  {name: 'prerouting', hook: hook('nat', 'prerouting', -100), rules: [rule(null, toThisHost, jump('publish'))]},
  {name: 'output', hook: hook('nat', 'output', -100), rules: [rule(null, toThisHost, jump('publish'))]},
  {
    name: 'publish',
    hook: null,
    rules: families.flatMap(family => [
      rule(null, dnatByAddress(family, `published${family}`)),
      rule(null, dnatByPort(family, `published${family}-any`)),
      rule(null, dnatByAddress(family, `ranges${family}`, 'port')),
      rule(null, dnatByPort(family, `ranges${family}-any`, 'port')),
    ]),
  },
  {
    name: 'forward',
    hook: hook('filter', 'forward', 0),
    rules: [
      rule(null, established, accept),
      rule('internal network', iifnameIn('internal'), linkPair('neighbours', 'not in'), drop),
      rule(null, oifnameIn('bridges'), dnatted, accept),
      rule(null, linkPair('neighbours', 'in'), accept),
      ...families.flatMap(family => [
        rule(null, oifnameIn(`unprotected${family}`, family), accept),
        rule(null, portOpen(family, `open${family}`), accept),
        rule(null, oifnameIn(`routed${family}`, family), icmp(family), accept),
      ]),
      rule('unpublished port', oifnameIn('bridges'), drop),
      ...families.map(family =>
        rule('forwarding is on for our networks only', iifnameIn(`forwarding${family}`, family), drop),
      ),
    ],
  },
  {
    name: 'postrouting',
    hook: hook('nat', 'postrouting', 100),
    rules: families.flatMap(family => [
      rule(null, saddrAndOifname(family, `homes${family}`, 'not in'), snatBySaddr(family, `snat${family}`)),
      rule(
        null,
        saddrIn(family, `masquerade${family}`),
        saddrAndOifname(family, `homes${family}`, 'not in'),
        masquerade,
      ),
      // Of some ports every client is hidden behind the host, of others none is.
      rule(null, dnatted, portOpen(family, `kept${family}`), accept),
      rule(null, dnatted, portOpen(family, `hidden${family}`), masquerade),
      // A container that reaches its own network by a published port must be answered through the host.
      rule('hairpin', saddrAndOifname(family, `homes${family}`, 'in'), dnatted, masquerade),
      rule('localhost', loopbackSaddr(family), oifnameIn('bridges'), masquerade),
    ]),
  },
  ...trafficChains,
];

export interface NftRuleset {
  readonly table: NftTable;
  readonly elements: readonly NftElement[];
}

/** The table `inet tnet`. Its comment is a hash of everything but the elements, so that a reader can tell ours from another version's. */
export const tnetTable: NftTable = {
  family: 'inet',
  name: 'tnet',
  comment: `tnet ${fingerprint({sets, chains})}`,
  sets,
  chains,
};

export function toNft({networks, ports, forwarding}: Ruleset): NftRuleset {
  return {
    table: tnetTable,
    // Two subnets of a network have its device in common.
    elements: unique([
      ...networks.flatMap(networkElements),
      ...ports.flatMap(portElements),
      ...insideElements(ports),
      ...families.flatMap(family => forwarding[family].map(device => element(`forwarding${family}`, [device]))),
    ]),
  };
}

function networkElements({device, prefix, only, internal, icc, mode, source}: GuardedNetwork): readonly NftElement[] {
  const family = ipFamily(prefix);
  const from = only ?? prefix;
  const closed = mode === 'nat' || mode === 'isolated';
  return [
    element('bridges', [device]),
    ...(closed ? [element(`subnets${family}`, [from])] : []),
    element(`homes${family}`, [prefix, device]),
    ...(internal ? [element('internal', [device])] : []),
    ...(icc ? [element('neighbours', [device, device])] : []),
    ...(mode === 'routed' ? [element(`routed${family}`, [device])] : []),
    ...(mode === 'nat-unprotected' || mode === 'foreign' ? [element(`unprotected${family}`, [device])] : []),
    ...(source === 'link' ? [element(`masquerade${family}`, [from])] : []),
    ...(source !== 'link' && source !== null ? [{set: `snat${family}`, fields: [from], data: [source]}] : []),
  ];
}

/** By the container's own address and port. Two mappings may lead to the same ports, and intervals of a set must not overlap (EEXIST). */
function insideElements(ports: readonly PublishedPort[]): readonly NftElement[] {
  const groups = new Map<string, Span[]>();
  for (const {address, mode, masquerade, mapping} of ports) {
    const name = mode === 'routed' ? 'open' : insideSets[masquerade];
    if (name === null) continue;
    const {proto, containerPort: first, count} = mapping;
    const key = `${name}${ipFamily(address)} ${address} ${proto}`;
    groups.set(key, [...(groups.get(key) ?? []), {first, last: first + count - 1}]);
  }
  return [...groups].flatMap(([key, spans]) => {
    const [set, ...fields] = key.split(' ') as [string, ...string[]];
    return joinSpans(spans).map(span => element(set, [...fields, formatSpan(span)]));
  });
}

const insideSets: Readonly<Record<PortMasquerade, string | null>> = {needed: null, all: 'hidden', none: 'kept'};

function portElements(port: PublishedPort): readonly NftElement[] {
  const {mapping, hostIp, address, mode} = port;
  const {containerPort, count} = mapping;
  const family = ipFamily(address);
  if (mode === 'routed') return [];
  const keys = mapElements({...mapping, hostIp, family});
  const data = (i: number) =>
    keys.length === count && !isKeptRange(mapping) ? [address, `${containerPort + i}`] : [address];
  return [...keys.map((key, i) => ({...key, data: data(i)})), ...trafficElements(mapping)];
}

/** A range that keeps its numbers is one element, whatever its length; dnat cannot shift a range. */
function isKeptRange({
  hostPort,
  containerPort,
  count,
}: Pick<PortMapping, 'hostPort' | 'containerPort' | 'count'>): boolean {
  return count > 1 && hostPort === containerPort;
}

/** Where a mapping is published in one family; `hostIp` null is every address of it. */
export function mapElements(
  port: Omit<PortMapping, 'hostPortEnd'> & {readonly family: Family},
): readonly Pick<NftElement, 'set' | 'fields'>[] {
  const {proto, hostIp, hostPort, count, family} = port;
  const host = hostIp === null ? [] : [hostIp];
  const any = hostIp === null ? '-any' : '';
  if (isKeptRange(port))
    return [
      {
        set: `ranges${family}${any}`,
        fields: [proto, ...host, formatSpan({first: hostPort, last: hostPort + count - 1})],
      },
    ];
  return Array.from({length: count}, (_, i) => ({
    set: `published${family}${any}`,
    fields: [proto, ...host, `${hostPort + i}`],
  }));
}

function unique(elements: readonly NftElement[]): readonly NftElement[] {
  return [...new Map(elements.map(each => [`${each.set} ${each.fields.join(' ')}`, each])).values()];
}

function element(name: string, fields: readonly string[]): NftElement {
  return {set: name, fields, data: []};
}

function fingerprint(skeleton: object): string {
  const text = JSON.stringify(skeleton, (_, value) => (value instanceof Uint8Array ? [...value] : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
