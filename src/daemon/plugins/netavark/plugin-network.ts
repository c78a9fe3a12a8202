import type {Network} from '../../../model/network.ts';
import {badRequest} from '../../failure.ts';
import {completeNetwork} from './complete-network.ts';
import {parseJson} from './input.ts';

/**
 * podman's definition of a network of driver `tnet`, completed: name, id and driver are podman's and stay. A plugin is not told what
 * other networks podman has, so bridge and subnet come from the id: one of 32768, by chance nobody else's. Throws ERR_BAD_REQUEST.
 */
export function completePluginNetwork(input: string, networks: readonly Network[]): object {
  const network = parseJson(input) as Readonly<Record<string, unknown>> | null;
  if (typeof network?.name !== 'string' || typeof network.id !== 'string' || !/^[0-9a-f]{12,}$/.test(network.id))
    throw badRequest('want a network with a name and an id');
  const asked = {
    network: {
      ...network,
      driver: 'bridge',
      network_interface: network.network_interface || `tn-${network.id.slice(0, 12)}`,
    },
    used: {subnets: networks.flatMap(({subnets}) => subnets.map(({prefix}) => prefix))},
    options: {
      subnet_pools: [
        {base: subnetOfId(network.id), size: 24},
        {base: '10.128.0.0/9', size: 24},
      ],
    },
  };
  return {...completeNetwork(JSON.stringify(asked), new Date()), driver: network.driver};
}

function subnetOfId(id: string): string {
  const [high, low] = [Number.parseInt(id.slice(0, 2), 16), Number.parseInt(id.slice(2, 4), 16)];
  return `10.${128 | high}.${low}.0/24`;
}
