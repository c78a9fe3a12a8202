import {existsSync} from 'node:fs';
import {driverMtu} from '../../../network/options.ts';
import {CniError, cniCodes} from './contract.ts';
import {type CniInputs, refuseOptions, wantedMac} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';

/** Configuration of the reference plugin `tap`. Throws CniError. */
export function decodeTap(inputs: CniInputs): MainConfig {
  const {config} = inputs;
  refuseOptions(config, {
    selinuxContext: existsSync('/sys/fs/selinux/enforce')
      ? 'the link is made by the daemon itself, with its own label'
      : 'this host has no SELinux',
    promiscMode: 'the reference plugin has none either: "tuning" with "promisc" makes it so',
  });
  const mtu = config.number('mtu') ?? 0;
  const options = {
    ...(mtu > 0 ? {[driverMtu]: `${mtu}`} : {}),
    ...(config.flag('multiQueue') ? {multi_queue: 'true'} : {}),
    ...idOption('owner', config.number('owner')),
    ...idOption('group', config.number('group')),
    ...(config.text('bridge') === '' ? {} : {bridge: config.text('bridge')}),
  };
  return {
    name: config.text('name'),
    driver: 'tap',
    ipam: decodeIpam(inputs),
    defaultGateway: false,
    mac: wantedMac(inputs),
    options,
    dns: config.fields('dns'),
  };
}

/** A number of a user or group. */
function idOption(option: 'owner' | 'group', id: number | null): Readonly<Record<string, string>> {
  if (id === null) return {};
  if (Number.isInteger(id) && id >= 0 && id <= 0x7fff_ffff) return {[option]: `${id}`};
  throw new CniError(cniCodes.config, `invalid value of "${option}": ${id}: want 0 to ${0x7fff_ffff}`);
}
