import {build} from '../../kernel/build.ts';
import {loadNative} from '../../kernel/native.ts';
import {createSockets} from '../../kernel/sockets.ts';
import {endHolder} from '../down.ts';
import {hold} from '../holder/hold.ts';
import {namespaceOf} from '../place.ts';
import {parseTopology} from '../topology/parse-topology.ts';
import {planLab} from '../topology/plan-lab.ts';
import {type EffectName, effects, type Impairment} from './impairment.ts';
import {type Backend, backendOf} from './plan-impair.ts';
import {openWires, type Wires} from './wires.ts';

export interface EffectProbe {
  readonly effect: EffectName;
  readonly backend: Backend;
  /** Null: the kernel takes it. */
  readonly problem: string | null;
}

export interface Probes {
  readonly netem: boolean;
  readonly effects: readonly EffectProbe[];
}

const cable = parseTopology('name: probe\nnodes: {a: {}, b: {}}\nlinks: [{ends: [a:eth0, b:eth0]}]\n', 'probe.yaml');
const end = {node: 'a', link: 'eth0'};
const wishes: Readonly<Record<EffectName, Impairment>> = {
  delay: {delayMs: 1},
  jitter: {delayMs: 1, jitterMs: 1},
  loss: {loss: 0.01},
  duplicate: {duplicate: 0.01},
  corrupt: {corrupt: 0.01},
  reorder: {delayMs: 1, reorder: 0.01},
  rate: {rateBitsPerS: 1e6},
  every: {every: 2},
};

/** Sets every effect once, on a cable in namespaces that vanish. Throws KernelError where not even those can be made. */
export async function probeEffects(): Promise<Probes> {
  const {pid} = await hold(['a', 'b']);
  const native = loadNative();
  const sockets = createSockets(native);
  try {
    build(
      {native, sockets},
      planLab(cable, node => namespaceOf(pid, node)),
    );
    const wires = openWires({pid});
    try {
      const netem = wires.hasNetem(end);
      const probes: EffectProbe[] = [];
      for (const {name} of effects)
        probes.push({effect: name, backend: backendOf(name, {netem}), problem: await problemWith(wires, wishes[name])});
      return {netem, effects: probes};
    } finally {
      wires.close();
    }
  } finally {
    sockets.close();
    await endHolder(pid);
  }
}

async function problemWith(wires: Wires, impairment: Impairment): Promise<string | null> {
  try {
    await wires.set(end, impairment);
    return null;
  } catch (error) {
    const {cause, message} = error as Error;
    return (cause as Error | undefined)?.message ?? message;
  }
}
