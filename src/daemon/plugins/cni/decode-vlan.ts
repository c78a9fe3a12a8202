import {driverMtu} from '../../../network/options.ts';
import {CniError, type CniRequest, cniCodes} from './contract.ts';
import {type CniInputs, refuseOptions} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';
import type {CniParts} from './plugin.ts';

/** Configuration of the reference plugin `vlan`. Throws CniError. */
export function decodeVlan(inputs: CniInputs, {verb}: CniRequest, {controller}: CniParts): MainConfig {
  const {config} = inputs;
  refuseOptions(config, {linkInContainer: 'the master is a link of the host'});
  const [parent, id, mtu] = [config.text('master'), config.number('vlanId'), config.number('mtu') ?? 0];
  if (parent === '')
    throw new CniError(
      cniCodes.config,
      '"master" field is required: it names the link of the host that the VLAN is of',
    );
  if (id === null || !Number.isInteger(id) || id < 0 || id > 4094)
    throw new CniError(cniCodes.config, `invalid VLAN ID ${id} (must be between 0 and 4094 inclusive)`);
  const master = verb === 'ADD' ? controller.hostLinks().find(({name}) => name === parent) : undefined;
  if (verb === 'ADD' && master === undefined)
    throw new CniError(cniCodes.config, `failed to lookup master "${parent}": there is no such link on this host`);
  if (master !== undefined && mtu > master.mtu)
    throw new CniError(cniCodes.config, `invalid MTU ${mtu}, must be [0, master MTU(${master.mtu})]`);
  return {
    name: config.text('name'),
    driver: 'vlan',
    ipam: decodeIpam(inputs),
    defaultGateway: false,
    mac: master?.mac ?? null,
    options: {parent, vlan_id: `${id}`, ...(mtu > 0 ? {[driverMtu]: `${mtu}`} : {})},
    dns: config.fields('dns'),
  };
}
