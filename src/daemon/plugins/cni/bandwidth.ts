import type {Attachment} from '../../../model/attachment.ts';
import {attachmentOf, forgetForeign, limitsOf, passOn, previousOf} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import type {Fields} from './fields.ts';
import {type CniInputs, readInputs, refuseOptions} from './inputs.ts';
import type {CniPlugin} from './plugin.ts';
import {findAttachment} from './sandbox.ts';

/** Limits on what the plugins before have made. */
export const bandwidth: CniPlugin = {
  async add(parts, request) {
    const limits = decodeBandwidth(readInputs(request));
    previousOf(request);
    if (Object.keys(limits).length > 0) {
      const attachment = await attachmentOf(parts, request);
      requireHostEnd(attachment);
      await parts.controller.configure(attachment.id, {...withoutLimits(attachment), ...limits});
    }
    return passOn(request);
  },
  async del(parts, request) {
    const attachment = findAttachment(parts.controller, request);
    if (attachment === undefined) return;
    if (limitsOf(attachment).length > 0) await parts.controller.configure(attachment.id, withoutLimits(attachment));
    await forgetForeign(parts, attachment);
  },
  async check({controller}, request) {
    const limits = decodeBandwidth(readInputs(request));
    previousOf(request);
    if (Object.keys(limits).length === 0) return;
    const attachment = findAttachment(controller, request);
    if (attachment === undefined)
      throw new CniError(cniCodes.unknownContainer, `container "${request.containerId}" has no limits`);
    await controller.check(attachment.id);
  },
};

/** Throws CniError: limits are on the host, where a container cannot undo them. */
function requireHostEnd({hostIfname, ifname}: Attachment): void {
  if (hostIfname !== '') return;
  throw new CniError(
    cniCodes.unsupported,
    `cannot limit "${ifname}": it has no end on the host, or prevResult does not tell it`,
  );
}

/** In the words of an attachment's options. Throws CniError. */
export function decodeBandwidth({config, runtime}: CniInputs): Readonly<Record<string, string>> {
  refuseOptions(config, {shapedSubnets: 'limits are for a whole link', unshapedSubnets: 'limits are for a whole link'});
  const asked = runtime.has('bandwidth') ? runtime.fields('bandwidth') : config;
  return {...decodeDirection(asked, 'ingress'), ...decodeDirection(asked, 'egress')};
}

/** The kernel tells a bucket's size in time, 274 s at most (model/bandwidth.ts), and containerd asks for 4 Gbit of whatever rate. */
const maxBurstS = 250;
const maxBurstBytes = 1024 ** 3;

function decodeDirection(asked: Fields, direction: 'ingress' | 'egress'): Readonly<Record<string, string>> {
  const [rate, burst] = [asked.number(`${direction}Rate`) ?? 0, asked.number(`${direction}Burst`) ?? 0];
  if (rate === 0 && burst === 0) return {};
  if (rate <= 0 || burst <= 0)
    throw new CniError(
      cniCodes.config,
      `if ${direction}Rate is set, ${direction}Burst must also be set, and both above 0`,
    );
  if (burst / 8 >= 2 ** 32) throw new CniError(cniCodes.config, `${direction}Burst cannot be more than 4GB`);
  const bytes = Math.floor(Math.min(burst / 8, (rate / 8) * maxBurstS, maxBurstBytes));
  return {[`tnet.${direction}-rate`]: `${rate}`, [`tnet.${direction}-burst`]: `${bytes}`};
}

const withoutLimits = (attachment: Attachment): Attachment['options'] =>
  Object.fromEntries(Object.entries(attachment.options).filter(([option]) => !limitsOf(attachment).includes(option)));
