import {bandwidth} from './bandwidth.ts';
import {decodeBridge} from './decode-bridge.ts';
import {decodeHostDevice} from './decode-host-device.ts';
import {decodeLower} from './decode-lower.ts';
import {decodePtp} from './decode-ptp.ts';
import {decodeTap} from './decode-tap.ts';
import {decodeVlan} from './decode-vlan.ts';
import {firewall} from './firewall.ts';
import {hostLocal, staticAddresses} from './host-local.ts';
import {loopback} from './loopback.ts';
import {mainPlugin} from './main-plugin.ts';
import type {CniPlugin} from './plugin.ts';
import {portmap} from './portmap.ts';
import {sbr} from './sbr.ts';
import {tnet} from './tnet.ts';
import {tuning} from './tuning.ts';

/** By the name that a configuration calls them by: ours, and those of the reference plugins we stand in for. */
export const plugins: Readonly<Record<string, CniPlugin>> = {
  tnet,
  'tnet-cni': tnet,
  bridge: mainPlugin(decodeBridge),
  ptp: mainPlugin(decodePtp),
  'host-device': mainPlugin(decodeHostDevice),
  macvlan: mainPlugin(decodeLower('macvlan')),
  ipvlan: mainPlugin(decodeLower('ipvlan')),
  vlan: mainPlugin(decodeVlan),
  tap: mainPlugin(decodeTap),
  'host-local': hostLocal,
  static: staticAddresses,
  loopback,
  portmap,
  bandwidth,
  firewall,
  tuning,
  sbr,
};
