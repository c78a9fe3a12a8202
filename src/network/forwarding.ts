import {itemKey} from '../kernel/diff.ts';
import type {Kernel} from '../kernel/kernel.ts';
import {ipFamily} from '../model/ip.ts';
import {isBridged} from '../model/network.ts';
import type {Store} from '../store/store.ts';
import {isRealized, sysctlItem} from './plan.ts';

interface ForwardingParts {
  readonly store: Store;
  readonly kernel: Kernel;
}

/** Decides which settings must change for packets of our networks to come in and go out, and remembers what they were. */
export function noteForwarding({store, kernel}: ForwardingParts): void {
  const {state} = store;
  const networks = [...state.networks.values()].filter(
    network => isBridged(network) && isRealized(network, state) && !network.internal,
  );
  const change = ([4, 6] as const).flatMap(family => {
    const bridges = networks.filter(({subnets}) => subnets.some(({prefix}) => ipFamily(prefix) === family));
    return bridges.length === 0
      ? []
      : kernel.forwardingChanges(
          family,
          bridges.map(({device}) => device),
        );
  });
  if (networks.length > 0) forgetGone({store, kernel});
  const fresh = change.filter(({path}) => !state.sysctls.has(path));
  if (fresh.length > 0) store.commit({put: {sysctls: fresh}});
}

/** A device that is gone took its settings along. */
export function forgetGone({store, kernel}: ForwardingParts): void {
  const items = Array.from(store.state.sysctls.values(), sysctlItem);
  if (items.length === 0) return;
  const actual = kernel.read(items);
  const gone = [...store.state.sysctls.values()].filter(change => !actual.has(itemKey(sysctlItem(change))));
  if (gone.length > 0) store.commit({remove: {sysctls: gone.map(({path}) => path)}});
}
