import type {Mac} from '../../model/mac.ts';
import {kindDataOf, type LowerLink, type OtherLink} from './link-kinds.ts';
import {
  IFF_ALLMULTI,
  IFF_PROMISC,
  IFF_UP,
  type LinkMessage,
  linkFormat,
  RTM_DELLINK,
  RTM_DELLINKPROP,
  RTM_GETLINK,
  RTM_NEWLINK,
  RTM_NEWLINKPROP,
} from './link-message.ts';
import {type NetlinkMessage, NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REQUEST} from './message.ts';

export {decodeLink, decodeLinkHead, type LinkInfo, type LinkStats, type Operstate} from './link-info.ts';

/** What a link can be created with and set to alike; what is left out stays as it is. */
export interface LinkSettings {
  readonly up?: boolean;
  /** Bytes, without the link-layer header. */
  readonly mtu?: number;
  readonly mac?: Mac;
  /** IFLA_GROUP: a mark that dumps show and deletions select by. */
  readonly group?: number;
  /** ifindex of the bridge; 0 takes the link out of it. */
  readonly master?: number;
  /** Moves the link, or creates it there. */
  readonly netnsFd?: number;
}

/** `index`: the ifindex it is to have; EBUSY when that is taken. */
export type NewLink = LinkSettings & {readonly name: string; readonly index?: number} & (
    | {readonly kind: 'bridge'; readonly bridge?: BridgeSettings}
    | {readonly kind: 'veth'; readonly peer: VethPeer}
    | {readonly kind: 'ifb'}
    | LowerLink
    | OtherLink
  );

export interface BridgeSettings {
  readonly forwardDelayMs?: number;
  readonly stp?: boolean;
  readonly multicastSnooping?: boolean;
  readonly vlanFiltering?: boolean;
}

/** The other end. It cannot be made up: veth_open() wants its own peer first (ENOTCONN). */
export interface VethPeer {
  readonly name: string;
  readonly index?: number;
  readonly netnsFd?: number;
  readonly mac?: Mac;
  readonly mtu?: number;
}

/** What only a link that is there can be set to. */
export interface LinkChanges extends LinkSettings {
  /** Renames; the link is then given by ifindex. */
  readonly name?: string;
  /** Bridge port: frames may leave through the port they came by. */
  readonly hairpin?: boolean;
  /** Bridge port: no frames to other isolated ports. */
  readonly isolated?: boolean;
  /** Bridge port: ARP and neighbour solicitations for the bridge's own addresses do not leave by it. */
  readonly neighSuppress?: boolean;
  /** Bridge port: frames only from MACs that the bridge has entries of behind it. */
  readonly locked?: boolean;
  readonly promiscuous?: boolean;
  /** Of a bridge. EOPNOTSUPP where the kernel cannot. */
  readonly vlanFiltering?: boolean;
  readonly allMulticast?: boolean;
  /** In packets. */
  readonly txQueueLength?: number;
  /** false: no IPv6 link-local address will ever come (IN6_ADDR_GEN_MODE_NONE), so no DAD and MLD chatter. Ignored at creation. */
  readonly ipv6LinkLocal?: boolean;
}

/** By ifindex, or by name or altname. */
export type LinkRef = number | string;

/**
 * Like `ip link add NAME [mtu N] [address MAC] [group N] [master BRIDGE] [up] type bridge forward_delay 0 stp_state 0`
 * and `… type veth peer name ETH0 netns FD` and `… link LOWER netns FD type macvlan mode bridge`. EEXIST when the name or altname is taken. 0.2–0.4 ms in the kernel.
 */
export function newLink(spec: NewLink): NetlinkMessage {
  const {name, index} = spec;
  return linkRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {
    index,
    ...flagsOf(spec),
    attributes: {
      ...settingAttributes(spec),
      link: 'lower' in spec ? spec.lower : undefined,
      name,
      linkInfo: {kind: spec.kind, data: kindData(spec)},
    },
  });
}

/**
 * Like `ip link add address 01:00:5e:00:00:01 type KIND`, which never makes anything: EOPNOTSUPP where the kind is unknown,
 * EADDRNOTAVAIL (a multicast address is no link's) or EINVAL (no lower link) where it is known.
 */
export function probeLink(kind: LowerLink['kind'] | OtherLink['kind']): NetlinkMessage {
  const mac = '01:00:5e:00:00:01' as Mac;
  return linkRequest(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, {attributes: {mac, linkInfo: {kind}}});
}

/**
 * Like `ip link set LINK …`, hairpin as in `ip link set LINK type bridge_slave hairpin on`. RTM_NEWLINK without
 * NLM_F_CREATE: RTM_SETLINK would ignore IFLA_LINKINFO.
 */
export function setLink(link: LinkRef, settings: LinkChanges): NetlinkMessage {
  const port = portData(settings);
  const {index, attributes} = linkTarget(link);
  return linkRequest(RTM_NEWLINK, 0, {
    index,
    ...flagsOf(settings),
    attributes: {
      ...attributes,
      txQueueLength: settings.txQueueLength,
      ...(settings.name === undefined ? {} : {name: settings.name}),
      ...settingAttributes(settings),
      afSpec: addrGenMode(settings.ipv6LinkLocal),
      linkInfo:
        settings.vlanFiltering === undefined
          ? port && {slaveKind: 'bridge', slaveData: port}
          : {kind: 'bridge', data: {vlanFiltering: bit(settings.vlanFiltering)}},
    },
  });
}

