import type {Item} from '../../kernel/item.ts';
import type {Attachment, Lease} from '../../model/attachment.ts';
import {parseBandwidth} from '../../model/bandwidth.ts';
import {addressBits, type Family, formatPrefix, type Ip, ipFamily, prefixRange} from '../../model/ip.ts';
import {gatewayFor, type Network} from '../../model/network.ts';
import {checkOptions} from '../options.ts';
import {planBandwidth} from './bandwidth.ts';
import {type Driver, hostMac, linkGroup, plainLink, type Role} from './driver.ts';
import {ipv6InSandbox, planRoutes} from './inside.ts';

/**
 * A veth pair an attachment and no bridge: what CNI's `ptp` builds. Each host end has the gateway's address and a route to the
 * one address behind it; the sandbox reaches its own neighbours by the gateway too.
 */
export const ptpDriver: Driver = {validate: checkOptions, planNetwork: () => [], planAttachment};

/** Of a router: see drivers/bridge.ts. */
const routerLinkLocal = {address: 'fe80::1' as Ip, prefixLength: 64};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes, published}: Role): readonly Item[] {
  const {hostIfname, sandbox, ifname, mac, leases, id, options} = attachment;
  const {mtu} = network;
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
      peer: {ns: sandbox, name: ifname, mac, mtu},
    },
    ...leases.flatMap(({address}) => hostSysctls(hostIfname, ipFamily(address), published)),
    ...leases.flatMap(lease => hostEnd(network, hostIfname, lease)),
    ...planBandwidth(hostIfname, parseBandwidth(options, mtu ?? undefined), linkGroup(network)),
    ...ipv6InSandbox(attachment),
    ...leases.map((lease): Item => ({ns: sandbox, kind: 'address', link: ifname, ...lease, noPrefixRoute: true})),
    ...leases.flatMap(lease => neighbourRoutes(network, attachment, lease)),
    ...planRoutes(network, attachment, defaultRoutes),
  ];
}

function hostSysctls(link: string, family: Family, published: boolean): readonly Item[] {
  const sysctl = (name: string, value: string): Item => {
    return {ns: '', kind: 'sysctl', path: `net/ipv${family}/conf/${link}/${name}`, value};
  };
  if (family === 6) return [sysctl('disable_ipv6', '0'), sysctl('accept_ra', '0')];
  // As on a bridge: replies of localhost connections are for 127.0.0.1 again when they are routed.
  return [sysctl('forwarding', '1'), ...(published ? [sysctl('route_localnet', '1')] : [])];
}

function hostEnd(network: Network, link: string, {address}: Lease): readonly Item[] {
  const family = ipFamily(address);
  const prefixLength = addressBits(address);
  const gateway = gatewayFor(network, address)!;
  return [
    {ns: '', kind: 'address', link, address: gateway, prefixLength},
    ...(family === 6 ? [{ns: '', kind: 'address', link, ...routerLinkLocal} as const] : []),
    {ns: '', kind: 'route', to: formatPrefix(address, prefixLength), via: null, link},
  ];
}

/** The gateway is on the link, and the rest of the prefix behind it. */
function neighbourRoutes(network: Network, {sandbox: ns, ifname: link}: Attachment, lease: Lease): readonly Item[] {
  const {address, prefixLength} = lease;
  const via = gatewayFor(network, address)!;
  const prefix = formatPrefix(address, prefixLength);
  const {first, last} = prefixRange(prefix);
  return [
    {ns, kind: 'route', to: formatPrefix(via, addressBits(via)), via: null, link},
    ...(first === last ? [] : [{ns, kind: 'route', to: prefix, via, link} as const]),
  ];
}
