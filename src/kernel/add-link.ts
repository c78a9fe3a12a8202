import {KernelError, TnetError} from '../errors.ts';
import {makeTap} from './add-tap.ts';
import type {ApplyParts} from './apply.ts';
import {filtersNone} from './apply-port-vlan.ts';
import type {LinkItem, NamespacePath} from './item.ts';
import {linkIndex} from './link-index.ts';
import {newPortFdb} from './netlink/fdb.ts';
import {
  addAltname,
  type BridgeSettings,
  decodeLinkHead,
  delLink,
  getLink,
  type NewLink,
  newLink,
  probeLink,
  setLink,
} from './netlink/link.ts';
import type {LowerLink, OtherLink} from './netlink/link-kinds.ts';
import type {NetlinkMessage} from './netlink/message.ts';
import type {NetlinkSocket} from './netlink/socket.ts';
import type {Sockets} from './sockets.ts';

type LinkIn = LinkItem & {readonly ns: NamespacePath};

/** Our ends on the host never get IPv6 link-local addresses by themselves: their chatter is flooded to every port of the bridge. */
const quiet = {ipv6LinkLocal: false};
/**
 * A bridge that listens to MLD and IGMP walks all its ports at each new one (0.1 ms at 1, 0.5 ms at 1,000), and without a
 * querier, which none of ours has, floods multicast to every port all the same.
 */
const plainBridge = {kind: 'bridge', bridge: {multicastSnooping: false}} as const;
const EOPNOTSUPP = 95;

/**
 * Everything that can fail after the creation takes the link away again, so that the step is atomic. A veth end cannot be
 * created up, and IFLA_AF_SPEC is ignored at creation: hence the second message.
 */
export function addLink(parts: Pick<ApplyParts, 'native' | 'sockets'>, item: LinkIn): void {
  const {sockets} = parts;
  const socket = sockets.route(item.ns);
  const link = createLink(parts, item);
  try {
    // First the name: what follows goes by it.
    if (typeof link === 'number') socket.request(setLink(link, {name: item.name}), `add link "${item.name}"`);
    requestAll(socket, settingUp(sockets, item), `set up link "${item.name}"`);
    allowPeer(sockets, item);
    // One that is left on the host is brought up by whoever takes it: here it would only chatter.
    if (item.peer && item.peer.ns !== '' && !item.peer.down)
      sockets.route(item.peer.ns).request(setLink(item.peer.name, {up: true}));
  } catch (cause) {
    socket.request(delLink(link));
    throw cause;
  }
}

function settingUp(sockets: Sockets, item: LinkIn): NetlinkMessage[] {
  const {name, master, up, altname, promiscuous} = item;
  return [
    ...(item.type === 'tun' ? [setLink(name, tapSettings(sockets, item))] : []),
    ...(item.ns === '' ? [setLink(name, quiet)] : []),
    setLink(name, {
      up,
      ...(promiscuous === undefined ? {} : {promiscuous}),
      ...(master === null ? {} : portSettings(item)),
    }),
    ...(altname === null ? [] : [addAltname(name, altname)]),
  ];
}

/** No request of netlink's makes it, so what others are made with comes after. */
function tapSettings(sockets: Sockets, {ns, group, mtu, mac, master}: LinkIn) {
  return {group, ...given({mtu, mac, master: master === null ? null : linkIndex(sockets, ns, master)})};
}

/**
 * A locked port takes frames only from MACs that the bridge knows behind it, and learns none (since 5.18; br_input.c). A static entry:
 * permanent ones are the bridge's own.
 */
export function allowPeer(sockets: Sockets, {ns, name, peer, locked}: LinkIn): void {
  if (!locked || peer === null || peer.mac === null) return;
  const entry = newPortFdb({index: linkIndex(sockets, ns, name), mac: peer.mac});
  sockets.route(ns).request(entry, `let ${peer.mac} in by "${name}"`);
}

/** Of a bridge port. What only newer kernels know is said only where it is wanted. */
export function portSettings({hairpin, isolated, neighSuppress = false, locked}: LinkItem) {
  return {hairpin, isolated, ...(neighSuppress ? {neighSuppress} : {}), ...(locked === undefined ? {} : {locked})};
}

/**
 * Creates the link and says how to name it. Its lower link is the host's, so the host's socket creates it, right in the
 * sandbox (IFLA_NET_NS_FD). Until 6.14 the kernel looks for the new name in the namespace of the *socket*: `eth0` would be
 * taken wherever the host has one. So it is born with a name that nobody has.
 */
