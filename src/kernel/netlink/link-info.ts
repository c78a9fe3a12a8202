import type {Mac} from '../../model/mac.ts';
import {eachAttribute} from './attributes.ts';
import {toBuffer} from './format.ts';
import {IFF_LOWER_UP, IFF_UP, linkFormat} from './link-message.ts';

/** IF_OPER_*, RFC 2863: a bridge port forwards when it is `up`; lo is always `unknown`. */
export const operstates = ['unknown', 'notpresent', 'down', 'lowerlayerdown', 'testing', 'dormant', 'up'] as const;
export type Operstate = (typeof operstates)[number];

export interface LinkInfo {
  readonly index: number;
  readonly name: string;
  readonly altnames: readonly string[];
  /** IFLA_INFO_KIND: `bridge`, `veth` …; null for lo and real devices. */
  readonly kind: string | null;
  /** IFF_*; ARPHRD_* is `hardwareType` (1 Ethernet, 772 loopback). */
  readonly flags: number;
  readonly hardwareType: number;
  readonly up: boolean;
  readonly carrier: boolean;
  readonly operstate: Operstate;
  readonly mtu: number;
  readonly mac: Mac | null;
  readonly group: number;
  readonly masterIndex: number | null;
  /** IFLA_LINK: the other end of a veth, or the link below a macvlan, ipvlan or vlan, in our netns or in the one numbered `linkNetnsId`. */
  readonly peerIndex: number | null;
  readonly linkNetnsId: number | null;
  /** Of a bridge: it looks at VLAN tags. */
  readonly filtersVlans: boolean;
  /** Null when the link is no bridge port. */
  readonly hairpin: boolean | null;
  readonly isolated: boolean | null;
  readonly locked: boolean | null;
  /** Kind of the root qdisc: `noqueue`, `tbf` …; '' when the kernel does not say. */
  readonly qdisc: string;
  readonly neighSuppress: boolean | null;
  /** In packets. */
  readonly txQueueLength: number;
  readonly stats: LinkStats;
}

/** Since the link was made; include/uapi/linux/if_link.h struct rtnl_link_stats64. */
export interface LinkStats {
  readonly rxPackets: number;
  readonly txPackets: number;
  readonly rxBytes: number;
  readonly txBytes: number;
  readonly rxErrors: number;
  readonly txErrors: number;
  readonly rxDropped: number;
  readonly txDropped: number;
}

/** What an attach asks of a link, four times: to decode all of it takes longer than to get it. */
export type LinkHead = Pick<LinkInfo, 'index' | 'group' | 'operstate'>;

export function decodeLinkHead({payload}: {readonly payload: Uint8Array}): LinkHead {
  const bytes = toBuffer(payload);
  let [group, operstate] = [0, 0];
  eachAttribute(bytes, IFINFOMSG_SIZE, bytes.length, (type, from) => {
    if (type === IFLA_OPERSTATE) operstate = bytes[from]!;
    else if (type === IFLA_GROUP) group = bytes.readUInt32LE(from);
  });
  return {index: bytes.readInt32LE(4), group, operstate: operstates[operstate] ?? 'unknown'};
}

const IFINFOMSG_SIZE = 16;
const IFLA_OPERSTATE = 16;
const IFLA_GROUP = 27;

/** Decodes RTM_NEWLINK and RTM_DELLINK, as answers and as events. */
export function decodeLink({payload}: {readonly payload: Uint8Array}): LinkInfo {
  const {index, flags, type, attributes} = linkFormat.decode(payload);
  const {linkInfo} = attributes;
  const port = linkInfo?.slaveKind === 'bridge' ? linkInfo.slaveData : undefined;
  return {
    index,
    name: attributes.name ?? '',
    altnames: attributes.propList ?? [],
    kind: linkInfo?.kind ?? null,
    flags,
    hardwareType: type,
    up: (flags & IFF_UP) !== 0,
    carrier: (flags & IFF_LOWER_UP) !== 0,
    operstate: operstates[attributes.operstate ?? 0] ?? 'unknown',
    mtu: attributes.mtu ?? 0,
    mac: attributes.mac ?? null,
    group: attributes.group ?? 0,
    masterIndex: attributes.master ?? null,
    peerIndex: attributes.link ?? null,
    linkNetnsId: attributes.linkNetnsId ?? null,
    filtersVlans: linkInfo?.data !== undefined && 'vlanFiltering' in linkInfo.data && linkInfo.data.vlanFiltering === 1,
    hairpin: port?.mode === undefined ? null : port.mode !== 0,
    isolated: port?.isolated === undefined ? null : port.isolated !== 0,
    locked: port?.locked === undefined ? null : port.locked !== 0,
    qdisc: attributes.qdisc ?? '',
    neighSuppress: port?.neighSuppress === undefined ? null : port.neighSuppress !== 0,
    txQueueLength: attributes.txQueueLength ?? 0,
    stats: decodeLinkStats(attributes.stats64),
  };
}

/** Eight u64 in host order open struct rtnl_link_stats64. Numbers are exact up to 2^53: nine petabytes. */
function decodeLinkStats(stats64: Uint8Array = new Uint8Array(64)): LinkStats {
  const bytes = toBuffer(stats64);
  const at = (i: number): number => bytes.readUInt32LE(i * 8) + bytes.readUInt32LE(i * 8 + 4) * 2 ** 32;
  return {
    rxPackets: at(0),
    txPackets: at(1),
    rxBytes: at(2),
    txBytes: at(3),
    rxErrors: at(4),
    txErrors: at(5),
    rxDropped: at(6),
    txDropped: at(7),
  };
}
