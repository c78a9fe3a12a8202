import {diff, type World} from '../kernel/diff.ts';
import type {Kernel} from '../kernel/kernel.ts';
import type {Store} from '../store/store.ts';
import {withoutLostBridges} from './adopt.ts';
import type {Firewall} from './firewall/renderer.ts';
import {readOurs} from './foreign.ts';
import {forgetGone} from './forwarding.ts';
import {planHost} from './plan.ts';
import {settingBack} from './settings-of.ts';

/** With nothing attached, the host is left as we found it; the networks come back with the next daemon. `rules` are those of iptables. */
export async function leaveHost(
  {store, kernel}: {readonly store: Store; readonly kernel: Kernel},
  firewall: Firewall,
  rules: World,
): Promise<void> {
  const {state} = store;
  forgetGone({store, kernel});
  const restored = [...state.sysctls.values()].map(settingBack);
  const {actual} = readOurs(kernel.read, planHost(withoutLostBridges(state, kernel), firewall), rules);
  await kernel.execute([...restored, ...diff(actual, new Map())], 'continue');
  store.commit({remove: {sysctls: [...state.sysctls.keys()]}});
}
