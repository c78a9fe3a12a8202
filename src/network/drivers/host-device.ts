import {TnetError} from '../../errors.ts';
import type {HomeRoute, Item, LinkHome} from '../../kernel/item.ts';
import {type Attachment, leaseOf} from '../../model/attachment.ts';
import {parseMac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import type {Driver, Role} from './driver.ts';
import {ipv6InSandbox, planRoutes} from './inside.ts';
import {refuseUnknownOptions} from './options.ts';

/** Option of an attachment: the link of the host's that is lent. */
export const deviceOption = 'tnet.device';

/** What it was at home, besides its addresses, which are the attachment's leases. Without them it comes back down. */
const homeOptions = {
  mtu: 'tnet.device.mtu',
  mac: 'tnet.device.mac',
  up: 'tnet.device.up',
  routes: 'tnet.device.routes',
} as const;

/** Options of an attachment whose link comes back as it was, with the attachment's leases. */
export function lendAsIs({name, mtu, mac, up, routes = []}: LinkHome & {readonly name: string}): Attachment['options'] {
  return {
    [deviceOption]: name,
    [homeOptions.mtu]: String(mtu),
    ...(mac === null ? {} : {[homeOptions.mac]: mac}),
    [homeOptions.up]: String(up),
    ...(routes.length === 0 ? {} : {[homeOptions.routes]: JSON.stringify(routes)}),
  };
}

function homeOf({options, leases}: Attachment): LinkHome | null {
  const {[homeOptions.mtu]: mtu, [homeOptions.mac]: mac, [homeOptions.up]: up, [homeOptions.routes]: text} = options;
  if (mtu === undefined) return null;
  const routes = text === undefined ? [] : (JSON.parse(text) as readonly HomeRoute[]);
  return {
    mtu: Number(mtu),
    mac: mac === undefined ? null : parseMac(mac),
    up: up === 'true',
    addresses: leases,
    routes,
  };
}

/** A link of the host's is lent to each sandbox, and comes back at the end: CNI's `host-device`, OCI's `linux.netDevices`. */
export const hostDeviceDriver: Driver = {
  validate: network => refuseUnknownOptions(network, []),
  planNetwork: () => [],
  planAttachment,
};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const {sandbox: ns, ifname: link, leases, id, options} = attachment;
  const hostName = options[deviceOption];
  if (hostName === undefined)
    throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" lends links: say which with ${deviceOption}`);
  const home = homeOf(attachment);
  return [
    {ns, kind: 'lent', link, hostName, altname: `tnet-${id.slice(0, 12)}`, ...(home === null ? {} : {home})},
    ...(home === null ? ipv6InSandbox(attachment) : ipv6AsAtHome(attachment)),
    ...leases.map((lease): Item => ({ns, kind: 'address', link, ...lease})),
    ...planRoutes(network, attachment, defaultRoutes),
  ];
}

/** How it takes part in IPv6 is its owner's to say, but it must be able to hold the addresses it had. */
function ipv6AsAtHome(attachment: Attachment): readonly Item[] {
  const {sandbox: ns, ifname} = attachment;
  if (leaseOf(attachment, 6) === undefined) return [];
  return [{ns, kind: 'sysctl', path: `net/ipv6/conf/${ifname}/disable_ipv6`, value: '0'}];
}
