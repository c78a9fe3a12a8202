import {TnetError} from '../../errors.ts';
import type {Item} from '../../kernel/item.ts';
import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {Driver, Role} from './driver.ts';
import {ipv6InSandbox, planRoutes} from './inside.ts';
import {refuseUnknownOptions} from './options.ts';

/** Option of an attachment: the link of the host's that is lent. */
export const deviceOption = 'tnet.device';

/** A link of the host's is lent to each sandbox, and comes back at the end: what CNI's `host-device` does. */
export const hostDeviceDriver: Driver = {
  validate: network => refuseUnknownOptions(network, []),
  planNetwork: () => [],
  planAttachment,
};

function planAttachment(network: Network, attachment: Attachment, {defaultRoutes}: Role): readonly Item[] {
  const {sandbox: ns, ifname: link, leases, id, options} = attachment;
  const hostName = options[deviceOption];
  if (hostName === undefined)
    throw new TnetError('ERR_BAD_REQUEST', `network "${network.name}" lends links: say which with ${deviceOption}`);
  return [
    {ns, kind: 'lent', link, hostName, altname: `tnet-${id.slice(0, 12)}`},
    ...ipv6InSandbox(attachment),
    ...leases.map((lease): Item => ({ns, kind: 'address', link, ...lease})),
    ...planRoutes(network, attachment, defaultRoutes),
  ];
}
