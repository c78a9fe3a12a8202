import type {Attachment, Lease} from '../../../model/attachment.ts';
import {parseInterfaceAddress} from '../../../model/ip.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {isObject} from './fields.ts';
import {ensureNetwork, findInline, inlineSpec} from './inline-network.ts';
import type {CniParts} from './plugin.ts';
import {type CniResult, convertResult, decodeResult} from './result.ts';
import {chainOptions, findAttachment, sandboxOf} from './sandbox.ts';

type Json = Readonly<Record<string, unknown>>;

/** What the plugins before have made, as they said it. Throws CniError 7 without it. */
export function previousOf({plugin, config}: CniRequest): Json {
  const result = config.prevResult;
  if (isObject(result)) return result;
  throw new CniError(
    cniCodes.config,
    `${plugin}: prevResult is missing: chained plugins are called after one that makes an interface, and CHECK after ADD`,
  );
}

/** A chained plugin changes nothing of the result. */
export function passOn(request: CniRequest): Json {
  return convertResult(previousOf(request), request.version);
}

/**
 * The attachment that a chained plugin works on: what a plugin of ours has made, or a record of what another one has, on a
 * network without links of ours.
 */
export async function attachmentOf(parts: CniParts, request: CniRequest): Promise<Attachment> {
  const known = findAttachment(parts.controller, request);
  if (known !== undefined) return known;
  const sandbox = sandboxOf(request, parts.netns);
  const result = decodeResult(previousOf(request));
  const name = String(request.config.name);
  const spec = inlineSpec({name, driver: 'foreign', options: {}}, []);
  // host-local of ours, called by a foreign plugin, may have made one with addresses.
  const network = findInline(parts.controller, name) ?? (await ensureNetwork(parts.controller, spec));
  return parts.controller.attach({
    network: network.id,
    sandbox,
    owner: request.containerId,
    ifname: request.ifname,
    addresses: [],
    leases: leasesIn(result, request.ifname),
    routes: [],
    hostIfname: hostEndIn(result),
    mac: null,
    ports: [],
    names: [],
    gatewayPriority: null,
    options: chainOptions(name),
  });
}

/** Those of the interface in the sandbox; without an index they are its, too. */
function leasesIn({interfaces, ips}: CniResult, ifname: string): readonly Lease[] {
  const isIn = (index: number | undefined): boolean => index === undefined || interfaces[index]?.name === ifname;
  return ips.filter(ip => isIn(ip.interface)).map(({address}) => parseInterfaceAddress(address));
}

/** The last interface of the host's: bridges come before their ports. */
export function hostEndIn({interfaces}: CniResult): string {
  return interfaces.filter(({sandbox}) => !sandbox).at(-1)?.name ?? '';
}

/** Takes back a record without links of ours that says nothing any more. */
export async function forgetForeign({controller}: CniParts, {id, owner}: Attachment): Promise<void> {
  const attachment = controller.attachmentsOf({owner}).find(each => each.id === id);
  if (attachment === undefined || attachment.ports.length > 0 || limitsOf(attachment).length > 0) return;
  if (attachment.options[tunedOption] !== undefined) return;
  if (controller.get(attachment.network).driver === 'foreign' && attachment.hostIfname !== '')
    await controller.detach(id);
}

/** What `tuning` has found of the link's settings, to set them back. */
export const tunedOption = 'tnet.cni.tuned';

export const limitsOf = ({options}: Attachment): readonly string[] =>
  Object.keys(options).filter(option => /^tnet\.(in|e)gress-/.test(option));
