import {KernelError} from '../../errors.ts';
import {applyStep} from '../../kernel/apply.ts';
import {execute} from '../../kernel/execute.ts';
import {createIptables} from '../../kernel/iptables.ts';
import type {Op} from '../../kernel/item.ts';
import type {ReadParts} from './read-lab.ts';

const ENODEV = 19;
/** A lab's firewall is its owner's: no element of ours is ever among the operations. */
const noTable = {family: 'inet', name: 'tnet', comment: '', sets: [], chains: []} as const;

/** All, or none as far as the inverse of an operation takes it back. A link that went with its other end is no failure. */
export function executeInLab(parts: ReadParts, ops: readonly Op[]): Promise<void> {
  const applyParts = {...parts, iptables: createIptables(), table: noTable, isOurs: () => true};
  return execute(ops, 'undo', async step => {
    try {
      await applyStep(applyParts, step);
    } catch (error) {
      if (!step.every(isLinkRemoval) || !(error instanceof KernelError) || error.errno !== ENODEV) throw error;
    }
  });
}

function isLinkRemoval({do: verb, item}: Op): boolean {
  return verb === 'del' && item.kind === 'link';
}
