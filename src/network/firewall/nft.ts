import {createHash} from 'node:crypto';
import type {NftChain, NftElement, NftSet, NftTable, NftType} from '../../kernel/netlink/nftables/types.ts';
import {
  accept,
  daddrAndIifname,
  daddrIn,
  dnatByAddress,
  dnatByPort,
  dnatted,
  drop,
  established,
  iifname,
  iifnameIn,
  jump,
  linkPair,
  loopbackDaddr,
  loopbackSaddr,
  masquerade,
  oifnameIn,
  rule,
  saddrAndOifname,
  saddrIn,
  toThisHost,
} from './nft-match.ts';
import type {GuardedNetwork, PublishedPort, Ruleset} from './ruleset.ts';

const set = (name: string, key: readonly NftType[], interval = false): NftSet => ({name, key, data: [], interval});
const portMap = (name: string, key: readonly NftType[]): NftSet => ({
  name,
  key,
  data: ['ipv4_addr', 'inet_service'],
  interval: false,
});

/** Everything that varies lives in these; the chains below never change. */
const sets: readonly NftSet[] = [
  set('bridges', ['ifname']),
  set('internal', ['ifname']),
  set('neighbours', ['ifname', 'ifname']),
  set('forwarding', ['ifname']),
  set('subnets4', ['ipv4_addr'], true),
  set('homes4', ['ipv4_addr', 'ifname'], true),
  set('masquerade4', ['ipv4_addr'], true),
  portMap('published4', ['inet_proto', 'ipv4_addr', 'inet_service']),
  portMap('published4-any', ['inet_proto', 'inet_service']),
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
      // DNAT comes before the kernel's martian check, and route_localnet on our bridges switches that check off.
      rule('loopback on the wire', loopbackDaddr, drop),
      // Containers are reached by published ports, not by routing through the host; this also parts our networks.
      rule('direct access', daddrIn('subnets4'), daddrAndIifname('homes4'), drop),
    ],
  },
  {name: 'prerouting', hook: hook('nat', 'prerouting', -100), rules: [rule(null, toThisHost, jump('publish'))]},
  {name: 'output', hook: hook('nat', 'output', -100), rules: [rule(null, toThisHost, jump('publish'))]},
  {
    name: 'publish',
    hook: null,
    rules: [rule(null, dnatByAddress('published4')), rule(null, dnatByPort('published4-any'))],
  },
  {
    name: 'forward',
    hook: hook('filter', 'forward', 0),
    rules: [
      rule(null, established, accept),
      rule('internal network', iifnameIn('internal'), linkPair('neighbours', 'not in'), drop),
      rule(null, oifnameIn('bridges'), dnatted, accept),
      rule(null, linkPair('neighbours', 'in'), accept),
      rule('unpublished port', oifnameIn('bridges'), drop),
      rule('forwarding is on for our networks only', iifnameIn('forwarding'), drop),
    ],
  },
  {
    name: 'postrouting',
    hook: hook('nat', 'postrouting', 100),
    rules: [
      rule(null, saddrIn('masquerade4'), saddrAndOifname('homes4', 'not in'), masquerade),
      // A container that reaches its own network by a published port must be answered through the host.
      rule('hairpin', saddrAndOifname('homes4', 'in'), dnatted, masquerade),
      rule('localhost', loopbackSaddr, oifnameIn('bridges'), masquerade),
    ],
  },
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
    elements: [
      ...networks.flatMap(networkElements),
      ...ports.flatMap(portElements),
      ...forwarding.map(device => element('forwarding', [device])),
    ],
  };
}

function networkElements({
  device,
  prefix,
  internal,
  icc,
  masquerade: masqueraded,
}: GuardedNetwork): readonly NftElement[] {
  return [
    element('bridges', [device]),
    element('subnets4', [prefix]),
    element('homes4', [prefix, device]),
    ...(internal ? [element('internal', [device])] : []),
    ...(icc ? [element('neighbours', [device, device])] : []),
    ...(masqueraded ? [element('masquerade4', [prefix])] : []),
  ];
}

function portElements({mapping, address}: PublishedPort): readonly NftElement[] {
  const {proto, hostIp, hostPort, containerPort, count} = mapping;
  return Array.from({length: count}, (_, i): NftElement => {
    const data = [address, `${containerPort + i}`];
    const port = `${hostPort + i}`;
    return hostIp === null
      ? {set: 'published4-any', fields: [proto, port], data}
      : {set: 'published4', fields: [proto, hostIp, port], data};
  });
}

function element(name: string, fields: readonly string[]): NftElement {
  return {set: name, fields, data: []};
}

function fingerprint(skeleton: object): string {
  const text = JSON.stringify(skeleton, (_, value) => (value instanceof Uint8Array ? [...value] : value));
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
