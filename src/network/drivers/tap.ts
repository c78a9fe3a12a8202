import {TnetError} from '../../errors.ts';
import type {Item, TapDetail} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import {type Driver, linkGroup, plainLink, type Role} from './driver.ts';
import {ipv6InSandbox, planRoutes} from './inside.ts';
import {choiceOf, numberOf, refuseUnknownOptions} from './options.ts';

/** A tap in each sandbox, for a virtual machine or another program there: what CNI's `tap` makes. */
export const tapDriver: Driver = {
  validate(network) {
    refuseUnknownOptions(network, ['multi_queue', 'owner', 'group', 'bridge']);
    detailOf(network);
    bridgeOf(network);
  },
  planNetwork: () => [],
  planAttachment,
};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const {sandbox: ns, ifname: name, leases, mac, id} = attachment;
  return [
    {
      ...plainLink,
      ns,
      name,
      type: 'tun',
      group: linkGroup(network),
      mtu: network.mtu,
      mac,
      altname: `tnet-${id.slice(0, 12)}`,
      master: bridgeOf(network),
      foreignMaster: true,
      detail: detailOf(network),
    },
    ...ipv6InSandbox(attachment),
    ...leases.map((lease): Item => ({ns, kind: 'address', link: name, ...lease})),
    ...planRoutes(network, attachment, defaultRoutes),
  ];
}

/** The highest id is the kernel's word for none; from 2^31 on they would be negative on the way. */
const maxId = 0x7fff_ffff;

function detailOf(network: Network): TapDetail {
  const id = (option: string) => numberOf(network, {option, min: 0, max: maxId});
  const multiQueue = choiceOf(network, 'multi_queue', ['false', 'true']) === 'true';
  return {type: 'tun', multiQueue, owner: id('owner'), group: id('group')};
}

/** A bridge in the sandbox, which its owner has made. */
function bridgeOf({options: {bridge}}: Network): string | null {
  if (bridge === undefined || /^[^/:\s]{1,15}$/.test(bridge)) return bridge ?? null;
  throw new TnetError('ERR_BAD_REQUEST', `invalid value "${bridge}" of option "bridge": want the name of a link`);
}
