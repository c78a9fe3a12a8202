import {
  bridgeAddress,
  bridgeAdopts,
  bridgeChecksMac,
  bridgeDad,
  bridgeHairpin,
  bridgeInsideDown,
  bridgeName,
  bridgePromiscuous,
  driverMtu,
} from '../../../network/options.ts';
import {decodeBridgeVlans} from './bridge-vlans.ts';
import {CniError, cniCodes} from './contract.ts';
import {type CniInputs, refuseOptions, wantedMac} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';

const docker = 'com.docker.network.bridge';

/** Pods are reached by routing: from the host, and from other hosts of a cluster. The plugin `firewall` closes that. */
export const openModes = {
  [`${docker}.gateway_mode_ipv4`]: 'nat-unprotected',
  [`${docker}.gateway_mode_ipv6`]: 'nat-unprotected',
};

/** Configuration of the reference plugin `bridge`. Throws CniError. */
export function decodeBridge(inputs: CniInputs): MainConfig {
  const {config} = inputs;
  refuseOptions(config, {
    uplinkInterface:
      'the host would lose its own addresses there; make a bridge with it, and name that: it is used as it is',
  });
  if (config.flag('hairpinMode') && config.flag('promiscMode'))
    throw new CniError(cniCodes.config, 'cannot set hairpin mode and promiscuous mode at the same time');
  const vlans = decodeBridgeVlans(config);
  const isGateway = config.flag('isGateway') || config.flag('isDefaultGateway');
  const ipam = decodeIpam(inputs);
  if (ipam.kind !== 'none' && config.flag('disableContainerInterface'))
    throw new CniError(cniCodes.config, 'cannot use IPAM when "disableContainerInterface" is set');
  if (ipam.kind === 'none' && isGateway)
    throw new CniError(cniCodes.config, '"isGateway" needs addresses: "ipam" is missing');
  const mtu = config.number('mtu') ?? 0;
  return {
    name: config.text('name'),
    driver: 'bridge',
    ipam,
    defaultGateway: config.flag('isDefaultGateway'),
    mac: wantedMac(inputs),
    options: {
      [bridgeName]: config.text('bridge') || 'cni0',
      [`${docker}.enable_ip_masquerade`]: String(config.flag('ipMasq')),
      [`${docker}.enable_icc`]: String(!config.flag('portIsolation')),
      ...openModes,
      [bridgeAddress]: String(isGateway),
      [bridgeHairpin]: String(config.flag('hairpinMode')),
      [bridgePromiscuous]: String(config.flag('promiscMode')),
      [bridgeChecksMac]: String(config.flag('macspoofchk')),
      [bridgeDad]: String(config.flag('enabledad')),
      [bridgeInsideDown]: String(config.flag('disableContainerInterface')),
      ...vlans,
      [bridgeAdopts]: config.flag('forceAddress') ? 'force' : 'yes',
      ...(mtu > 0 ? {[driverMtu]: String(mtu)} : {}),
    },
    dns: config.fields('dns'),
  };
}
