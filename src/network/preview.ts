import type {Op} from '../kernel/item.ts';
import type {Store} from '../store/store.ts';
import {type Controller, type ControllerParts, createController} from './controller.ts';
import type {Reservations} from './reservation.ts';
import {shadowKernel} from './shadow-kernel.ts';
import {shadowStore} from './shadow-store.ts';

/** A controller whose verbs only pretend, and the store they pretend to write. */
export interface Shadow {
  readonly controller: Controller;
  readonly store: Store;
}

/** Operations that a job's verbs would do. Nothing is stored, reserved or changed; what fails, fails as the real thing. */
export type Preview = (job: (shadow: Shadow) => Promise<unknown>) => Promise<readonly Op[]>;

/** `alone` is the real controller's: a preview must not see another verb half-way. */
export function createPreview(parts: ControllerParts, {alone}: Pick<Controller, 'alone'>): Preview {
  return job =>
    alone(async () => {
      const kernel = shadowKernel(parts.kernel);
      const store = shadowStore(parts.store);
      const held = {before: true};
      // Part by part, not spread: a new one that touches the world needs a shadow of its own.
      const controller = await createController({
        store,
        kernel,
        reservations: probe(parts.reservations, held),
        newId: parts.newId,
        now: parts.now,
        bridge: parts.bridge,
        avoided: parts.avoided,
        ...(parts.pools === undefined ? {} : {pools: parts.pools}),
        ...(parts.firewall === undefined ? {} : {firewall: parts.firewall}),
      });
      // What opening it would have repaired is not the job's.
      kernel.record();
      store.reset();
      held.before = false;
      await job({controller, store});
      return kernel.ops;
    });
}

/** Binds and lets go at once: whether a port can be had, and which one might be chosen. What is published already is the real one's. */
function probe(real: Reservations, held: {readonly before: boolean}): Reservations {
  const owner = 'preview';
  return {
    reserve(_, ports) {
      if (held.before) return ports;
      try {
        return real.reserve(owner, ports);
      } finally {
        real.release(owner);
      }
    },
    holds: real.holds,
    release() {},
    move() {},
    close() {},
  };
}
