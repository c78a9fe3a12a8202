import type {Ip} from '../../model/ip.ts';
import {bytes, ip, s32, stringz, u8, u32} from './codecs.ts';
import {familyOf} from './family.ts';
import {format} from './format.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST} from './message.ts';

export const RTM_NEWADDR = 20;
export const RTM_DELADDR = 21;
const RTM_GETADDR = 22;

/** include/uapi/linux/if_addr.h */
const IFA_F_NODAD = 0x02;
const IFA_F_NOPREFIXROUTE = 0x200;
const IFA_F_TENTATIVE = 0x40;
const IFA_F_PERMANENT = 0x80;
const IFA_F_DADFAILED = 0x08;

/** struct ifaddrmsg and IFA_*. `local` is our end; `address` the peer's on point-to-point links, else the same. */
export const addressFormat = format(
  {family: u8, prefixLength: u8, flags: u8, scope: u8, index: s32},
  {
    address: [1, ip],
    local: [2, ip],
    label: [3, stringz],
    broadcast: [4, ip],
    cacheInfo: [6, bytes],
    flags: [8, u32],
    proto: [11, u8],
  },
);

export interface AddressSpec {
  /** ifindex of the link. */
  readonly index: number;
  readonly address: Ip;
  readonly prefixLength: number;
  /** IPv4; `ip addr add … brd +` computes it, we do not. */
  readonly broadcast?: Ip;
  /** IPv6: usable at once, without duplicate address detection. */
  readonly noDad?: boolean;
  /** No route to its prefix comes with it; `ip addr add … noprefixroute`. */
  readonly noPrefixRoute?: boolean;
  /** IFA_PROTO, who put it there; kernels before 5.18 ignore it. */
  readonly proto?: number;
}

export interface AddressInfo {
  readonly index: number;
  readonly address: Ip;
  readonly prefixLength: number;
  /** RT_SCOPE_*: 0 universe, 253 link, 254 host. */
  readonly scope: number;
  /** Of no lifetime: neither a router's nor a lease's. */
  readonly permanent: boolean;
  /** IPv6: duplicate address detection is under way, so it cannot be bound yet, or has failed. */
  readonly tentative: boolean;
  readonly dadFailed: boolean;
  readonly proto: number | null;
}

/** Like `ip addr add ADDRESS/LENGTH dev LINK [nodad]`. EEXIST when the link has it. */
export function newAddress(spec: AddressSpec): NetlinkMessage {
  return addressRequest(RTM_NEWADDR, NLM_F_CREATE | NLM_F_EXCL, spec);
}

/** Like `ip addr del ADDRESS/LENGTH dev LINK`. EADDRNOTAVAIL when it is not there. */
export function delAddress(spec: Pick<AddressSpec, 'index' | 'address' | 'prefixLength'>): NetlinkMessage {
  return addressRequest(RTM_DELADDR, 0, spec);
}

/** Like `ip addr show [dev LINK]`; the kernel filters by ifindex because the socket asks for strict checking. */
export function dumpAddresses(filter: {readonly index?: number; readonly family?: 4 | 6} = {}): NetlinkMessage {
  const payload = addressFormat.encode({
    family: filter.family === undefined ? 0 : familyOf(filter.family),
    index: filter.index,
    attributes: {},
  });
  return {type: RTM_GETADDR, flags: NLM_F_REQUEST | NLM_F_DUMP, payload};
}

/** Decodes RTM_NEWADDR and RTM_DELADDR, as answers and as events. */
export function decodeAddress({payload}: {readonly payload: Uint8Array}): AddressInfo {
  const {index, prefixLength, scope, flags: lowFlags, attributes} = addressFormat.decode(payload);
  const flags = attributes.flags ?? lowFlags;
  return {
    index,
    address: (attributes.local ?? attributes.address)!,
    prefixLength,
    scope,
    permanent: (flags & IFA_F_PERMANENT) !== 0,
    tentative: (flags & IFA_F_TENTATIVE) !== 0,
    dadFailed: (flags & IFA_F_DADFAILED) !== 0,
    proto: attributes.proto ?? null,
  };
}

function addressRequest(type: number, flags: number, spec: AddressSpec): NetlinkMessage {
  const {index, address, prefixLength, broadcast, proto, noDad, noPrefixRoute} = spec;
  const flagBits = (noDad ? IFA_F_NODAD : 0) | (noPrefixRoute ? IFA_F_NOPREFIXROUTE : 0);
  const payload = addressFormat.encode({
    family: familyOf(address),
    prefixLength,
    // Those above its eight bits are in the attribute alone, which comes before it.
    flags: flagBits & 0xff,
    index,
    attributes: {local: address, address, broadcast, proto, ...(flagBits > 0xff ? {flags: flagBits} : {})},
  });
  return {type, flags: NLM_F_REQUEST | flags, payload};
}
