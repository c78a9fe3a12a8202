import {itemKey} from '../kernel/diff.ts';
import type {Kernel} from '../kernel/kernel.ts';
import {isRouted, type Network, subnetOf} from '../model/network.ts';
import type {State} from '../model/state.ts';
import type {Store} from '../store/store.ts';
import {adoptedChanges} from './adopt.ts';
import {isAdopted} from './drivers/adopted.ts';
import type {FirewallName} from './firewall/renderer.ts';
import {isRealized, sysctlItem} from './plan.ts';
import {deviceOf} from './settings-of.ts';

interface ForwardingParts {
  readonly store: Store;
  readonly kernel: Kernel;
  readonly firewall?: FirewallName;
}

/** Decides which settings must change for packets of our networks to come in and go out, and remembers what they were. */
export function noteForwarding({store, kernel, firewall}: ForwardingParts): void {
  const {state} = store;
  const networks = [...state.networks.values()].filter(
    network => isRouted(network) && isRealized(network, state) && !network.internal,
  );
  const change = ([4, 6] as const).flatMap(family => {
    const routed = networks.filter(network => subnetOf(network, family) !== undefined);
    return routed.length === 0 ? [] : kernel.forwardingChanges(family, devicesOf(routed, state));
  });
  // A bridge that somebody deleted comes back with its repair, and must forward as before.
  // Another program's does not.
  if (networks.length + state.sysctls.size > 0)
    forgetGone(
      {store, kernel},
      new Set(
        devicesOf(
          networks.filter(network => !isAdopted(network)),
          state,
        ),
      ),
    );
  // Where nobody refuses 127/8 on a wire, the kernel must.
  const adopted = adoptedChanges([...state.networks.values()], kernel).filter(
    ({path}) => firewall !== 'none' || !path.endsWith('/route_localnet'),
  );
  const fresh = [...change, ...adopted].filter(({path}) => !state.sysctls.has(path));
  if (fresh.length > 0) store.commit({put: {sysctls: fresh}});
}

/** Their bridges, and links that are networks of their own. */
function devicesOf(networks: readonly Network[], {attachments}: State): readonly string[] {
  const linked = new Set(networks.filter(({driver}) => driver === 'ptp').map(({id}) => id));
  const links = linked.size === 0 ? [] : [...attachments.values()].filter(({network}) => linked.has(network));
  return [...networks.map(({device}) => device).filter(Boolean), ...links.map(({hostIfname}) => hostIfname)];
}

/** A device that is gone took its settings along; `kept` are devices that will come back. */
export function forgetGone({store, kernel}: ForwardingParts, kept: ReadonlySet<string> = new Set()): void {
  const items = Array.from(store.state.sysctls.values(), sysctlItem);
  if (items.length === 0) return;
  const actual = kernel.find(items);
  const gone = [...store.state.sysctls.values()].filter(
    change => !actual.has(itemKey(sysctlItem(change))) && !kept.has(deviceOf(change.path)),
  );
  if (gone.length > 0) store.commit({remove: {sysctls: gone.map(({path}) => path)}});
}
