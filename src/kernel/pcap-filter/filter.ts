import type {Ip} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';

/** Which end of a packet a value is compared with; `either` is `src or dst`, `both` is `src and dst`. */
export type Direction = 'src' | 'dst' | 'either' | 'both';

/** Network layers that carry addresses; null is any of them. */
export type Layer = 'ip' | 'ip6' | 'arp' | 'rarp';

/** Both ends are in it. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** What a filter expression means, without its words: pcap-filter(7). */
export type Filter =
  | {readonly kind: 'all'}
  | {readonly kind: 'and' | 'or'; readonly left: Filter; readonly right: Filter}
  | {readonly kind: 'not'; readonly of: Filter}
  | {readonly kind: 'ethertype'; readonly value: number}
  /** Protocol number in IPv4 (`ip`), in IPv6 (`ip6`) or in any of both (null). */
  | {readonly kind: 'transport'; readonly layer: 'ip' | 'ip6' | null; readonly protocol: number}
  | {
      readonly kind: 'address';
      readonly layer: Layer | null;
      readonly direction: Direction;
      readonly address: Ip;
      readonly prefixLength: number;
    }
  /** `protocols` are numbers. */
  | {
      readonly kind: 'port';
      readonly protocols: readonly number[];
      readonly direction: Direction;
      readonly ranges: readonly Range[];
    }
  | {readonly kind: 'mac'; readonly direction: Direction; readonly mac: Mac}
  | {readonly kind: 'multicast'; readonly layer: 'ether' | 'ip' | 'ip6'}
  /** Of the frame on the wire, in bytes. */
  | {readonly kind: 'length'; readonly bound: 'least' | 'most'; readonly bytes: number};
