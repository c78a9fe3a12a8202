import {KernelError} from '../errors.ts';
import {formatOp, invert} from './diff.ts';
import type {IptablesChainsItem, IptablesRuleItem, Item, Op} from './item.ts';
import type {OnError} from './kernel.ts';

/** Carries out one step; atomic: when it throws, nothing of it remains. */
export type ApplyStep = (step: readonly Op[]) => Promise<void>;

/**
 * Carries out operations in order. Consecutive operations on nftables, or on one table of iptables, are one step,
 * because they are one transaction of the kernel; and so are consecutive deletions of veth links, with one wait for RCU. `undo`: the first failure takes back everything done and is thrown. `continue`: everything is tried, what
 * is already gone is no failure, and what failed is thrown at the end.
 */
export async function execute(ops: readonly Op[], onError: OnError, apply: ApplyStep): Promise<void> {
  const steps = toSteps(ops);
  if (onError === 'continue') return executeAll(steps, apply);
  const done: Op[] = [];
  for (const step of steps) {
    try {
      await apply(step);
    } catch (cause) {
      await undo(done, cause, apply);
      throw cause;
    }
    done.push(...step);
  }
}

/** A rollback that fails too is an AggregateError of both. */
async function undo(done: readonly Op[], cause: unknown, apply: ApplyStep): Promise<void> {
  try {
    await executeAll(toSteps(done.map(invert).reverse()), apply);
  } catch (second) {
    throw new AggregateError(
      [cause, second],
      `${(cause as Error).message}; and taking it back failed: ${(second as Error).message}`,
      {cause},
    );
  }
}

async function executeAll(steps: readonly (readonly Op[])[], apply: ApplyStep): Promise<void> {
  const failures: unknown[] = [];
  for (const step of steps) failures.push(...(await attempt(step, apply)));
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1)
    throw new AggregateError(failures, failures.map(failure => (failure as Error).message).join('; '));
}

/** A transaction is refused whole when one element is already gone: then one by one. */
async function attempt(step: readonly Op[], apply: ApplyStep): Promise<readonly unknown[]> {
  try {
    await apply(step);
    return [];
  } catch (error) {
    if (step.length > 1) return attemptEach(step, apply);
    return step.every(op => op.do === 'del') && isGone(error) ? [] : [error];
  }
}

/** In turn: a step may start a process. */
async function attemptEach(step: readonly Op[], apply: ApplyStep): Promise<readonly unknown[]> {
  const failures: unknown[] = [];
  for (const op of step) failures.push(...(await attempt([op], apply)));
  return failures;
}

function toSteps(ops: readonly Op[]): readonly (readonly Op[])[] {
  const steps: Op[][] = [];
  for (const op of ops) {
    const last = steps.at(-1)?.[0];
    if (last && transactionOf(op) !== null && transactionOf(last) === transactionOf(op)) steps.at(-1)!.push(op);
    else steps.push([op]);
  }
  return steps;
}

/** Operations with the same one can be carried out together; null: alone. */
function transactionOf(op: Op): string | null {
  if (isNft(op)) return `${op.item.ns} nft`;
  if (isLinkRemoval(op)) return 'links';
  return isIptables(op.item) ? `${op.item.ns} iptables ${op.item.family} ${op.item.table}` : null;
}

function isLinkRemoval({do: verb, item}: Op): boolean {
  return verb === 'del' && item.kind === 'link' && item.type === 'veth' && item.ns === '';
}

export function isNft(op: Op): boolean {
  return op.item.kind === 'table' || op.item.kind === 'element';
}

export function isIptables(item: Item): item is Item & (IptablesChainsItem | IptablesRuleItem) {
  return item.kind === 'iptables-chains' || item.kind === 'iptables-rule';
}

/** ENOENT 2, ESRCH 3 (routes), ENODEV 19, EADDRNOTAVAIL 99: somebody else, or the removal of its container, was faster. */
function isGone(error: unknown): boolean {
  return error instanceof KernelError && [2, 3, 19, 99].includes(error.errno);
}

/** For messages: `add address "10.88.0.1/16" dev docker0`. */
export function describeStep(step: readonly Op[]): string {
  return step.length === 1 ? formatOp(step[0]!) : `${formatOp(step[0]!)} and ${step.length - 1} more`;
}
