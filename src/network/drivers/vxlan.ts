import type {Item} from '../../kernel/item.ts';
import {type Ip, ipFamily} from '../../model/ip.ts';
import type {Mac} from '../../model/mac.ts';
import type {Network} from '../../model/network.ts';
import {bridgeDriver} from './bridge.ts';
import {type Driver, linkGroup} from './driver.ts';
import {driverMtu, mtuOf, refuseUnknownOptions} from './options.ts';
import {refuseSharedVni, tunnelOf} from './tunnel.ts';

/** Outer Ethernet, IP, UDP and VXLAN headers (RFC 7348): 14 + 20 or 40 + 8 + 8 bytes of every packet on the underlay. */
const overheadBytes = {4: 50, 6: 70} as const;
const underlayMtu = 1500;
/** Where frames go that no other entry takes. */
const anyMac = '00:00:00:00:00:00' as Mac;

const enableIcc = 'com.docker.network.bridge.enable_icc';
const known = [
  'vni',
  'peers',
  'local',
  'dstport',
  driverMtu,
  'com.docker.network.bridge.name',
  enableIcc,
  'com.docker.network.bridge.enable_ip_masquerade',
];

/** The bridge driver's network, with one more port on its bridge: a tunnel to the same network on other hosts. */
export const vxlanDriver: Driver = {
  validate(network, others) {
    refuseUnknownOptions(network, known);
    refuseSharedVni(network, others);
    bridgeDriver.validate(asBridge(network), others);
  },
  planNetwork: network => [...bridgeDriver.planNetwork(asBridge(network)), ...planTunnel(network)],
  planAttachment: (network, attachment) => bridgeDriver.planAttachment(asBridge(network), attachment),
};

/** With the MTU that fits into the tunnel, unless another was asked for. */
function asBridge(network: Network): Network {
  return {...network, options: {...bridgeOptions(network), [driverMtu]: `${innerMtu(network)}`}};
}

function bridgeOptions({options}: Network): Network['options'] {
  return Object.fromEntries(Object.entries(options).filter(([option]) => option.startsWith('com.docker.network.')));
}

function innerMtu(network: Network): number {
  const {local, peers} = tunnelOf(network);
  const family = ipFamily(local ?? peers[0]!);
  return mtuOf(network) ?? underlayMtu - overheadBytes[family];
}

function planTunnel(network: Network): readonly Item[] {
  const link = `vx-${network.id.slice(0, 12)}`;
  const {vni, local, port, peers} = tunnelOf(network);
  return [
    {
      ns: '',
      kind: 'link',
      name: link,
      type: 'vxlan',
      up: true,
      group: linkGroup(network),
      mtu: innerMtu(network),
      mac: null,
      altname: null,
      master: network.device,
      hairpin: false,
      isolated: network.options[enableIcc] === 'false',
      // The gateway's address may be on every host: who asks for it must be answered by his own.
      neighSuppress: true,
      peer: null,
      detail: {
        type: 'vxlan',
        vni,
        local: local ?? (ipFamily(peers[0]!) === 6 ? ('::' as Ip) : null),
        port,
        learning: true,
      },
    },
    ...peers.map((to): Item => ({ns: '', kind: 'fdb', link, mac: anyMac, to})),
  ];
}
