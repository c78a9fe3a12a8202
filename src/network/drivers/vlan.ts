import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {Driver, Role} from './driver.ts';
import {planLowerLink} from './lower-link.ts';
import {numberOf, refuseUnknownOptions} from './options.ts';

/** One VLAN of a link of the host's, in one sandbox: the kernel has each but once on a link. CNI's `vlan`. */
export const vlanDriver: Driver = {
  validate(network) {
    refuseUnknownOptions(network, ['parent', 'vlan_id']);
    vlanOf(network);
  },
  validateAttachment({name, options}, attached) {
    if (attached.length === 0) return;
    throw new TnetError(
      'ERR_CONFLICT',
      `Cannot attach to network "${name}": VLAN ${options.vlan_id} of "${options.parent}" is in another sandbox, and there is but one`,
    );
  },
  planNetwork: () => [],
  planAttachment,
};

/** It has its parent's MAC. */
function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const detail = {type: 'vlan', ...vlanOf(network)} as const;
  return planLowerLink(network, attachment, {detail, mac: null, via: 'gateway', defaultRoutes});
}

function vlanOf(network: Network): {readonly lower: string; readonly vlanId: number} {
  const vlanId = numberOf(network, {option: 'vlan_id', min: 0, max: 4094});
  const {parent} = network.options;
  if (vlanId !== null && parent !== undefined) return {lower: parent, vlanId};
  throw new TnetError('ERR_BAD_REQUEST', 'a vlan network needs the options "parent" and "vlan_id"');
}
