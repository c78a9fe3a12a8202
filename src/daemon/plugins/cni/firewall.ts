import {isBridged} from '../../../model/network.ts';
import {passOn, previousOf} from './chained.ts';
import {CniError, cniCodes} from './contract.ts';
import {openModes} from './decode-bridge.ts';
import {ensureOptions} from './inline-network.ts';
import {type CniInputs, readInputs} from './inputs.ts';
import type {CniPlugin} from './plugin.ts';
import {findAttachment} from './sandbox.ts';

/**
 * Who may send to the containers of a network. Letting them out through the host's own firewall, what the reference plugin
 * mostly does, our networks need no plugin for.
 */
export const firewall: CniPlugin = {
  async add({controller}, request) {
    const options = decodeFirewall(readInputs(request));
    previousOf(request);
    const attachment = findAttachment(controller, request);
    const network = attachment && controller.get(attachment.network);
    if (network !== undefined && isBridged(network)) await ensureOptions(controller, network, options);
    else if (options !== open)
      throw new CniError(
        cniCodes.unsupported,
        'option "ingressPolicy" is not supported on links that another plugin has made',
      );
    return passOn(request);
  },
  async del() {},
  async check(_, request) {
    previousOf(request);
  },
};

const bridge = 'com.docker.network.bridge';
const closedModes = {[`${bridge}.gateway_mode_ipv4`]: 'nat', [`${bridge}.gateway_mode_ipv6`]: 'nat'};
const open: Readonly<Record<string, string>> = openModes;

/** `isolated` parts the containers of the bridge from each other besides. */
const policies: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  '': open,
  open,
  'same-bridge': closedModes,
  isolated: {...closedModes, [`${bridge}.enable_icc`]: 'false'},
};

/** Options of a network. The backends are other ways to the same end. Throws CniError. */
export function decodeFirewall({config}: CniInputs): Readonly<Record<string, string>> {
  const policy = config.text('ingressPolicy');
  const options = Object.hasOwn(policies, policy) ? policies[policy] : undefined;
  if (options !== undefined) return options;
  throw new CniError(cniCodes.config, `unknown ingress policy: "${policy}": want open, same-bridge or isolated`);
}
