import {driverMtu, enableMasquerade} from '../../../network/options.ts';
import {CniError, cniCodes} from './contract.ts';
import {openModes} from './decode-bridge.ts';
import type {CniInputs} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';

/** Configuration of the reference plugin `ptp`. `ipMasqBackend` is another way to the same end. Throws CniError. */
export function decodePtp(inputs: CniInputs): MainConfig {
  const {config} = inputs;
  const [ipam, mtu] = [decodeIpam(inputs), config.number('mtu') ?? 0];
  if (ipam.kind === 'none') throw new CniError(cniCodes.config, 'a ptp link needs addresses: "ipam" is missing');
  return {
    name: config.text('name'),
    driver: 'ptp',
    ipam,
    defaultGateway: false,
    // As the reference plugin, which has no word for it.
    mac: null,
    options: {
      [enableMasquerade]: String(config.flag('ipMasq')),
      ...openModes,
      ...(mtu > 0 ? {[driverMtu]: String(mtu)} : {}),
    },
    dns: config.fields('dns'),
  };
}
