import {driverMtu} from '../../../network/options.ts';
import {readDefaultLink} from '../netavark/default-link.ts';
import {CniError, cniCodes} from './contract.ts';
import {type CniInputs, refuseOptions, wantedMac} from './inputs.ts';
import {decodeIpam} from './ipam.ts';
import type {MainConfig} from './main-config.ts';

const refused = {
  linkInContainer: 'the master is a link of the host',
  bcqueuelen: "the queue has the kernel's length",
};

/** Configurations of the reference plugins `macvlan` and `ipvlan`. Throws CniError. */
export function decodeLower(driver: 'macvlan' | 'ipvlan'): (inputs: CniInputs) => MainConfig {
  return inputs => {
    const {config} = inputs;
    refuseOptions(config, refused);
    const [mode, mtu] = [config.text('mode'), config.number('mtu') ?? 0];
    return {
      name: config.text('name'),
      driver,
      ipam: decodeIpam(inputs),
      defaultGateway: false,
      mac: wantedMac(inputs),
      options: {
        parent: config.text('master') || defaultLink(),
        ...(mode === '' ? {} : {[`${driver}_mode`]: mode}),
        ...(mtu > 0 ? {[driverMtu]: `${mtu}`} : {}),
      },
      dns: config.fields('dns'),
    };
  };
}

/** The link of the host's default route, as the reference plugins take when none is named. */
function defaultLink(): string {
  const found = readDefaultLink();
  if (found !== null) return found;
  throw new CniError(cniCodes.config, '"master" is missing, and the host has no default route whose link could be it');
}
