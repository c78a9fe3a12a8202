import type {NftChain, NftExpr, NftRule, NftTable} from '../../kernel/netlink/nftables/types.ts';

/** Where a sandbox's clients ask, whatever its own servers listen on. */
export const dnsAddress = '127.0.0.11';
const addressBytes = Uint8Array.of(127, 0, 0, 11);
const saddrOffset = 12;
const daddrOffset = 16;
/** TCP and UDP have their ports at the same place, IPPROTO_* and their checksums not. */
const transports = {udp: {number: 17, checksumOffset: 6}, tcp: {number: 6, checksumOffset: 16}} as const;
type Proto = keyof typeof transports;

/**
 * The table `ip tnet` of a sandbox: 127.0.0.11:53 leads to our two random ports, so that port 53 stays free for a DNS
 * server of the container's own. The ports are rewritten packet by packet, without NAT: a nat chain would switch
 * connection tracking on for all that the container sends and receives.
 *
 * Queries are rewritten before a connection tracking of the container's own (-200) and replies after it, so that it sees
 * one and the same pair of ports, should there be any. All other packets leave each chain at its first rule.
 */
export function redirectTable(ports: Readonly<Record<Proto, number>>): NftTable {
  const query = (proto: Proto): NftRule => rewrite(proto, 'dport', {from: 53, to: ports[proto]});
  const answer = (proto: Proto): NftRule => rewrite(proto, 'sport', {from: ports[proto], to: 53});
  return {
    family: 'ip',
    name: 'tnet',
    comment: 'tnet dns',
    sets: [],
    chains: [
      chain('query', -300, [unless(daddrOffset), query('udp'), query('tcp')]),
      chain('reply', 300, [unless(saddrOffset), answer('udp'), answer('tcp')]),
    ],
  };
}

function chain(name: string, priority: number, rules: readonly NftRule[]): NftChain {
  return {name, hook: {type: 'filter', hook: 'output', priority, policy: 'accept'}, rules};
}

/** `ip daddr != 127.0.0.11 accept`, or saddr */
function unless(offset: number): NftRule {
  const exprs: readonly NftExpr[] = [
    {expr: 'payload', base: 'network', offset, length: 4, dreg: 1},
    {expr: 'cmp', sreg: 1, op: 'neq', data: addressBytes},
    {expr: 'verdict', verdict: 'accept'},
  ];
  return {comment: null, exprs};
}

/** `udp dport 53 udp dport set 40000` */
function rewrite(proto: Proto, field: 'sport' | 'dport', {from, to}: {from: number; to: number}): NftRule {
  const {number, checksumOffset} = transports[proto];
  const where = {base: 'transport', offset: field === 'sport' ? 0 : 2, length: 2} as const;
  const exprs: readonly NftExpr[] = [
    {expr: 'meta', key: 'l4proto', dreg: 1},
    {expr: 'cmp', sreg: 1, op: 'eq', data: Uint8Array.of(number)},
    {expr: 'payload', ...where, dreg: 1},
    {expr: 'cmp', sreg: 1, op: 'eq', data: portBytes(from)},
    {expr: 'immediate', dreg: 1, data: portBytes(to)},
    {expr: 'payload-set', ...where, checksumOffset, sreg: 1},
  ];
  return {comment: null, exprs};
}

function portBytes(port: number): Uint8Array {
  return Uint8Array.of(port >> 8, port & 0xff);
}
