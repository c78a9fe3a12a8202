import {type Attributes, NLA_F_NESTED} from '../attributes.ts';
import {be32, be64, beS32, bytes, stringz, u8} from '../codecs.ts';
import {nested, nestedBy} from '../nests.ts';
import type {NftExpr} from './types.ts';

/** include/uapi/linux/netfilter/nf_tables.h enum nft_data_attributes: bytes for a register, or a verdict. */
export const dataSchema = {value: [1, bytes], verdict: [2, nested({code: [1, beS32], chain: [2, stringz]})]} as const;
const data = nested(dataSchema);

/** NFTA_EXPR_NAME and NFTA_EXPR_DATA: by the name, NFTA_META_*, NFTA_PAYLOAD_* … */
export const expressionSchema = {
  name: [1, stringz],
  data: [
    2,
    nestedBy('name', NLA_F_NESTED, {
      meta: {dreg: [1, be32], key: [2, be32], sreg: [3, be32]},
      payload: {
        dreg: [1, be32],
        base: [2, be32],
        offset: [3, be32],
        length: [4, be32],
        sreg: [5, be32],
        checksumType: [6, be32],
        checksumOffset: [7, be32],
        checksumFlags: [8, be32],
      },
      ct: {dreg: [1, be32], key: [2, be32], direction: [3, u8]},
      fib: {dreg: [1, be32], result: [2, be32], flags: [3, be32]},
      cmp: {sreg: [1, be32], op: [2, be32], data: [3, data]},
      bitwise: {sreg: [1, be32], dreg: [2, be32], length: [3, be32], mask: [4, data], xor: [5, data], op: [6, be32]},
      lookup: {set: [1, stringz], sreg: [2, be32], dreg: [3, be32], setId: [4, be32], flags: [5, be32]},
      nat: {
        type: [1, be32],
        family: [2, be32],
        addressMin: [3, be32],
        addressMax: [4, be32],
        portMin: [5, be32],
        portMax: [6, be32],
        flags: [7, be32],
      },
      masq: {flags: [1, be32], portMin: [2, be32], portMax: [3, be32]},
      counter: {bytes: [1, be64], packets: [2, be64]},
      immediate: {dreg: [1, be32], data: [2, data]},
      numgen: {dreg: [1, be32], modulus: [2, be32], type: [3, be32], offset: [4, be32]},
      byteorder: {sreg: [1, be32], dreg: [2, be32], op: [3, be32], length: [4, be32], size: [5, be32]},
      dup: {sregDevice: [2, be32]},
      fwd: {sregDevice: [1, be32]},
    }),
  ],
} as const;

export type Expression = Attributes<typeof expressionSchema>;

/** One expression as attributes, in the order libnftnl writes them. */
export function toExpression(expr: NftExpr): Expression {
  switch (expr.expr) {
    case 'meta':
      return {name: 'meta', data: {key: metaKeys[expr.key], dreg: expr.dreg}};
    case 'payload':
      return {
        name: 'payload',
        data: {dreg: expr.dreg, base: payloadBases[expr.base], offset: expr.offset, length: expr.length},
      };
    case 'payload-set':
      return payloadSet(expr);
    case 'immediate':
      return {name: 'immediate', data: {dreg: expr.dreg, data: {value: expr.data}}};
    case 'ct':
      return ct(expr);
    case 'fib':
      return {name: 'fib', data: {flags: fibFlags[expr.address], result: NFT_FIB_RESULT_ADDRTYPE, dreg: expr.dreg}};
    case 'cmp':
      return {name: 'cmp', data: {sreg: expr.sreg, op: comparisons[expr.op], data: {value: expr.data}}};
    case 'meta-set':
      return {name: 'meta', data: {key: metaKeys[expr.key], sreg: expr.sreg}};
    case 'numgen':
      return {name: 'numgen', data: {dreg: expr.dreg, modulus: expr.modulus, type: numgenTypes[expr.type], offset: 0}};
    case 'hton':
      return {name: 'byteorder', data: {sreg: expr.reg, dreg: expr.reg, op: NFT_BYTEORDER_HTON, length: 4, size: 4}};
    case 'dup':
    case 'fwd':
      return {name: expr.expr, data: {sregDevice: expr.deviceReg}};
    case 'bitwise':
      return bitwise(expr);
    case 'lookup':
      return lookup(expr);
    case 'nat':
      return nat(expr);
    case 'masquerade':
      return {name: 'masq', data: {}};
    case 'counter':
      return {name: 'counter', data: {}};
    case 'verdict':
      return verdict(expr);
  }
}

