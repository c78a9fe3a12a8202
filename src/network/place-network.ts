import type {Kernel} from '../kernel/kernel.ts';
import type {Network} from '../model/network.ts';
import {adoptBridge} from './drivers/adopted.ts';
import {gatewaysOf} from './drivers/bridge.ts';
import {chooseParent} from './drivers/parent.ts';

/** A network on what it stands on, in view of the host; `was` is what it is before a change. Throws as chooseParent and adoptBridge. */
export function placeNetwork(network: Network, kernel: Kernel, was?: Network): Network {
  return adoptBridge(chooseParent(network, kernel), kernel, {
    gateways: gatewaysOf,
    ...(was === undefined ? {} : {was}),
  });
}
