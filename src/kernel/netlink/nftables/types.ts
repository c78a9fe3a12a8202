/** nft(8) datatypes we use as set keys and map data. */
export type NftType = 'ipv4_addr' | 'ipv6_addr' | 'inet_proto' | 'inet_service' | 'ifname' | 'mark' | 'ct_dir';

/** A set, or a map when `data` is not empty. Several types are a concatenation (`inet_proto . ipv4_addr . inet_service`). */
export interface NftSet {
  readonly name: string;
  readonly key: readonly NftType[];
  readonly data: readonly NftType[];
  /** Elements may be prefixes and ranges. */
  readonly interval: boolean;
  /** Every element counts the packets that a lookup found it for. Like `counter` in a set's definition; since Linux 5.8. */
  readonly counter?: true;
}

export interface NftHook {
  readonly type: 'filter' | 'nat' | 'route';
  /** `egress` is one of family netdev alone (Linux 5.16): what leaves by `device`, before its queue. */
  readonly hook: 'prerouting' | 'input' | 'forward' | 'output' | 'postrouting' | 'egress';
  readonly device?: string;
  /** As a number: names of priorities differ between families. */
  readonly priority: number;
  readonly policy: 'accept' | 'drop';
}

export interface NftChain {
  readonly name: string;
  /** null: a chain that is only jumped to. */
  readonly hook: NftHook | null;
  readonly rules: readonly NftRule[];
}

export interface NftRule {
  readonly exprs: readonly NftExpr[];
  /** Shown by `nft list ruleset`; ≤ 127 bytes. */
  readonly comment: string | null;
}

/** Register: 0 is the verdict, 1–4 hold 16 bytes, 8–23 (NFT_REG32_00…15) are the same space in 4-byte steps. */
export type Register = number;

export type NftExpr =
  | {
      readonly expr: 'meta';
      readonly key: 'iifname' | 'oifname' | 'l4proto' | 'nfproto' | 'mark';
      readonly dreg: Register;
    }
  | {
      readonly expr: 'payload';
      readonly base: 'network' | 'transport';
      readonly offset: number;
      readonly length: number;
      readonly dreg: Register;
    }
  | {
      /** Writes register `sreg` into the packet; the transport header's checksum, at `checksumOffset`, follows. */
      readonly expr: 'payload-set';
      readonly base: 'transport';
      readonly offset: number;
      readonly length: number;
      readonly checksumOffset: number;
      readonly sreg: Register;
    }
  | {readonly expr: 'immediate'; readonly dreg: Register; readonly data: Uint8Array}
  | {readonly expr: 'ct'; readonly key: 'state' | 'status' | 'direction'; readonly dreg: Register}
  | {
      /** Of the packet that began the connection, or of its answers: `ct original proto-dst`, `ct original ip daddr`. */
      readonly expr: 'ct';
      readonly key: 'proto_dst' | 'dst_ip' | 'dst_ip6';
      readonly of: 'original' | 'reply';
      readonly dreg: Register;
    }
  | {readonly expr: 'fib'; readonly result: 'addrtype'; readonly address: 'saddr' | 'daddr'; readonly dreg: Register}
  | {readonly expr: 'cmp'; readonly sreg: Register; readonly op: 'eq' | 'neq' | 'lt'; readonly data: Uint8Array}
  | {readonly expr: 'meta-set'; readonly key: 'mark'; readonly sreg: Register}
  /** u32 in host order, 0 to `modulus` - 1; `inc` counts what comes to the rule, from 0 on. */
  | {readonly expr: 'numgen'; readonly type: 'inc' | 'random'; readonly modulus: number; readonly dreg: Register}
  /** A u32 into network order, in which it can be compared by size. */
  | {readonly expr: 'hton'; readonly reg: Register}
  /** A copy, or the packet itself, to the link whose ifindex is in the register. */
  | {readonly expr: 'dup' | 'fwd'; readonly deviceReg: Register}
  | {
      readonly expr: 'bitwise';
      readonly sreg: Register;
      readonly dreg: Register;
      readonly mask: Uint8Array;
      readonly xor: Uint8Array;
    }
  | {
      readonly expr: 'lookup';
      readonly set: string;
      readonly sreg: Register;
      readonly dreg: Register | null;
      readonly invert: boolean;
    }
  | {
      readonly expr: 'nat';
      readonly type: 'dnat' | 'snat';
      readonly family: 4 | 6;
      readonly addressReg: Register;
      readonly portReg: Register | null;
    }
  | {readonly expr: 'masquerade'}
  | {readonly expr: 'counter'}
  | {readonly expr: 'verdict'; readonly verdict: 'accept' | 'drop' | 'return'}
  | {readonly expr: 'verdict'; readonly verdict: 'jump' | 'goto'; readonly chain: string};

export interface NftTable {
  /** `ip` sees IPv4 alone; `netdev` frames, of one link. */
  readonly family: 'inet' | 'ip' | 'netdev';
  readonly name: string;
  /** The table's comment: carries the skeleton's fingerprint. */
  readonly comment: string;
  readonly sets: readonly NftSet[];
  readonly chains: readonly NftChain[];
}

/**
 * One element, canonical text per field: `tcp`, `172.17.0.2`, `8080`, `docker0`; in interval sets also `172.17.0.0/16`
 * and `8000-8010`.
 */
export interface NftElement {
  readonly set: string;
  readonly fields: readonly string[];
  /** Empty for sets. */
  readonly data: readonly string[];
  /** As read, of sets that count; it is not added with the element, which begins at 0. */
  readonly counter?: NftCounter;
}

/** Numbers are exact up to 2^53: nine petabytes. Bytes are those of layer 3 and above; a GSO packet counts as one. */
export interface NftCounter {
  readonly packets: number;
  readonly bytes: number;
}
