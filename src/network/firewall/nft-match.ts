import type {NftExpr, NftRule} from '../../kernel/netlink/nftables/types.ts';

/**
 * The few phrases our rules are made of, named as nft(8) writes them. Registers: a single value is loaded into register 1;
 * a concatenation continues in 32-bit registers 9, 10 … (register 1 is the 32-bit registers 8 to 11).
 */
const first = 1;
const second = 9;
const third = 10;

const u32 = (value: number): Uint8Array => new Uint8Array(new Uint32Array([value]).buffer);

/** include/uapi/linux/netfilter/nf_conntrack_common.h: a bit per IP_CT_* (+1), and IPS_DST_NAT. */
const ctEstablishedRelated = u32(0b110);
const ctStatusDnat = u32(1 << 5);
/** include/uapi/linux/rtnetlink.h RTN_LOCAL. */
const routeLocal = u32(2);
const nfprotoIpv4 = Uint8Array.of(2);
const saddrOffset = 12;
const daddrOffset = 16;

const ipv4: readonly NftExpr[] = [
  {expr: 'meta', key: 'nfproto', dreg: first},
  {expr: 'cmp', sreg: first, op: 'eq', data: nfprotoIpv4},
];
const address = (offset: number, dreg: number): NftExpr => ({
  expr: 'payload',
  base: 'network',
  offset,
  length: 4,
  dreg,
});
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
/** `iifname @set`, `oifname @set` */
export const iifnameIn = (set: string): readonly NftExpr[] => [
  {expr: 'meta', key: 'iifname', dreg: first},
  lookup(set),
];
export const oifnameIn = (set: string): readonly NftExpr[] => [
  {expr: 'meta', key: 'oifname', dreg: first},
  lookup(set),
];
/** `iifname . oifname [!=] @set`; a name takes four 32-bit registers. */
export const linkPair = (set: string, is: 'in' | 'not in'): readonly NftExpr[] => [
  {expr: 'meta', key: 'iifname', dreg: first},
  {expr: 'meta', key: 'oifname', dreg: 2},
  lookup(set, is === 'not in'),
];
/** `ip saddr @set`, `ip daddr @set` */
export const saddrIn = (set: string): readonly NftExpr[] => [...ipv4, address(saddrOffset, first), lookup(set)];
export const daddrIn = (set: string): readonly NftExpr[] => [...ipv4, address(daddrOffset, first), lookup(set)];
/** `ip saddr 127.0.0.0/8`, `ip daddr 127.0.0.0/8`: nft compares the first byte, as prefixes of whole bytes allow. */
export const loopbackSaddr: readonly NftExpr[] = loopback(saddrOffset);
export const loopbackDaddr: readonly NftExpr[] = loopback(daddrOffset);
/** `ip daddr . iifname != @set` and the like */
export const daddrAndIifname = (set: string): readonly NftExpr[] => [
  ...ipv4,
  address(daddrOffset, first),
  {expr: 'meta', key: 'iifname', dreg: second},
  lookup(set, true),
];
export const saddrAndOifname = (set: string, is: 'in' | 'not in'): readonly NftExpr[] => [
  ...ipv4,
  address(saddrOffset, first),
  {expr: 'meta', key: 'oifname', dreg: second},
  lookup(set, is === 'not in'),
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
export const dnatByAddress = (map: string): readonly NftExpr[] => [
  ...ipv4,
  {expr: 'meta', key: 'l4proto', dreg: first},
  address(daddrOffset, second),
  {expr: 'payload', base: 'transport', offset: 2, length: 2, dreg: third},
  ...dnatTo(map),
];
/** `dnat ip to meta l4proto . th dport map @map` */
export const dnatByPort = (map: string): readonly NftExpr[] => [
  ...ipv4,
  {expr: 'meta', key: 'l4proto', dreg: first},
  {expr: 'payload', base: 'transport', offset: 2, length: 2, dreg: second},
  ...dnatTo(map),
];
export const masquerade: readonly NftExpr[] = [{expr: 'masquerade'}];
export const accept: readonly NftExpr[] = [{expr: 'verdict', verdict: 'accept'}];
/** Counted, so that `nft list ruleset` shows what was refused. */
export const drop: readonly NftExpr[] = [{expr: 'counter'}, {expr: 'verdict', verdict: 'drop'}];
export const jump = (chain: string): readonly NftExpr[] => [{expr: 'verdict', verdict: 'jump', chain}];

function dnatTo(map: string): readonly NftExpr[] {
  return [
    {expr: 'lookup', set: map, sreg: first, dreg: first, invert: false},
    {expr: 'nat', type: 'dnat', family: 4, addressReg: first, portReg: second},
  ];
}

function loopback(offset: number): readonly NftExpr[] {
  return [
    ...ipv4,
    {expr: 'payload', base: 'network', offset, length: 1, dreg: first},
    {expr: 'cmp', sreg: first, op: 'eq', data: Uint8Array.of(127)},
  ];
}

function linkNameBytes(name: string): Uint8Array {
  return new TextEncoder().encode(`${name}\0`);
}
