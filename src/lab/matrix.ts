import {probeTimeoutMs} from './check/check-type.ts';
import type {Eyes} from './check/eyes.ts';
import {openEyes} from './eyes/open-eyes.ts';
import type {LabRecord} from './labs.ts';
import {namespacesOf} from './topology/plan-lab.ts';

/** Whether every node gets an answer from every other. */
export interface Matrix {
  readonly nodes: readonly string[];
  /** By sender and receiver, in the order of `nodes`. `none`: the receiver has no address, or it is the sender. */
  readonly cells: readonly (readonly ('yes' | 'no' | 'none')[])[];
}

const maxNodes = 32;

/** Asks for the addresses that nodes have now, not for those of the file: a learner changes them. */
export async function reachabilityMatrix(
  record: LabRecord,
  env: Readonly<Record<string, string | undefined>>,
): Promise<Matrix> {
  const eyes = openEyes(record, env);
  try {
    const nodes = namespacesOf(record.topology).filter(eyes.exists).slice(0, maxNodes);
    const addresses = nodes.map(
      node => eyes.addresses(node).find(({scope, address}) => scope === 0 && !address.includes(':'))?.address ?? null,
    );
    const cells = await Promise.all(
      nodes.map(from =>
        Promise.all(
          addresses.map(async (to, i) => (to === null || nodes[i] === from ? 'none' : await answers(eyes, from, to))),
        ),
      ),
    );
    return {nodes, cells};
  } finally {
    eyes.close();
  }
}

async function answers(eyes: Eyes, from: string, to: Parameters<Eyes['probe']>[1]['to']): Promise<'yes' | 'no'> {
  const answer = await eyes.probe(from, {proto: 'icmp', to, port: 0, timeoutMs: probeTimeoutMs});
  return answer.kind === 'answered' ? 'yes' : 'no';
}
