import type {NftChain, NftElement, NftExpr, NftRule, NftSet, NftType} from '../../kernel/netlink/nftables/types.ts';
import {familiesOf, isAnyHost, type PortMapping} from '../../model/port-mapping.ts';

/**
 * Counters of published ports, as parts of our table. Connections are counted by the maps that publish, for only the first
 * packet of a connection looks them up: give those `counter: true`. Packets and bytes are counted here, by the port that
 * the client asked for, in two sets like the two maps: with and without a host address.
 *
 * Two hooks see each packet of a DNATed connection once: postrouting all that leaves, forwarded or made here, and input the
 * answers to clients on this host. What is not DNATed leaves after three expressions.
 */
const counting = (name: string, key: readonly NftType[], interval = false): NftSet => ({
  name,
  key,
  data: [],
  interval,
  counter: true,
});

export const trafficSets: readonly NftSet[] = [
  counting('traffic-any', ['inet_proto', 'inet_service', 'ct_dir']),
  counting('traffic4', ['inet_proto', 'inet_service', 'ct_dir', 'ipv4_addr']),
  counting('traffic6', ['inet_proto', 'inet_service', 'ct_dir', 'ipv6_addr']),
  counting('traffic4-ranges', ['inet_proto', 'inet_service', 'ct_dir', 'ipv4_addr'], true),
  counting('traffic6-ranges', ['inet_proto', 'inet_service', 'ct_dir', 'ipv6_addr'], true),
];

/** IPPROTO_*. nft(8) knows what a `ct original proto-dst` is only below one protocol, and must read its own listing again. */
const protocols: Readonly<Record<PortMapping['proto'], number>> = {tcp: 6, udp: 17, sctp: 132};

/** Register 1 is the 32-bit registers 8 to 11: a concatenation goes on in 9, 10, 11. */
const [first, second, third, fourth] = [1, 9, 10, 11] as const;

/** `ct status dnat jump traffic` */
const dnatted: NftRule = {
  exprs: [
    {expr: 'ct', key: 'status', dreg: first},
    {expr: 'bitwise', sreg: first, dreg: first, mask: Uint8Array.of(0x20, 0, 0, 0), xor: new Uint8Array(4)},
    {expr: 'cmp', sreg: first, op: 'neq', data: new Uint8Array(4)},
    {expr: 'verdict', verdict: 'jump', chain: 'traffic'},
  ],
  comment: null,
};

/** At 0, the names of whose priority are the same in every hook; nothing here decides about a packet. */
const seeing = (name: string, hook: 'postrouting' | 'input'): NftChain => ({
  name,
  hook: {type: 'filter', hook, priority: 0, policy: 'accept'},
  rules: [dnatted],
});

export const trafficChains: readonly NftChain[] = [
  seeing('leaving', 'postrouting'),
  seeing('answered', 'input'),
  {
    name: 'traffic',
    hook: null,
    // A packet belongs to one port: whatever is found ends the chain. Most ports have no host address, so those come first.
    rules: [
      ...Object.values(protocols).map(proto => countRule(proto, 'traffic-any', [])),
      ...Object.values(protocols).map(proto => countRule(proto, 'traffic4', askedAddress('dst_ip'))),
      ...Object.values(protocols).map(proto => countRule(proto, 'traffic6', askedAddress('dst_ip6'))),
      ...Object.values(protocols).map(proto => countRule(proto, 'traffic4-ranges', askedAddress('dst_ip'))),
      ...Object.values(protocols).map(proto => countRule(proto, 'traffic6-ranges', askedAddress('dst_ip6'))),
    ],
  },
];

/** Two elements a mapping and family, a range as a whole: what its clients sent, and what they were answered. */
export function trafficElements(mapping: PortMapping): readonly NftElement[] {
  const {proto, hostPort, count} = mapping;
  const port = count === 1 ? `${hostPort}` : `${hostPort}-${hostPort + count - 1}`;
  return ['original', 'reply'].flatMap(direction =>
    placesOf(mapping).map(({set, address}) => ({set, fields: [proto, port, direction, ...address], data: []})),
  );
}

/** Ranges, and ports on every address of one family, are intervals. */
function placesOf(mapping: PortMapping): readonly {readonly set: string; readonly address: readonly string[]}[] {
  if (mapping.count === 1 && mapping.hostIp === null) return [{set: 'traffic-any', address: []}];
  if (mapping.count === 1 && !isAnyHost(mapping)) {
    return [{set: `traffic${familiesOf(mapping)[0]}`, address: [mapping.hostIp!]}];
  }
  return familiesOf(mapping).map(family => ({
    set: `traffic${family}-ranges`,
    address: [isAnyHost(mapping) ? (family === 4 ? '0.0.0.0/0' : '::/0') : mapping.hostIp!],
  }));
}

/** `meta l4proto tcp meta l4proto . ct original proto-dst . ct direction … @set accept` */
function countRule(proto: number, set: string, address: readonly NftExpr[]): NftRule {
  return {
    exprs: [
      {expr: 'meta', key: 'l4proto', dreg: first},
      {expr: 'cmp', sreg: first, op: 'eq', data: Uint8Array.of(proto)},
      {expr: 'meta', key: 'l4proto', dreg: first},
      {expr: 'ct', key: 'proto_dst', of: 'original', dreg: second},
      {expr: 'ct', key: 'direction', dreg: third},
      ...address,
      {expr: 'lookup', set, sreg: first, dreg: null, invert: false},
      {expr: 'verdict', verdict: 'accept'},
    ],
    comment: null,
  };
}

/** `. ct original ip daddr`; of a packet of the other family there is none, and the rule ends. */
function askedAddress(key: 'dst_ip' | 'dst_ip6'): readonly NftExpr[] {
  return [{expr: 'ct', key, of: 'original', dreg: fourth}];
}
