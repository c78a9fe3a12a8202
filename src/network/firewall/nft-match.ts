import type {NftExpr, NftRule} from '../../kernel/netlink/nftables/types.ts';
import type {Family} from '../../model/ip.ts';

/**
 * The few phrases our rules are made of, named as nft(8) writes them. Registers: a single value is loaded into register 1;
 * a concatenation continues in 32-bit registers 9, 10 … (register 1 is the 32-bit registers 8 to 11).
 */
const first = 1;
const second = 9;

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

/** include/uapi/linux/netfilter/nf_conntrack_common.h: a bit per IP_CT_* (+1), and IPS_DST_NAT. */
const ctEstablishedRelated = u32(0b110);
const ctStatusDnat = u32(1 << 5);
/** include/uapi/linux/rtnetlink.h RTN_LOCAL. */
const routeLocal = u32(2);
const nfproto: Readonly<Record<Family, Uint8Array>> = {4: Uint8Array.of(2), 6: Uint8Array.of(10)};
/** struct iphdr, struct ipv6hdr */
const addressLength = {4: 4, 6: 16} as const;
const offsets = {4: {saddr: 12, daddr: 16}, 6: {saddr: 8, daddr: 24}} as const;

/** `meta nfproto ipv4` */
const is = (family: Family): readonly NftExpr[] => [
  {expr: 'meta', key: 'nfproto', dreg: first},
  {expr: 'cmp', sreg: first, op: 'eq', data: nfproto[family]},
];
const address = (family: Family, which: 'saddr' | 'daddr', dreg: number): NftExpr => ({
  expr: 'payload',
  base: 'network',
  offset: offsets[family][which],
  length: addressLength[family],
  dreg,
});
/** The 32-bit register after an address in register 1. */
const afterAddress = (family: Family): number => 8 + addressLength[family] / 4;
const port = (dreg: number): NftExpr => ({expr: 'payload', base: 'transport', offset: 2, length: 2, dreg});
const lookup = (set: string, invert = false): NftExpr => ({expr: 'lookup', set, sreg: first, dreg: null, invert});
const nonZero = (mask: Uint8Array): readonly NftExpr[] => [
  {expr: 'bitwise', sreg: first, dreg: first, mask, xor: u32(0)},
  {expr: 'cmp', sreg: first, op: 'neq', data: u32(0)},
];

export const rule = (comment: string | null, ...phrases: readonly (readonly NftExpr[])[]): NftRule => ({
  exprs: phrases.flat(),
  comment,
});

