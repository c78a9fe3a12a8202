import type {Item} from '../../kernel/item.ts';
import type {IpvlanFlag, IpvlanMode} from '../../kernel/netlink/link-kinds.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {Driver, Role} from './driver.ts';
import {planLowerLink} from './lower-link.ts';
import {choiceOf, refuseMac, refuseUnknownOptions} from './options.ts';
import {parentOf, planParent, refuseSharedParent} from './parent.ts';

const modes: readonly IpvlanMode[] = ['l2', 'l3', 'l3s'];
const flags: readonly IpvlanFlag[] = ['bridge', 'private', 'vepa'];

/** Attachments share the parent's MAC. In l3 and l3s the parent routes to them: no ARP, no broadcast, no gateway. */
export const ipvlanDriver: Driver = {
  validate(network, others) {
    refuseUnknownOptions(network, ['parent', 'ipvlan_mode', 'ipvlan_flag']);
    modeOf(network);
    flagOf(network);
    refuseSharedParent(network, others);
  },
  validateAttachment: (network, _, mac) => refuseMac(network, mac),
  planNetwork: planParent,
  planAttachment,
};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const mode = modeOf(network);
  return planLowerLink(network, attachment, {
    detail: {type: 'ipvlan', lower: parentOf(network), mode, flag: flagOf(network)},
    mac: null,
    via: mode === 'l2' ? 'gateway' : 'link',
    defaultRoutes,
  });
}

function modeOf(network: Network): IpvlanMode {
  return choiceOf(network, 'ipvlan_mode', modes);
}

function flagOf(network: Network): IpvlanFlag {
  return choiceOf(network, 'ipvlan_flag', flags);
}
