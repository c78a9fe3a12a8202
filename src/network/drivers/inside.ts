import type {Item} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Family, Prefix} from '../../model/ip.ts';
import {type Network, subnetOf} from '../../model/network.ts';

/** In the order in which they must be set: switching IPv6 on starts what the others forbid. */
export function ipv6Sysctls(ns: string, ifname: string): readonly Item[] {
  const sysctl = (link: string, name: string, value: string): Item => ({
    ns,
    kind: 'sysctl',
    path: `net/ipv6/conf/${link}/${name}`,
    value,
  });
  return [
    sysctl('lo', 'disable_ipv6', '0'),
    // Addresses are ours to give: no router's advertisement, nor a wait of 1 to 2 s for duplicates nobody can have.
    sysctl(ifname, 'accept_ra', '0'),
    sysctl(ifname, 'accept_dad', '0'),
    sysctl(ifname, 'dad_transmits', '0'),
    sysctl(ifname, 'router_solicitations', '0'),
    sysctl(ifname, 'disable_ipv6', '0'),
  ];
}

export function defaultRoute(network: Network, {sandbox, ifname}: Attachment, family: Family): Item {
  const to = (family === 4 ? '0.0.0.0/0' : '::/0') as Prefix;
  return {ns: sandbox, kind: 'route', to, via: subnetOf(network, family)!.gateway, link: ifname};
}
