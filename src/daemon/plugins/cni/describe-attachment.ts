import type {Attachment} from '../../../model/attachment.ts';
import {ipFamily} from '../../../model/ip.ts';
import type {Mac} from '../../../model/mac.ts';
import {gatewayFor, isBridged, isRouted, type Network} from '../../../model/network.ts';
import {bridgeMac as macOfBridge} from '../../../network/drivers/bridge.ts';
import {bridgeOf} from '../../../network/drivers/bridge-vlan.ts';
import {hostMac} from '../../../network/drivers/driver.ts';
import type {CniRequest} from './contract.ts';
import type {Addresses} from './main-plugin.ts';
import type {CniInterface, CniResult} from './result.ts';

export interface Made extends Pick<Addresses, 'routes' | 'dns' | 'gateways'> {
  readonly network: Network;
  readonly attachment: Attachment;
  readonly request: CniRequest;
  /** Left out: the one that bridges of ours have. */
  readonly bridgeMac?: Mac;
}

/** What an ADD has made: the bridge and the end on the host, if there are such, and the link in the sandbox, whose the addresses are. */
export function describeAttachment({
  network,
  attachment,
  request,
  routes,
  dns,
  gateways,
  bridgeMac = macOfBridge(network),
}: Made): CniResult {
  const mtu = network.mtu === null ? {} : {mtu: network.mtu};
  const host: readonly CniInterface[] = [
    ...(isBridged(network) ? [{name: bridgeOf(network), mac: bridgeMac, ...mtu}] : []),
    ...(isRouted(network) ? [{name: attachment.hostIfname, mac: hostMac(attachment), ...mtu}] : []),
  ];
  return {
    interfaces: [...host, {name: attachment.ifname, mac: attachment.mac, ...mtu, sandbox: request.netns}],
    ips: attachment.leases.map(({address, prefixLength}) => {
      const gateway = gateways.find(each => ipFamily(each) === ipFamily(address)) ?? gatewayFor(network, address);
      return {
        address: `${address}/${prefixLength}`,
        ...(gateway === undefined ? {} : {gateway}),
        interface: host.length,
      };
    }),
    routes,
    dns,
  };
}
