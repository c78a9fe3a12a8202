import type {NftExpr, NftSet, NftTable} from '../../../src/kernel/netlink/nftables/types.ts';

/** The table of captured-nftables.ts as data: every kind of expression once. */
const meta = (key: Extract<NftExpr, {expr: 'meta'}>['key'], dreg = 1): NftExpr => ({expr: 'meta', key, dreg});
const eq = (...data: number[]): NftExpr => ({expr: 'cmp', sreg: 1, op: 'eq', data: Uint8Array.from(data)});
const ipv4: readonly NftExpr[] = [meta('nfproto'), eq(2)];
const payload = (base: 'network' | 'transport', offset: number, length: number, dreg = 1): NftExpr => ({
  expr: 'payload',
  base,
  offset,
  length,
  dreg,
});
const verdict = (name: 'accept' | 'drop' | 'return'): NftExpr => ({expr: 'verdict', verdict: name});
const name = (text: string): Uint8Array => Uint8Array.from({length: 16}, (_, i) => text.charCodeAt(i) || 0);
const lookup = (set: string, invert = false): NftExpr => ({expr: 'lookup', set, sreg: 1, dreg: null, invert});

export const sets = {
  bridges: {name: 'bridges', key: ['ifname'], data: [], interval: false},
  pairs: {name: 'pairs', key: ['ifname', 'ifname'], data: [], interval: false},
  subnets4: {name: 'subnets4', key: ['ipv4_addr'], data: [], interval: true},
  homes4: {name: 'homes4', key: ['ipv4_addr', 'ifname'], data: [], interval: true},
  published4: {
    name: 'published4',
    key: ['inet_proto', 'ipv4_addr', 'inet_service'],
    data: ['ipv4_addr', 'inet_service'],
    interval: false,
  },
} as const satisfies Record<string, NftSet>;

export const table: NftTable = {
  family: 'inet',
  name: 'tnet',
  comment: 'tnet 0123456789ab',
  sets: Object.values(sets),
  chains: [
    {
      name: 'guard',
      hook: {type: 'filter', hook: 'prerouting', priority: -300, policy: 'accept'},
      rules: [
        {
          exprs: [...ipv4, payload('network', 16, 1), eq(127), {expr: 'counter'}, verdict('drop')],
          comment: 'loopback on the wire',
        },
        {exprs: [meta('mark'), eq(1, 0, 0, 0), verdict('return')], comment: null},
      ],
    },
    {
      name: 'prerouting',
      hook: {type: 'nat', hook: 'prerouting', priority: -100, policy: 'accept'},
      rules: [
        {
          exprs: [
            {expr: 'fib', result: 'addrtype', address: 'daddr', dreg: 1},
            eq(2, 0, 0, 0),
            {expr: 'verdict', verdict: 'jump', chain: 'publish'},
          ],
          comment: null,
        },
      ],
    },
    {
      name: 'publish',
      hook: null,
      rules: [
        {
          exprs: [
            ...ipv4,
            meta('l4proto'),
            payload('network', 16, 4, 9),
            payload('transport', 2, 2, 10),
            {expr: 'lookup', set: 'published4', sreg: 1, dreg: 1, invert: false},
            {expr: 'nat', type: 'dnat', family: 4, addressReg: 1, portReg: 9},
          ],
          comment: null,
        },
      ],
    },
    {
      name: 'forward',
      hook: {type: 'filter', hook: 'forward', priority: 0, policy: 'drop'},
      rules: [
        {
          exprs: [
            {expr: 'ct', key: 'state', dreg: 1},
            {expr: 'bitwise', sreg: 1, dreg: 1, mask: Uint8Array.of(6, 0, 0, 0), xor: new Uint8Array(4)},
            {expr: 'cmp', sreg: 1, op: 'neq', data: new Uint8Array(4)},
            verdict('accept'),
          ],
          comment: null,
        },
        {
          exprs: [
            meta('iifname'),
            meta('oifname', 2),
            lookup('pairs', true),
            {expr: 'verdict', verdict: 'goto', chain: 'last'},
          ],
          comment: null,
        },
      ],
    },
    {name: 'last', hook: null, rules: []},
    {
      name: 'postrouting',
      hook: {type: 'nat', hook: 'postrouting', priority: 100, policy: 'accept'},
      rules: [
        {
          exprs: [
            ...ipv4,
            payload('network', 12, 4),
            lookup('subnets4'),
            meta('oifname'),
            {expr: 'cmp', sreg: 1, op: 'neq', data: name('docker0')},
            {expr: 'masquerade'},
          ],
          comment: null,
        },
        {
          exprs: [
            ...ipv4,
            payload('network', 12, 4),
            eq(10, 0, 0, 1),
            payload('network', 16, 4),
            {expr: 'nat', type: 'snat', family: 4, addressReg: 1, portReg: null},
          ],
          comment: null,
        },
      ],
    },
  ],
};
