import {existsSync} from 'node:fs';
import {join} from 'node:path';
import type {Roots} from '../api/roots.ts';
import {loadNative} from '../kernel/native.ts';
import {emptyState, type State} from '../model/state.ts';
import {examine} from '../network/doctor/examine.ts';
import type {Finding} from '../network/doctor/finding.ts';
import {detectCgroups} from '../runtime/cgroup/cgroup.ts';
import {readFacts} from '../runtime/doctor-facts.ts';
import {openStore} from '../store/store.ts';
import {hostResolvConf} from './compose.ts';

/** What can be seen while no daemon runs: the host's settings, and what is left of containers. What is intended is not compared. */
export async function examineAlone(roots: Roots): Promise<readonly Finding[]> {
  const {state, instance} = storedState(roots);
  const facts = readFacts({
    native: loadNative(),
    state: state ?? emptyState,
    roots,
    cgroups: detectCgroups(),
    cgroupParent: instance === null ? null : join('tnet', instance),
    reservations: null,
    resolvConf: await hostResolvConf(),
    drift: [],
  });
  // Without the store nobody can tell what is left over.
  return examine(state === null ? {...facts, sandboxes: []} : facts);
}

/** Never creates one; one that cannot be read is said by the daemon itself. */
function storedState({root}: Roots): {readonly state: State | null; readonly instance: string | null} {
  const path = join(root, 'tnet.db');
  if (!existsSync(path)) return {state: null, instance: null};
  try {
    const {state, instance, close} = openStore(path);
    close();
    return {state, instance};
  } catch {
    return {state: null, instance: null};
  }
}
