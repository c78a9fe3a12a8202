import type {Attachment} from '../../../model/attachment.ts';
import {joinPorts} from '../../../model/join-ports.ts';
import {formatPortMapping, type PortMapping, portMapping} from '../../../model/port-mapping.ts';
import {type PortMasquerade, portMasquerade} from '../../../network/firewall/ruleset.ts';
import {foreignHomes, foreignLink, withHomes} from '../../../network/foreign-homes.ts';
import {attachmentOf, forgetForeign, hostEndIn, passOn, previousOf} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import type {Fields} from './fields.ts';
import {ensureOptions} from './inline-network.ts';
import {type CniInputs, readInputs, refuseOptions} from './inputs.ts';
import type {CniParts, CniPlugin} from './plugin.ts';
import {decodeResult} from './result.ts';
import {findAttachment} from './sandbox.ts';

/** Ports of the host, published on what the plugins before have made. */
export const portmap: CniPlugin = {
  async add(parts, request) {
    const inputs = readInputs(request);
    const ports = decodePortmap(inputs);
    previousOf(request);
    if (ports.length > 0) {
      const attachment = await attachmentOf(parts, request);
      const place = await noteHome(parts, attachment, hostEndIn(decodeResult(previousOf(request))));
      await configure(parts, attachment, {...place, [portMasquerade]: whoIsHidden(inputs)});
      await parts.controller.setPorts(attachment.id, withoutSiblings(ports, attachment, parts));
    }
    return passOn(request);
  },
  async del(parts, request) {
    const attachment = findAttachment(parts.controller, request);
    if (attachment === undefined) return;
    if (attachment.ports.length > 0) await parts.controller.setPorts(attachment.id, []);
    await forgetForeign(parts, attachment);
  },
  async check({controller}, request) {
    const ports = decodePortmap(readInputs(request));
    previousOf(request);
    if (ports.length === 0) return;
    const attachment = findAttachment(controller, request);
    if (attachment === undefined)
      throw new CniError(cniCodes.unknownContainer, `no ports of container "${request.containerId}" are published`);
    await controller.check(attachment.id);
  },
};

/** Throws CniError. */
export function decodePortmap({config, runtime}: CniInputs): readonly PortMapping[] {
  refuseOptions(config, {
    conditionsV4: 'they are words of iptables or nft; "hostIP" says where a port is published',
    conditionsV6: 'they are words of iptables or nft; "hostIP" says where a port is published',
  });
  checkMark(config);
  return joinPorts(runtime.objects('portMappings').map(decodeMapping));
}

/** We hide clients by connection: no packet is marked, so no bit and no chain for marks are in use. Wrong words are wrong all the same. */
function checkMark(config: Fields): void {
  const bit = config.number('markMasqBit');
  if (bit !== null && config.text('externalSetMarkChain') !== '')
    throw new CniError(cniCodes.config, 'Cannot specify externalSetMarkChain and markMasqBit');
  if (bit !== null && (bit < 0 || bit > 31))
    throw new CniError(cniCodes.config, `MasqMarkBit must be between 0 and 31: ${bit}`);
}

/** Without `snat` neither localhost nor the container itself reaches a port; the container sees who calls. */
export function whoIsHidden({config}: CniInputs): PortMasquerade {
  if (config.raw('snat') === false) return 'none';
  return config.flag('masqAll') ? 'all' : 'needed';
}

async function configure(
  {controller}: CniParts,
  {id, options}: Attachment,
  more: Attachment['options'],
): Promise<void> {
  const known: Attachment['options'] = {[portMasquerade]: 'needed', ...options};
  if (Object.entries(more).every(([option, value]) => known[option] === value)) return;
  await controller.configure(id, {...options, ...more});
}

/**
 * The firewall must know where another program's links lead, for containers and the host to reach their ports: a bridge is the
 * network's, one that is no port of a bridge the attachment's, whose options are returned.
 */
async function noteHome(
  {controller}: CniParts,
  attachment: Attachment,
  hostEnd: string,
): Promise<Attachment['options']> {
  const network = controller.get(attachment.network);
  const link = network.driver === 'foreign' ? controller.hostLinks().find(({name}) => name === hostEnd) : undefined;
  if (link === undefined) return {};
  if (link.master === null) return {[foreignLink]: link.name};
  await ensureOptions(controller, network, {[foreignHomes]: withHomes(network, link.master, attachment)});
  return {};
}

function decodeMapping(fields: Fields): PortMapping {
  const [host, container] = [fields.number('hostPort') ?? 0, fields.number('containerPort') ?? 0];
  if (host < 1 || host > 65535) throw new CniError(cniCodes.config, `invalid host port number: ${host}`);
  if (container < 1 || container > 65535)
    throw new CniError(cniCodes.config, `invalid container port number: ${container}`);
  try {
    return portMapping({
      ip: fields.text('hostIP'),
      host: `${host}`,
      container: `${container}`,
      proto: fields.text('protocol') || 'tcp',
    });
  } catch (cause) {
    throw new CniError(cniCodes.config, `invalid port mapping: ${(cause as Error).message}`);
  }
}

/** podman sends the same ports for every network of a container: the first has them. */
function withoutSiblings(
  ports: readonly PortMapping[],
  {id, sandbox}: Attachment,
  {controller}: CniParts,
): readonly PortMapping[] {
  const siblings = controller.attachmentsOf({sandbox}).filter(each => each.id !== id);
  const held = new Set(siblings.flatMap(each => each.ports.map(formatPortMapping)));
  return ports.filter(port => !held.has(formatPortMapping(port)));
}
