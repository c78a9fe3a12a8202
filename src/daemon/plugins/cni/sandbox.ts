import {statSync} from 'node:fs';
import type {Attachment} from '../../../model/attachment.ts';
import {foreignSandbox, isForeign} from '../../../model/sandbox.ts';
import type {Controller} from '../../../network/controller.ts';
import {holderOption} from '../../../network/reservation.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';

/** Which CNI network an attachment was made for: networks of ours may serve several. */
export const networkOption = 'tnet.cni.network';

/**
 * Options of an attachment of the CNI network `name`. As with the reference plugins nothing listens on its ports: podman and
 * nerdctl bind them themselves, after ADD, and would find us in their way.
 */
export const chainOptions = (name: string) => ({[networkOption]: name, [holderOption]: 'caller'});

/**
 * The sandbox that CNI_NETNS names. `own` is the daemon's namespace: a caller's stale /proc/PID/ns/net may be the host's, and no
 * plugin shall work there. Throws CniError 8.
 */
export function sandboxOf({netns, env}: CniRequest, own: string): string {
  const identity = identityOf(netns);
  const isAllowed = ['1', 'true'].includes(env.CNI_NETNS_OVERRIDE ?? '');
  if (identity === own && !isAllowed)
    throw new CniError(cniCodes.netns, `plugin's netns and netns from CNI_NETNS should not be the same`, netns);
  return foreignSandbox(netns, identity);
}

/** For DEL: null when the namespace is not told any more, is gone, or is our own. */
export function sandboxIfThere({netns}: Pick<CniRequest, 'netns'>, own: string): string | null {
  const stat = netns === '' ? undefined : statSync(netns, {throwIfNoEntry: false});
  const identity = stat && `${stat.dev}:${stat.ino}`;
  return identity === undefined || identity === own ? null : foreignSandbox(netns, identity);
}

function identityOf(netns: string): string {
  try {
    const {dev, ino} = statSync(netns);
    return `${dev}:${ino}`;
  } catch (cause) {
    throw new CniError(cniCodes.netns, `failed to open netns "${netns}": ${(cause as Error).message}`);
  }
}

/** What this container has under this interface name on this CNI network. */
export function findAttachment(
  controller: Pick<Controller, 'attachmentsOf'>,
  {containerId, ifname, config}: CniRequest,
): Attachment | undefined {
  return controller
    .attachmentsOf({owner: containerId})
    .find(each => isForeign(each.sandbox) && each.ifname === ifname && each.options[networkOption] === config.name);
}
