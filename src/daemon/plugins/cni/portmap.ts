import type {Attachment} from '../../../model/attachment.ts';
import {joinPorts} from '../../../model/join-ports.ts';
import {formatPortMapping, type PortMapping, portMapping} from '../../../model/port-mapping.ts';
import {attachmentOf, forgetForeign, passOn, previousOf} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import type {Fields} from './fields.ts';
import {type CniInputs, readInputs, refuseOptions} from './inputs.ts';
import type {CniParts, CniPlugin} from './plugin.ts';
import {findAttachment} from './sandbox.ts';

/** Ports of the host, published on what the plugins before have made. */
export const portmap: CniPlugin = {
  async add(parts, request) {
    const ports = decodePortmap(readInputs(request));
    previousOf(request);
    if (ports.length > 0) {
      const attachment = await attachmentOf(parts, request);
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
    masqAll: 'what needs it is masqueraded: the way back through the host, and localhost',
    conditionsV4: 'they are words of iptables',
    conditionsV6: 'they are words of iptables',
  });
  if (config.raw('snat') === false)
    throw new CniError(
      cniCodes.unsupported,
      'option "snat": false is not supported: without it neither localhost nor a container itself reaches the port',
    );
  return joinPorts(runtime.objects('portMappings').map(decodeMapping));
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
