import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {type Fields, readFields} from './fields.ts';
import {findInline} from './inline-network.ts';
import type {CniParts} from './plugin.ts';
import {networkOption} from './sandbox.ts';

/**
 * GC: takes away what this CNI network has and the caller does not know of, whichever plugin of the chain is asked, and the
 * network itself when nothing remains.
 */
export async function collect({controller, names}: CniParts, {config}: CniRequest): Promise<void> {
  const valid = new Set(decodeValid(readFields(config)));
  const name = String(config.name);
  const attached = controller.attachmentsOf({}).filter(({options}) => options[networkOption] === name);
  const stale = attached.filter(({owner, ifname}) => !valid.has(`${owner} ${ifname}`));
  if (stale.length > 0) await controller.detach(...stale.map(({id}) => id));
  for (const sandbox of new Set(stale.map(each => each.sandbox))) await names.serve(sandbox).catch(() => {});
  const network = findInline(controller, name);
  if (network !== undefined && controller.attachmentsOf({network: network.id}).length === 0)
    await controller.remove(network.id);
}

/** The specification's key, and that of libcni before it had one. Nothing valid is a list too, but no list is an error: it must not mean "all". */
function decodeValid(config: Fields): readonly string[] {
  const key = ['cni.dev/valid-attachments', 'cni.dev/attachments'].find(each => config.has(each));
  if (key === undefined) throw new CniError(cniCodes.config, 'GC needs "cni.dev/valid-attachments"');
  return config.objects(key).map(each => `${each.text('containerID')} ${each.text('ifname')}`);
}