/** enum nft_cmp_ops, nft_ng_types, nft_byteorder_ops */
const comparisons = {eq: 0, neq: 1, lt: 2} as const;
const numgenTypes = {inc: 0, random: 1} as const;
const NFT_BYTEORDER_HTON = 1;
/** enum nft_meta_keys, nft_payload_bases, nft_payload_csum_types, nft_ct_keys, nft_fib_flags, nft_fib_result, nft_nat_types */
const metaKeys = {mark: 3, iifname: 6, oifname: 7, nfproto: 15, l4proto: 16} as const;
const payloadBases = {network: 1, transport: 2} as const;
const NFT_PAYLOAD_CSUM_INET = 1;
const ctKeys = {state: 0, direction: 1, status: 2, proto_dst: 12, dst_ip: 20, dst_ip6: 22} as const;
/** enum ip_conntrack_dir */
const ctDirections = {original: 0, reply: 1} as const;
const fibFlags = {saddr: 1, daddr: 2} as const;
const NFT_FIB_RESULT_ADDRTYPE = 3;
const natTypes = {snat: 0, dnat: 1} as const;
/** NFPROTO_IPV4, NFPROTO_IPV6 */
const nfprotos = {4: 2, 6: 10} as const;
/** NF_DROP, NF_ACCEPT and the negative NFT_* */
const verdicts = {drop: 0, accept: 1, jump: -3, goto: -4, return: -5} as const;
const NFT_LOOKUP_F_INV = 1;

type Of<K extends NftExpr['expr']> = Extract<NftExpr, {expr: K}>;

/** The kernel leaves the checksum alone where the device fills it in (CHECKSUM_PARTIAL, as on lo), and corrects it elsewhere. */
function payloadSet({sreg, base, offset, length, checksumOffset}: Of<'payload-set'>): Expression {
  const checksum = {checksumType: NFT_PAYLOAD_CSUM_INET, checksumOffset};
  return {name: 'payload', data: {sreg, base: payloadBases[base], offset, length, ...checksum}};
}

function ct(expr: Of<'ct'>): Expression {
  const direction = 'of' in expr ? ctDirections[expr.of] : undefined;
  return {name: 'ct', data: {key: ctKeys[expr.key], dreg: expr.dreg, direction}};
}

function bitwise({sreg, dreg, mask, xor}: Of<'bitwise'>): Expression {
  return {name: 'bitwise', data: {sreg, dreg, length: mask.length, mask: {value: mask}, xor: {value: xor}}};
}

/** The set by name alone: sets made earlier in the same batch are found by it too. */
function lookup({set, sreg, dreg, invert}: Of<'lookup'>): Expression {
  return {name: 'lookup', data: {sreg, dreg: dreg ?? undefined, set, flags: invert ? NFT_LOOKUP_F_INV : undefined}};
}

function nat({type, family, addressReg, portReg}: Of<'nat'>): Expression {
  return {
    name: 'nat',
    data: {
      type: natTypes[type],
      family: nfprotos[family],
      addressMin: addressReg,
      portMin: portReg ?? undefined,
    },
  };
}

/** nft writes verdicts as an immediate into register 0. */
function verdict(expr: Of<'verdict'>): Expression {
  const chain = 'chain' in expr ? expr.chain : undefined;
  return {name: 'immediate', data: {dreg: 0, data: {verdict: {code: verdicts[expr.verdict], chain}}}};
}
