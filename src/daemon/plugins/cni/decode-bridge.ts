import {bridgeAddress, bridgeHairpin, bridgeName, driverMtu} from '../../../network/options.ts';
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
    vlan: 'bridges of ours filter no VLANs',
    vlanTrunk: 'bridges of ours filter no VLANs',
    preserveDefaultVlan: 'bridges of ours filter no VLANs',
    promiscMode: 'hairpinMode serves the same purpose',
    macspoofchk: 'nothing here checks MAC addresses',
    enabledad: 'addresses are unique by their allocation, nothing waits for duplicates',
    disableContainerInterface: 'an attachment is up',
  });
  const isGateway = config.flag('isGateway') || config.flag('isDefaultGateway');
  const ipam = decodeIpam(inputs);
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
      ...(mtu > 0 ? {[driverMtu]: String(mtu)} : {}),
    },
    dns: config.fields('dns'),
  };
}
