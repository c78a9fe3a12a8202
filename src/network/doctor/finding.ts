import type {Attachment} from '../../model/attachment.ts';
import type {Network} from '../../model/network.ts';
import type {State} from '../../model/state.ts';
import {catalogue, type FindingId, type FindingKind, type Severity} from './catalogue.ts';
import type {Facts} from './facts.ts';

export interface Finding {
  readonly id: FindingId;
  readonly severity: Severity;
  /** `container web`, `network blue`, `host`. */
  readonly object: string;
  /** One sentence about this very case. */
  readonly what: string;
  readonly why: string;
  readonly fix: string;
  /** Whether repair, or taking leftovers away, mends it. */
  readonly mends: boolean;
}

/** A pure rule. */
export type Check = (facts: Facts) => readonly Finding[];

/** One case of a kind; `fix` and `severity` where this case knows better than the kind. */
export function finding(
  id: FindingId,
  {object, what, ...over}: Pick<Finding, 'object' | 'what'> & Partial<Pick<Finding, 'fix' | 'severity'>>,
): Finding {
  const {severity, why, fix, mends}: FindingKind = catalogue[id];
  return {id, severity, object, what, why, fix, mends: mends ?? false, ...over};
}

export function nameOfOwner(state: State, owner: string): string {
  return state.containers.get(owner)?.name ?? owner.slice(0, 12);
}

export function containerOf(state: State, {owner}: Attachment): string {
  return `container ${nameOfOwner(state, owner)}`;
}

export function networkOf({name}: Network): string {
  return `network ${name}`;
}