/** Like `ip link del LINK`; a veth takes its peer along. 15–35 ms, RCU waits. */
export function delLink(link: LinkRef): NetlinkMessage {
  return linkRequest(RTM_DELLINK, 0, linkTarget(link));
}

/** Like `ip link del group N`, one request. Kernel: rtnl_group_dellink(); ~0.35 ms a link, one by one 29–39 ms. ENODEV: none. */
export function delLinksByGroup(group: number): NetlinkMessage {
  return linkRequest(RTM_DELLINK, 0, {attributes: {group}});
}

/** Like `ip link show LINK`. The answer is one message for decodeLink(); ENODEV: none. */
export function getLink(link: LinkRef): NetlinkMessage {
  const {index, attributes} = linkTarget(link);
  return linkRequest(RTM_GETLINK, 0, {index, attributes: {...attributes, extMask: RTEXT_FILTER_SKIP_STATS}});
}

/** Like `ip link show [master BRIDGE] [type KIND]`; the kernel filters. */
export function dumpLinks(filter: {readonly master?: number; readonly kind?: string} = {}): NetlinkMessage {
  const {master, kind} = filter;
  return linkRequest(RTM_GETLINK, NLM_F_DUMP, {
    attributes: {
      master,
      linkInfo: kind === undefined ? undefined : {kind},
      extMask: RTEXT_FILTER_SKIP_STATS,
    },
  });
}

/** Like `ip link property add dev LINK altname NAME`; up to 127 bytes. EEXIST when any link has that name. */
export function addAltname(link: LinkRef, altname: string): NetlinkMessage {
  return propertyRequest(RTM_NEWLINKPROP, link, altname);
}

/** Like `ip link property del dev LINK altname NAME`. */
export function delAltname(link: LinkRef, altname: string): NetlinkMessage {
  return propertyRequest(RTM_DELLINKPROP, link, altname);
}

/** include/uapi/linux/rtnetlink.h, for IFLA_EXT_MASK: without IPv6's own counters, a fifth of an answer. */
const RTEXT_FILTER_SKIP_STATS = 8;
const IN6_ADDR_GEN_MODE_EUI64 = 0;
const IN6_ADDR_GEN_MODE_NONE = 1;
/** IFNAMSIZ without the NUL: a longer name can only be an altname. */
const maxNameLength = 15;

function linkRequest(type: number, flags: number, message: LinkMessage): NetlinkMessage {
  return {type, flags: NLM_F_REQUEST | flags, payload: linkFormat.encode(message)};
}

function propertyRequest(type: number, link: LinkRef, altname: string): NetlinkMessage {
  const {index, attributes} = linkTarget(link);
  return linkRequest(type, 0, {index, attributes: {...attributes, propList: [altname]}});
}

/** __dev_get_by_name() finds altnames too, whichever attribute carries the name. */
function linkTarget(link: LinkRef): {index?: number; attributes: {name?: string; altname?: string}} {
  if (typeof link === 'number') return {index: link, attributes: {}};
  return {attributes: link.length > maxNameLength ? {altname: link} : {name: link}};
}

function flagsOf({up, promiscuous, allMulticast}: LinkChanges): {flags?: number; change?: number} {
  const asked = [
    [IFF_UP, up],
    [IFF_PROMISC, promiscuous],
    [IFF_ALLMULTI, allMulticast],
  ] as const;
  const change = asked.reduce((mask, [flag, value]) => (value === undefined ? mask : mask | flag), 0);
  const flags = asked.reduce((mask, [flag, value]) => (value ? mask | flag : mask), 0);
  return change === 0 ? {} : {flags, change};
}

function settingAttributes({mac, mtu, group, master, netnsFd}: LinkSettings): LinkMessage['attributes'] {
  return {mac, mtu, master, group, netnsFd};
}

function portData({hairpin, isolated, neighSuppress, locked}: LinkChanges) {
  const asked = [hairpin, isolated, neighSuppress, locked];
  if (asked.every(value => value === undefined)) return undefined;
  return {mode: bit(hairpin), neighSuppress: bit(neighSuppress), isolated: bit(isolated), locked: bit(locked)};
}

function addrGenMode(linkLocal: boolean | undefined): LinkMessage['attributes']['afSpec'] {
  if (linkLocal === undefined) return undefined;
  return {inet6: {addrGenMode: linkLocal ? IN6_ADDR_GEN_MODE_EUI64 : IN6_ADDR_GEN_MODE_NONE}};
}

function kindData(spec: NewLink): NonNullable<LinkMessage['attributes']['linkInfo']>['data'] {
  if (spec.kind === 'bridge') return spec.bridge && bridgeData(spec.bridge);
  if (spec.kind !== 'veth') return kindDataOf(spec);
  const {name, index, mac, mtu, netnsFd} = spec.peer;
  return {peer: {index, attributes: {mac, mtu, netnsFd, name}}};
}

/** USER_HZ is 100 on every architecture we run on. */
function bridgeData({forwardDelayMs, stp, multicastSnooping, vlanFiltering}: BridgeSettings) {
  return {
    forwardDelay: forwardDelayMs === undefined ? undefined : Math.round(forwardDelayMs / 10),
    stpState: bit(stp),
    vlanFiltering: bit(vlanFiltering),
    multicastSnooping: bit(multicastSnooping),
  };
}

function bit(value: boolean | undefined): 0 | 1 | undefined {
  return value === undefined ? undefined : value ? 1 : 0;
}
