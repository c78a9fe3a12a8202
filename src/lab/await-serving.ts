import {setTimeout as sleep} from 'node:timers/promises';
import {openEyes} from './eyes/open-eyes.ts';
import type {LabRecord} from './labs.ts';
import {slowness} from './slowness.ts';
import type {Topology} from './topology/topology.ts';

export interface Server {
  readonly node: string;
  readonly proto: 'tcp' | 'udp';
  readonly port: number;
}

/** The small servers that a topology's nodes run, as far as their commands are nothing else. */
export function serversOf({nodes}: Pick<Topology, 'nodes'>): readonly Server[] {
  return nodes.flatMap(({name, run}) =>
    run.flatMap(script => {
      const [, proto, port] = /^lab-serve (http|tcp|udp) (\d+)/.exec(script) ?? [];
      return port === undefined ? [] : [{node: name, proto: proto === 'udp' ? 'udp' : 'tcp', port: Number(port)}];
    }),
  );
}

/** A node program takes a second to start on a busy machine; one that does not start at all is the checks' to find. */
const patienceMs = 5000;
const retryMs = 10;

/** Returns when all servers of the lab's nodes listen: the first look at a lab is not to be about its start. */
export async function awaitServing(
  record: LabRecord,
  env: Readonly<Record<string, string | undefined>>,
): Promise<void> {
  const deadline = performance.now() + patienceMs * slowness(env);
  const eyes = openEyes(record, env);
  const listens = ({node, proto, port}: Server): boolean =>
    eyes.listening(node, proto).some(each => each.port === port);
  try {
    for (const server of serversOf(record.topology))
      while (!listens(server) && performance.now() < deadline) await sleep(retryMs);
  } finally {
    eyes.close();
  }
}
