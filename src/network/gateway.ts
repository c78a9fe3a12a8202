import {type Attachment, leaseOf} from '../model/attachment.ts';
import {indexOf} from '../model/attachment-index.ts';
import type {Family} from '../model/ip.ts';
import {isRouted, type Network} from '../model/network.ts';
import type {State} from '../model/state.ts';

/** Attachments of one sandbox, in the order in which they were made. */
export function attachmentsIn({attachments}: State, sandbox: string): readonly Attachment[] {
  return indexOf(attachments).inSandbox(sandbox);
}

/** All attachments, by sandbox. */
export function bySandbox({attachments}: State): ReadonlyMap<string, readonly Attachment[]> {
  const groups = new Map<string, Attachment[]>();
  for (const attachment of attachments.values()) {
    const group = groups.get(attachment.sandbox);
    if (group) group.push(attachment);
    else groups.set(attachment.sandbox, [attachment]);
  }
  return groups;
}

/**
 * The attachment that leads a sandbox out, for one family: the default route, and where its published ports end. Docker's order
 * (libnetwork Endpoint.Less): priority, networks that are not internal, both families before one, then the network's name. Ours besides:
 * bridges before the wire, because answers to published ports must go back through the host.
 */
export function gatewayOf(
  attachments: readonly Attachment[],
  networks: State['networks'],
  family: Family,
): Attachment | undefined {
  return electable(attachments, networks).find(
    attachment => leaseOf(attachment, family) !== undefined && !networks.get(attachment.network)?.internal,
  );
}

/** The networks of a sandbox in the order of the gateway's choice: names are looked up in this order too. */
export function electable(attachments: readonly Attachment[], networks: State['networks']): readonly Attachment[] {
  const network = ({network: id}: Attachment): Network | undefined => networks.get(id);
  const behindHost = (attachment: Attachment): boolean => isRouted(network(attachment) ?? {driver: 'bridge'});
  const rank = (attachment: Attachment): readonly number[] => [
    -(attachment.gatewayPriority ?? 0),
    Number(network(attachment)?.internal ?? false),
    Number(!behindHost(attachment)),
    -attachment.leases.length,
  ];
  const compare = (a: Attachment, b: Attachment): number => {
    const [x, y] = [rank(a), rank(b)];
    const at = x.findIndex((value, i) => value !== y[i]);
    if (at >= 0) return x[at]! - y[at]!;
    return (network(a)?.name ?? '') < (network(b)?.name ?? '') ? -1 : 1;
  };
  return attachments.filter(({gatewayPriority}) => gatewayPriority !== null).sort(compare);
}
