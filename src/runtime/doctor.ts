import {formatOp} from '../kernel/diff.ts';
import type {Op} from '../kernel/item.ts';
import type {Native} from '../kernel/native.ts';
import {formatPortMapping} from '../model/port-mapping.ts';
import {examine as judge} from '../network/doctor/examine.ts';
import type {Finding} from '../network/doctor/finding.ts';
import type {Preview} from '../network/preview.ts';
import type {Reservations} from '../network/reservation.ts';
import type {Store} from '../store/store.ts';
import {listCgroups} from './cgroup/cgroup.ts';
import {readFacts, unheldPorts} from './doctor-facts.ts';
import type {StartParts} from './start.ts';
import {sweepRuns} from './sweep.ts';

/** Looks at the host and says what is wrong; mends what is ours to mend. */
export interface Doctor {
  examine(): Promise<readonly Finding[]>;
  /** Repairs networks, holds ports that are free again, takes leftovers away. Returns what was done, a line each. */
  mend(): Promise<readonly string[]>;
}

export interface DoctorParts extends StartParts {
  readonly native: Native;
  readonly store: Store;
  readonly reservations: Reservations;
  /** Of the network: what a repair would do. */
  readonly preview: Preview;
}

export function createDoctor(parts: DoctorParts): Doctor {
  const {native, store, roots, cgroups, reservations, controller} = parts;
  const {state} = store;
  const cgroupParent = parts.cgroupPath('');

  const examine: Doctor['examine'] = async () => {
    const drift = await parts.preview(shadow => shadow.controller.repair());
    const resolvConf = await parts.hostResolvConf();
    return judge(readFacts({native, state, roots, cgroups, cgroupParent, reservations, resolvConf, drift}));
  };

  const sweep = async (): Promise<readonly string[]> => {
    const leftovers = (await examine()).filter(({id}) => id === 'sandbox-leftover' || id === 'cgroup-leftover');
    if (leftovers.length > 0) await sweepRuns(parts, new Set(state.containers.keys()));
    const gone = new Set(listCgroups(cgroups, cgroupParent).filter(id => !state.containers.has(id)));
    return leftovers.filter(({what}) => ![...gone].some(id => what.includes(id))).map(({what}) => `removed: ${what}`);
  };

  return {
    examine,
    async mend() {
      // First, so that what repair makes anew is not in the way of what it must not touch.
      const swept = await sweep();
      const ops: readonly Op[] = await controller.repair();
      return [...swept, ...ops.map(formatOp), ...holdAgain(store, reservations)];
    },
  };
}

/** Ports whose squatter has left. */
function holdAgain({state}: Store, reservations: Reservations): readonly string[] {
  return unheldPorts(state, reservations).flatMap(({attachment, mapping}) => {
    try {
      reservations.reserve(attachment.id, [mapping]);
      return [`hold port ${formatPortMapping(mapping)}`];
    } catch {
      return []; // the next examination tells it
    }
  });
}
