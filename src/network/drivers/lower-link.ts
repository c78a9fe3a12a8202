import type {Item, LinkDetail} from '../../kernel/item.ts';
import {type Attachment, leaseOf} from '../../model/attachment.ts';
import type {Mac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {linkGroup, plainLink, type Role} from './driver.ts';
import {ipv6Sysctls, planRoutes, withoutIpv6} from './inside.ts';

/** What is particular to a driver whose attachments stand on a parent link. */
export interface LowerLinkPlan extends Pick<Role, 'defaultRoutes'> {
  readonly detail: LinkDetail;
  /** null: the kernel gives it the parent's. */
  readonly mac: Mac | null;
  /** `link`: the way out is the link itself, no neighbour is asked for. */
  readonly via: 'gateway' | 'link';
}

/** One link that is born in the sandbox, on a link of the host's; nothing of it is on the host. */
export function planLowerLink(network: Network, attachment: Attachment, plan: LowerLinkPlan): readonly Item[] {
  const {sandbox, ifname, leases, id} = attachment;
  const routes = planRoutes(network, attachment, plan.defaultRoutes);
  return [
    {
      ...plainLink,
      ns: sandbox,
      name: ifname,
      type: plan.detail.type,
      group: linkGroup(network),
      mtu: network.mtu,
      mac: plan.mac,
      altname: `tnet-${id.slice(0, 12)}`,
      detail: plan.detail,
    },
    ...(leaseOf(attachment, 6) ? ipv6Sysctls(sandbox, ifname) : withoutIpv6(attachment)),
    ...leases.map((lease): Item => ({ns: sandbox, kind: 'address', link: ifname, ...lease})),
    ...routes.map((route): Item => (route.kind === 'route' && plan.via === 'link' ? {...route, via: null} : route)),
  ];
}
