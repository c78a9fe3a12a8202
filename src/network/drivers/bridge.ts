import {TnetError} from '../../errors.ts';
import type {AddressItem, Item, SysctlItem} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import {parseBandwidth} from '../../model/bandwidth.ts';
import {type Family, type Ip, ipFamily, type Prefix, prefixLengthOf} from '../../model/ip.ts';
import {type Mac, macFromId, macFromIp} from '../../model/mac.ts';
import {type Network, type Subnet, subnetOf} from '../../model/network.ts';
import {isUnseen} from '../../model/sandbox.ts';
import {bridgeOptions, checkOptions} from '../options.ts';
import {isAdopted, planAdopted} from './adopted.ts';
import {planBandwidth} from './bandwidth.ts';
import {bridgeOf, planPortVlans, planVlanDevice, vlansOf} from './bridge-vlan.ts';
import {type Driver, hostMac, linkGroup, plainLink, type Role} from './driver.ts';
import {ipv6InSandbox, planRoutes} from './inside.ts';

/** IFNAMSIZ is 16 with the closing NUL; '/' and white space are refused by dev_valid_name(). */
const linkName = /^[^/:\s]{1,15}$/;

/** One Linux bridge a network, one veth pair an attachment: what Docker, netavark and CNI's `bridge` build. */
export const bridgeDriver: Driver = {validate, planNetwork, planAttachment};

function validate(network: Network): void {
  if (!linkName.test(network.device) || network.device === '.' || network.device === '..') {
    throw new TnetError(
      'ERR_BAD_REQUEST',
      `invalid bridge name "${network.device}": want 1 to 15 characters without "/", ":" or spaces`,
    );
  }
  checkOptions(network);
  const vlans = vlansOf(network);
  if (vlans?.vlanId != null && vlans.trunk.length > 0)
    throw new TnetError('ERR_BAD_REQUEST', 'cannot set vlan and vlanTrunk at the same time');
}

function planNetwork(network: Network): readonly Item[] {
  const {device, subnets, mtu} = network;
  const {promiscuous} = bridgeOptions(network);
  if (isAdopted(network)) return planAdopted(network, gatewaysOf(network));
  const vlans = vlansOf(network);
  const own: Item = {
    ...plainLink,
    ns: '',
    name: device,
    type: 'bridge',
    ...(promiscuous === null ? {} : {promiscuous}),
    group: linkGroup(network),
    mtu,
    // A bridge takes the lowest MAC of its ports, and changes it with them, unless one was set.
    mac: bridgeMac(network),
    altname: `tnet-${network.id.slice(0, 12)}`,
  };
  return [
    ...(vlans === null ? [own] : planVlanDevice(network, vlans)),
    ...subnets.flatMap(({prefix}) => deviceSysctls(network, ipFamily(prefix))),
    ...gatewaysOf(network),
    ...(subnetOf(network, 6) && hasAddress(network, 6) ? [loopbackRoute(network)] : []),
  ];
}

/** Addresses of the host on it. */
export function gatewaysOf(network: Network): readonly (Item & AddressItem)[] {
  return network.subnets
    .filter(({prefix}) => hasAddress(network, ipFamily(prefix)))
    .flatMap(subnet => gatewayAddresses(network.device, subnet));
}

export function bridgeMac({id, subnets}: Network): Mac {
  return subnets[0] === undefined ? macFromId(id) : macFromIp(subnets[0].gateway);
}

function hasAddress(network: Network, family: Family): boolean {
  const {mode, inhibitIpv4, address} = bridgeOptions(network);
  return address && mode[family] !== 'isolated' && !(family === 4 && inhibitIpv4);
}

/** Without a link-local address a router asks for no neighbour of a forwarded packet (ndisc_send_ns); Docker's is this one too. */
const routerLinkLocal = {address: 'fe80::1' as Ip, prefixLength: 64};

function gatewayAddresses(link: string, {prefix, gateway}: Subnet): readonly (Item & AddressItem)[] {
  const own: Item & AddressItem = {
    ns: '',
    kind: 'address',
    link,
    address: gateway,
    prefixLength: prefixLengthOf(prefix),
  };
  return ipFamily(prefix) === 4 ? [own] : [own, {ns: '', kind: 'address', link, ...routerLinkLocal}];
}

/**
 * Replies to localhost connections are for ::1 again when they are routed, and the kernel takes it only from the link of its route
 * (rt6_need_strict). The metric keeps lo's own first, and several bridges apart.
 */
function loopbackRoute({device, index}: Network): Item {
  return {ns: '', kind: 'route', to: '::1/128' as Prefix, via: null, link: device, type: 'local', metric: 4096 + index};
}

/** Reply packets of localhost connections are for 127.0.0.1 again when they are routed: see docs/network.md. */
export function routesLoopback(device: string): Item & SysctlItem {
  return {ns: '', kind: 'sysctl', path: `net/ipv4/conf/${device}/route_localnet`, value: '1'};
}

export function deviceSysctls({device, internal}: Network, family: Family): readonly (Item & SysctlItem)[] {
  const sysctl = (name: string, value: string): Item & SysctlItem => ({
    ns: '',
    kind: 'sysctl',
    path: `net/ipv${family}/conf/${device}/${name}`,
    value,
  });
  if (family === 4) return [routesLoopback(device), sysctl('forwarding', internal ? '0' : '1')];
  return [
    sysctl('disable_ipv6', '0'),
    // A container must not become the host's router (CVE-2020-13401).
    sysctl('accept_ra', '0'),
  ];
}

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes, published}: Role): readonly Item[] {
  const {sandbox, ifname, hostIfname, mac, id} = attachment;
  const {mtu} = network;
  const vlans = vlansOf(network);
  const {icc, hairpin, checksMac, insideDown} = bridgeOptions(network);
  return [
    {
      ...plainLink,
      ns: '',
      name: hostIfname,
      type: 'veth',
      group: linkGroup(network),
      mtu,
      mac: hostMac(attachment),
      altname: `tnet-${id.slice(0, 12)}`,
      master: bridgeOf(network),
      // With br_netfilter a DNATed frame to its own sender is bridged, not routed: out of the port it came by.
      hairpin: published || hairpin,
      // Between ports of a bridge the firewall sees frames only with br_netfilter; the bridge itself parts them always.
      isolated: !icc,
      ...(checksMac === null ? {} : {locked: checksMac}),
      ...(isAdopted(network) || vlans !== null ? {foreignMaster: true} : {}),
      peer: {ns: isUnseen(sandbox) ? '' : sandbox, name: ifname, mac, mtu, ...(insideDown ? {down: true} : {})},
    },
    ...(vlans === null ? [] : planPortVlans(hostIfname, vlans)),
    ...planBandwidth(hostIfname, parseBandwidth(attachment.options, mtu ?? undefined), linkGroup(network)),
    ...(isUnseen(sandbox) ? [] : planInside(network, attachment, defaultRoutes)),
  ];
}

function planInside(network: Network, attachment: Attachment, defaultRoutes: Role['defaultRoutes']): readonly Item[] {
  const {sandbox, ifname, leases} = attachment;
  const dad = bridgeOptions(network).dad ? ({dad: true} as const) : {};
  return [
    ...ipv6InSandbox(attachment, dad),
    ...leases.map((lease): Item => ({ns: sandbox, kind: 'address', link: ifname, ...lease, ...dad})),
    ...planRoutes(network, attachment, defaultRoutes),
  ];
}