/** `iifname "lo"` */
export const iifname = (name: string): readonly NftExpr[] => [
  {expr: 'meta', key: 'iifname', dreg: first},
  // Up to and with the NUL: a shorter comparison would match every name that begins so.
  {expr: 'cmp', sreg: first, op: 'eq', data: linkNameBytes(name)},
];
/** `iifname @set`, `oifname @set`, of one family if it is given */
export const iifnameIn = (set: string, family?: Family): readonly NftExpr[] => [
  ...(family ? is(family) : []),
  {expr: 'meta', key: 'iifname', dreg: first},
  lookup(set),
];
export const oifnameIn = (set: string, family?: Family): readonly NftExpr[] => [
  ...(family ? is(family) : []),
  {expr: 'meta', key: 'oifname', dreg: first},
  lookup(set),
];
/** `iifname . oifname [!=] @set`; a name takes four 32-bit registers. */
export const linkPair = (set: string, membership: 'in' | 'not in'): readonly NftExpr[] => [
  {expr: 'meta', key: 'iifname', dreg: first},
  {expr: 'meta', key: 'oifname', dreg: 2},
  lookup(set, membership === 'not in'),
];
/** `ip saddr @set`, `ip daddr @set`; `ip6` likewise, here and below */
export const saddrIn = (family: Family, set: string): readonly NftExpr[] => [
  ...is(family),
  address(family, 'saddr', first),
  lookup(set),
];
export const daddrIn = (family: Family, set: string): readonly NftExpr[] => [
  ...is(family),
  address(family, 'daddr', first),
  lookup(set),
];
/** `ip saddr 127.0.0.0/8`: nft compares the first byte, as prefixes of whole bytes allow. `ip6 saddr ::1` */
export const loopbackSaddr = (family: Family): readonly NftExpr[] => loopback(family, 'saddr');
export const loopbackDaddr = (family: Family): readonly NftExpr[] => loopback(family, 'daddr');
/** `ip daddr . iifname != @set` and the like */
export const daddrAndIifname = (family: Family, set: string): readonly NftExpr[] => [
  ...is(family),
  address(family, 'daddr', first),
  {expr: 'meta', key: 'iifname', dreg: afterAddress(family)},
  lookup(set, true),
];
export const saddrAndOifname = (family: Family, set: string, membership: 'in' | 'not in'): readonly NftExpr[] => [
  ...is(family),
  address(family, 'saddr', first),
  {expr: 'meta', key: 'oifname', dreg: afterAddress(family)},
  lookup(set, membership === 'not in'),
];
/** `ip daddr . meta l4proto . th dport @set` */
export const portOpen = (family: Family, set: string): readonly NftExpr[] => [
  ...is(family),
  address(family, 'daddr', first),
  {expr: 'meta', key: 'l4proto', dreg: afterAddress(family)},
  port(afterAddress(family) + 1),
  lookup(set),
];
/** `meta l4proto icmp` or `ipv6-icmp` */
export const icmp = (family: Family): readonly NftExpr[] => [
  {expr: 'meta', key: 'l4proto', dreg: first},
  {expr: 'cmp', sreg: first, op: 'eq', data: Uint8Array.of(family === 4 ? 1 : 58)},
];
/** `ct state established,related` */
export const established: readonly NftExpr[] = [
  {expr: 'ct', key: 'state', dreg: first},
  ...nonZero(ctEstablishedRelated),
];
/** `ct status dnat` */
export const dnatted: readonly NftExpr[] = [{expr: 'ct', key: 'status', dreg: first}, ...nonZero(ctStatusDnat)];
/** `fib daddr type local` */
export const toThisHost: readonly NftExpr[] = [
  {expr: 'fib', result: 'addrtype', address: 'daddr', dreg: first},
  {expr: 'cmp', sreg: first, op: 'eq', data: routeLocal},
];
/** `dnat ip to meta l4proto . ip daddr . th dport map @map`; a key that is not in the map ends the rule, not the chain. */
export const dnatByAddress = (family: Family, map: string, keeps: 'port' | null = null): readonly NftExpr[] => [
  ...is(family),
  {expr: 'meta', key: 'l4proto', dreg: first},
  address(family, 'daddr', second),
  port(second + addressLength[family] / 4),
  ...dnatTo(family, map, keeps),
];
/** `dnat ip to meta l4proto . th dport map @map` */
export const dnatByPort = (family: Family, map: string, keeps: 'port' | null = null): readonly NftExpr[] => [
  ...is(family),
  {expr: 'meta', key: 'l4proto', dreg: first},
  port(second),
  ...dnatTo(family, map, keeps),
];
/** `snat ip to ip saddr map @map` */
export const snatBySaddr = (family: Family, map: string): readonly NftExpr[] => [
  ...is(family),
  address(family, 'saddr', first),
  {expr: 'lookup', set: map, sreg: first, dreg: first, invert: false},
  {expr: 'nat', type: 'snat', family, addressReg: first, portReg: null},
];
export const masquerade: readonly NftExpr[] = [{expr: 'masquerade'}];
export const accept: readonly NftExpr[] = [{expr: 'verdict', verdict: 'accept'}];
/** Counted, so that `nft list ruleset` shows what was refused. */
export const drop: readonly NftExpr[] = [{expr: 'counter'}, {expr: 'verdict', verdict: 'drop'}];
export const jump = (chain: string): readonly NftExpr[] => [{expr: 'verdict', verdict: 'jump', chain}];

function dnatTo(family: Family, map: string, keeps: 'port' | null): readonly NftExpr[] {
  return [
    {expr: 'lookup', set: map, sreg: first, dreg: first, invert: false},
    {expr: 'nat', type: 'dnat', family, addressReg: first, portReg: keeps === 'port' ? null : afterAddress(family)},
  ];
}

function loopback(family: Family, which: 'saddr' | 'daddr'): readonly NftExpr[] {
  const data = family === 4 ? Uint8Array.of(127) : Uint8Array.from({length: 16}, (_, i) => (i === 15 ? 1 : 0));
  return [
    ...is(family),
    {expr: 'payload', base: 'network', offset: offsets[family][which], length: data.length, dreg: first},
    {expr: 'cmp', sreg: first, op: 'eq', data},
  ];
}

function linkNameBytes(name: string): Uint8Array {
  return new TextEncoder().encode(`${name}\0`);
}
