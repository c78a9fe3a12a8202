import {leaseOf} from '../../model/attachment.ts';
import {parseBandwidth} from '../../model/bandwidth.ts';
import {linkOf} from '../foreign-homes.ts';
import {planBandwidth} from './bandwidth.ts';
import {routesLoopback} from './bridge.ts';
import {type Driver, linkGroup} from './driver.ts';

/** Nothing here is ours but limits on what others have made; ports are the firewall's matter, addresses the store's. */
export const foreignDriver: Driver = {
  validate() {},
  planNetwork: () => [],
  planAttachment: (network, attachment) => {
    const {hostIfname, options} = attachment;
    const link = linkOf(attachment);
    return [
      ...(link === null || leaseOf(attachment, 4) === undefined ? [] : [routesLoopback(link)]),
      ...(hostIfname === '' ? [] : planBandwidth(hostIfname, parseBandwidth(options), linkGroup(network))),
    ];
  },
};
