import {parseBandwidth} from '../../model/bandwidth.ts';
import {planBandwidth} from './bandwidth.ts';
import {type Driver, linkGroup} from './driver.ts';

/** Nothing here is ours but limits on what others have made; ports are the firewall's matter, addresses the store's. */
export const foreignDriver: Driver = {
  validate() {},
  planNetwork: () => [],
  planAttachment: (network, {hostIfname, options}) =>
    hostIfname === '' ? [] : planBandwidth(hostIfname, parseBandwidth(options), linkGroup(network)),
};
