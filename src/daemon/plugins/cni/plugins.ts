import {bandwidth} from './bandwidth.ts';
import {decodeBridge} from './decode-bridge.ts';
import {firewall} from './firewall.ts';
import {loopback} from './loopback.ts';
import {mainPlugin} from './main-plugin.ts';
import type {CniPlugin} from './plugin.ts';
import {portmap} from './portmap.ts';
import {tuning} from './tuning.ts';

/** By the name that a configuration calls them by: ours, and those of the reference plugins we stand in for. */
export const plugins: Readonly<Record<string, CniPlugin>> = {
  bridge: mainPlugin(decodeBridge),
  loopback,
  portmap,
  bandwidth,
  firewall,
  tuning,
};
