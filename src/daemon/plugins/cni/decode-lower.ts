import {readFileSync} from 'node:fs';
import {driverMtu} from '../../../network/options.ts';
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
  const routes = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .map(line => line.split('\t'));
  const found = routes.find(([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000');
  if (found !== undefined) return found[0]!;
  throw new CniError(cniCodes.config, '"master" is missing, and the host has no default route whose link could be it');
}
