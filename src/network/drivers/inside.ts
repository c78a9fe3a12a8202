import type {Item} from '../../kernel/item.ts';
import {type Attachment, leaseOf} from '../../model/attachment.ts';
import type {Family, Prefix} from '../../model/ip.ts';
import {gatewayFor, type Network} from '../../model/network.ts';
import {isForeign} from '../../model/sandbox.ts';

/**
 * On where the attachment has such an address. Else our own sandboxes were born without it, and in foreign ones it is switched off
 * for this link: its chatter is flooded to every other on the bridge. A link without addresses is for its owner to say.
 */
export function ipv6InSandbox(attachment: Attachment, checks: {readonly dad?: true} = {}): readonly Item[] {
  if (leaseOf(attachment, 6)) return ipv6Sysctls(attachment.sandbox, attachment.ifname, checks);
  return isForeign(attachment.sandbox) && attachment.leases.length > 0 ? withoutIpv6(attachment) : [];
}

/** In the order in which they must be set: switching IPv6 on starts what the others forbid. */
export function ipv6Sysctls(ns: string, ifname: string, {dad}: {readonly dad?: true} = {}): readonly Item[] {
  const sysctl = (link: string, name: string, value: string): Item => ({
    ns,
    kind: 'sysctl',
    path: `net/ipv6/conf/${link}/${name}`,
    value,
  });
  return [
    sysctl('lo', 'disable_ipv6', '0'),
    // Addresses are ours to give: no router's advertisement, nor, unless it is asked for, a wait of 1 to 2 s for duplicates.
    sysctl(ifname, 'accept_ra', '0'),
    sysctl(ifname, 'accept_dad', dad ? '1' : '0'),
    sysctl(ifname, 'dad_transmits', dad ? '1' : '0'),
    sysctl(ifname, 'router_solicitations', '0'),
    sysctl(ifname, 'disable_ipv6', '0'),
  ];
}

/** The attachment's own, else the default routes of the families it leads out. */
export function planRoutes(network: Network, attachment: Attachment, families: readonly Family[]): readonly Item[] {
  const {sandbox: ns, ifname: link, routes} = attachment;
  if (routes !== undefined) return routes.map((route): Item => ({ns, kind: 'route', link, ...route}));
  return families.map(family => defaultRoute(network, attachment, family));
}

function defaultRoute(network: Network, attachment: Attachment, family: Family): Item {
  const {sandbox, ifname} = attachment;
  const to = (family === 4 ? '0.0.0.0/0' : '::/0') as Prefix;
  return {
    ns: sandbox,
    kind: 'route',
    to,
    via: gatewayFor(network, leaseOf(attachment, family)!.address)!,
    link: ifname,
  };
}

/**
 * Others on the wire send router advertisements: a container would take addresses and routes from anybody (CVE-2024-32473). So
 * without an IPv6 subnet the link has no IPv6 at all, also in a sandbox that has it elsewhere.
 */
export function withoutIpv6({sandbox, ifname}: Attachment): readonly Item[] {
  const set = (name: string, value: string): Item => ({
    ns: sandbox,
    kind: 'sysctl',
    path: `net/ipv6/conf/${ifname}/${name}`,
    value,
  });
  return [set('accept_ra', '0'), set('disable_ipv6', '1')];
}