function createLink(parts: Pick<ApplyParts, 'native' | 'sockets'>, item: LinkIn): number | string {
  const {sockets} = parts;
  if (item.detail?.type === 'tun') {
    makeTap(parts, item, item.detail);
    return item.name;
  }
  const netnsFd = item.peer === null ? sockets.netnsFd(item.ns) : undefined;
  if (netnsFd === undefined) {
    request(sockets.route(item.ns), newLink(newLinkOf(sockets, item)), item);
    return item.name;
  }
  const name = birthName(item);
  request(sockets.route(''), newLink({...newLinkOf(sockets, item), name, netnsFd}), item);
  return linkIndex(sockets, item.ns, name);
}

/** IFNAMSIZ leaves fifteen characters. */
function birthName({name}: LinkIn): string {
  return `tn-${name.slice(0, 12)}`;
}

function newLinkOf(sockets: Sockets, item: LinkIn): NewLink {
  const {name, group, mtu, mac, master, peer} = item;
  const settings = {
    name,
    group,
    ...given({mtu, mac}),
    ...(master === null ? {} : {master: masterIndex(sockets, item, master)}),
  };
  if (peer === null) return {...settings, ...kindOf(sockets, item)};
  const netnsFd = sockets.netnsFd(peer.ns);
  return {
    ...settings,
    kind: 'veth',
    peer: {name: peer.name, ...given({mac: peer.mac, mtu: peer.mtu}), ...(netnsFd === undefined ? {} : {netnsFd})},
  };
}

/** A bridge that another program made under our name meanwhile has another group: nothing of ours is plugged into it. */
function masterIndex(sockets: Sockets, {ns, name, group, foreignMaster}: LinkIn, master: string): number {
  const [answer] = sockets.route(ns).request(getLink(master), `find link "${master}"`);
  const info = decodeLinkHead(answer!);
  if (info.group === group || foreignMaster) return info.index;
  throw new TnetError('ERR_LINK_FOREIGN', `Cannot plug "${name}" into "${master}": another program made it; remove it`);
}

function kindOf(
  sockets: Sockets,
  {type, detail, filtersVlans}: LinkIn,
): LowerLink | OtherLink | {readonly kind: 'bridge'; readonly bridge: BridgeSettings} {
  if (filtersVlans) return {kind: 'bridge', bridge: {...plainBridge.bridge, vlanFiltering: true}};
  if (detail === undefined || detail.type === 'tun')
    return type === 'dummy' || type === 'ifb' ? {kind: type} : plainBridge;
  const {type: kind, ...settings} = detail;
  if (detail.type === 'vxlan') return {kind: 'vxlan', vxlan: detail};
  return {...settings, kind, lower: linkIndex(sockets, '', detail.lower)} as LowerLink;
}

function request(socket: NetlinkSocket, message: NetlinkMessage, item: LinkIn): void {
  try {
    socket.request(message, `add link "${item.name}"`);
  } catch (cause) {
    if (!(cause instanceof KernelError) || cause.errno !== EOPNOTSUPP) throw cause;
    if (item.filtersVlans) throw filtersNone(`add bridge "${item.name}"`, cause);
    throw new TnetError(
      'ERR_UNSUPPORTED',
      `Cannot add link "${item.name}": this kernel has no link type "${item.type}" (${cause.extack ?? 'EOPNOTSUPP'})`,
      {cause},
    );
  }
}

/** By a request that is refused in any case, and for another reason where the type is known. */
export function hasLinkType(sockets: Sockets, kind: Parameters<typeof probeLink>[0]): boolean {
  try {
    sockets.route('').request(probeLink(kind));
    return true;
  } catch (error) {
    if (error instanceof KernelError) return error.errno !== EOPNOTSUPP;
    throw error;
  }
}

export function requestAll(socket: NetlinkSocket, messages: readonly NetlinkMessage[], what: string): void {
  for (const {error} of socket.requestAll(messages.map(message => ({...message, what})))) if (error) throw error;
}

/** Without the entries that are null. */
export function given<T extends Record<string, unknown>>(values: T): {[K in keyof T]?: NonNullable<T[K]>} {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null)) as {
    [K in keyof T]?: NonNullable<T[K]>;
  };
}
