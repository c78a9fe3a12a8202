import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {MacvlanMode} from '../../kernel/netlink/link-kinds.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {Driver, Role} from './driver.ts';
import {planLowerLink} from './lower-link.ts';
import {choiceOf, refuseMac, refuseUnknownOptions} from './options.ts';
import {parentOf, planParent, refuseSharedParent} from './parent.ts';

const modes: readonly MacvlanMode[] = ['bridge', 'private', 'vepa', 'passthru'];

/** Attachments are neighbours on the parent's wire, with MACs of their own. The host itself does not reach them. */
export const macvlanDriver: Driver = {
  validate(network, others) {
    refuseUnknownOptions(network, ['parent', 'macvlan_mode']);
    modeOf(network);
    refuseSharedParent(network, others);
  },
  validateAttachment(network, attached, mac) {
    if (modeOf(network) !== 'passthru') return;
    refuseMac(network, mac);
    if (attached.length === 0) return;
    throw new TnetError(
      'ERR_CONFLICT',
      `Cannot attach to network "${network.name}": macvlan_mode passthru gives the whole parent "${parentOf(network)}" to one container, and one has it`,
    );
  },
  planNetwork: planParent,
  planAttachment,
};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const mode = modeOf(network);
  return planLowerLink(network, attachment, {
    detail: {type: 'macvlan', lower: parentOf(network), mode},
    // passthru has the parent's MAC; setting one would change the parent's.
    mac: mode === 'passthru' ? null : attachment.mac,
    via: 'gateway',
    defaultRoutes,
  });
}

function modeOf(network: Network): MacvlanMode {
  return choiceOf(network, 'macvlan_mode', modes);
}
