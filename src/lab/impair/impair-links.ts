import {existsSync} from 'node:fs';
import type {Op} from '../../kernel/item.ts';
import {type LabRecord, topologiesOf} from '../labs.ts';
import {nodeOf} from '../place.ts';
import type {Topology} from '../topology/topology.ts';
import {impairedEnds, type WantedEnd} from './ends.ts';
import {madeBy, planImpairChanges} from './plan-impair-changes.ts';
import {openWires, wishesFolder} from './wires.ts';

/** Sets what is wanted of each end, in place of what was; all at once, as each may wait for a relay to start. */
export async function impairLinks(record: Pick<LabRecord, 'pid'>, ends: readonly WantedEnd[]): Promise<void> {
  if (ends.length === 0) return;
  const wires = openWires(record);
  try {
    const all = await Promise.allSettled(ends.map(({impairment, ...end}) => wires.set(end, impairment)));
    for (const one of all) if (one.status === 'rejected') throw one.reason;
  } finally {
    wires.close();
  }
}

export interface ImpairTarget {
  readonly record: LabRecord;
  readonly topology: Topology;
  /** What is done to the links before. */
  readonly ops: readonly Op[];
}

/** What makes the links of a lab that is up as impaired as a topology says. */
export function impairChanges({record, topology, ops}: ImpairTarget): readonly WantedEnd[] {
  if (impairedEnds(topology).length === 0 && !existsSync(wishesFolder(record))) return [];
  const wires = openWires(record);
  try {
    return planImpairChanges({
      before: topologiesOf(record),
      want: topology,
      actual: wires.list(),
      isNew: end => madeBy(ops, end, ns => nodeOf(record.pid, ns)),
    });
  } finally {
    wires.close();
  }
}
