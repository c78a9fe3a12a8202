import {putAttachment, removeAttachment} from '../model/attachment-index.ts';
import type {State} from '../model/state.ts';
import {applyChange, type Store} from '../store/store.ts';

export interface ShadowStore extends Store {
  /** Forgets what was committed: the state is the real one again. */
  reset(): void;
}

/** A copy of a store that keeps its changes to itself: nothing is written. What is unique must be checked by who commits. */
export function shadowStore({state: real, instance}: Pick<Store, 'state' | 'instance'>): ShadowStore {
  const state = {
    networks: new Map(real.networks),
    attachments: new Map(real.attachments),
    containers: new Map(real.containers),
    volumes: new Map(real.volumes),
    images: new Map(real.images),
    sysctls: new Map(real.sysctls),
  } satisfies State;
  return {
    state,
    instance,
    revision: () => 0,
    commit: change => applyChange(state, change),
    reset() {
      refill(state.networks, real.networks);
      for (const id of [...state.attachments.keys()]) removeAttachment(state.attachments, id);
      for (const attachment of real.attachments.values()) putAttachment(state.attachments, attachment);
      refill(state.containers, real.containers);
      refill(state.volumes, real.volumes);
      refill(state.images, real.images);
      refill(state.sysctls, real.sysctls);
    },
    close() {},
  };
}

function refill<T>(map: Map<string, T>, from: ReadonlyMap<string, T>): void {
  map.clear();
  for (const [key, value] of from) map.set(key, value);
}
