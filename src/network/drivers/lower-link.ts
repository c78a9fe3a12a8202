import type {Item, LinkDetail} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import {type Family, ipFamily, type Prefix} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {linkGroup} from './driver.ts';
import {mtuOf} from './options.ts';

/** What is particular to a driver whose attachments stand on a parent link. */
export interface LowerLinkPlan {
  readonly detail: LinkDetail;
  /** null: the kernel gives it the parent's. */
  readonly mac: Mac | null;
  /** The way out is the link itself: no neighbour is asked for. */
  readonly gatewayless: boolean;
}

/** One link that is born in the sandbox, on a link of the host's; nothing of it is on the host. */
export function planLowerLink(network: Network, attachment: Attachment, plan: LowerLinkPlan): readonly Item[] {
  const {sandbox, ifname, leases, id} = attachment;
  return [
    {
      ns: sandbox,
      kind: 'link',
      name: ifname,
      type: plan.detail.type,
      up: true,
      group: linkGroup(network),
      mtu: mtuOf(network),
      mac: plan.mac,
      altname: `tnet-${id.slice(0, 12)}`,
      master: null,
      hairpin: false,
      isolated: false,
      peer: null,
      detail: plan.detail,
    },
    ...planIpv6(network, attachment),
    ...leases.map((lease): Item => ({ns: sandbox, kind: 'address', link: ifname, ...lease})),
    ...(network.internal ? [] : planDefaultRoutes(network, attachment, plan)),
  ];
}

/**
 * Others on the wire send router advertisements: a container would take addresses and routes from anybody (CVE-2024-32473).
 * So none is heard, and without an IPv6 subnet the link has no IPv6 at all.
 */
function planIpv6(network: Network, {sandbox, ifname}: Attachment): readonly Item[] {
  const set = (name: string, value: string): Item => ({
    ns: sandbox,
    kind: 'sysctl',
    path: `net/ipv6/conf/${ifname}/${name}`,
    value,
  });
  const wanted = network.subnets.some(({prefix}) => ipFamily(prefix) === 6);
  return [set('accept_ra', '0'), set('disable_ipv6', wanted ? '0' : '1')];
}

const anywhere: Readonly<Record<Family, Prefix>> = {4: '0.0.0.0/0' as Prefix, 6: '::/0' as Prefix};

function planDefaultRoutes(
  {subnets}: Network,
  {sandbox, ifname}: Attachment,
  {gatewayless}: LowerLinkPlan,
): readonly Item[] {
  return subnets.map(({prefix, gateway}) => ({
    ns: sandbox,
    kind: 'route',
    to: anywhere[ipFamily(prefix)],
    via: gatewayless ? null : gateway,
    link: ifname,
  }));
}
