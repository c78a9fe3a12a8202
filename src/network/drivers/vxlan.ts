import type {Item} from '../../kernel/item.ts';
import {type Ip, ipFamily} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {bridgeOptions} from '../options.ts';
import {bridgeDriver} from './bridge.ts';
import {type Driver, linkGroup, plainLink} from './driver.ts';
import {refuseUnknownWords} from './options.ts';
import {refuseSharedVni, tunnelOf} from './tunnel.ts';

/** Where frames go that no other entry takes. */
const anyMac = '00:00:00:00:00:00' as Mac;

/** The bridge driver's network, with one more port on its bridge: a tunnel to the same network on other hosts. */
export const vxlanDriver: Driver = {
  validate(network, others) {
    refuseUnknownWords(network, ['vni', 'peers', 'local', 'dstport']);
    refuseSharedVni(network, others);
    bridgeDriver.validate(network, others);
  },
  planNetwork: network => [...bridgeDriver.planNetwork(network), ...planTunnel(network)],
  planAttachment: bridgeDriver.planAttachment,
};

function planTunnel(network: Network): readonly Item[] {
  const link = `vx-${network.id.slice(0, 12)}`;
  const {vni, local, port, peers} = tunnelOf(network);
  // The kernel makes an IPv4 socket unless an IPv6 source is named, be it the unspecified one.
  const source = local ?? (ipFamily(peers[0]!) === 6 ? ('::' as Ip) : null);
  return [
    {
      ...plainLink,
      ns: '',
      name: link,
      type: 'vxlan',
      group: linkGroup(network),
      mtu: network.mtu,
      master: network.device,
      isolated: !bridgeOptions(network).icc,
      // The gateway's address may be on every host: who asks for it must be answered by his own.
      neighSuppress: true,
      detail: {type: 'vxlan', vni, local: source, port, learning: true},
    },
    ...peers.map((to): Item => ({ns: '', kind: 'fdb', link, mac: anyMac, to})),
  ];
}
