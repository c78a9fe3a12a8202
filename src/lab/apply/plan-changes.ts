import {readdirSync, statSync} from 'node:fs';
import {isInside, itemKey, type World} from '../../kernel/diff.ts';
import type {Item, NamespacePath, Op, SysctlItem} from '../../kernel/item.ts';
import type {WantedEnd} from '../impair/ends.ts';
import {impairChanges} from '../impair/impair-links.ts';
import {type LabRecord, topologiesOf} from '../labs.ts';
import {programsOf, startedOn} from '../node-programs.ts';
import {namespaceOf} from '../place.ts';
import {labWorld} from '../topology/lab-world.ts';
import {planApply} from '../topology/plan-apply.ts';
import {namespacesOf} from '../topology/plan-lab.ts';
import {hostNode, type Topology} from '../topology/topology.ts';
import {type ReadParts, readLab} from './read-lab.ts';
import {sysctlDefaults} from './sysctl-defaults.ts';

/** What leads from a lab as it is to a topology, in the order in which it is done. */
export interface LabChanges {
  readonly newNodes: readonly string[];
  readonly ops: readonly Op[];
  readonly goneNodes: readonly string[];
  /** Nodes that are to run other commands than those that were started. */
  readonly restarts: readonly string[];
  /** Ends of links that are to be impaired otherwise. */
  readonly impairs: readonly WantedEnd[];
}

/** How many changes. */
export function sizeOf({newNodes, ops, goneNodes, restarts, impairs}: LabChanges): number {
  return newNodes.length + ops.length + goneNodes.length + restarts.length + impairs.length;
}

export function isNothing(changes: LabChanges): boolean {
  return sizeOf(changes) === 0;
}

/** Looks at the lab and changes nothing. */
export async function planChanges(parts: ReadParts, record: LabRecord, topology: Topology): Promise<LabChanges> {
  const path = (node: string): NamespacePath => namespaceOf(record.pid, node);
  const there = nodesIn(record);
  const before = topologiesOf(record);
  const wanted = namespacesOf(topology);
  const owned = merged(before.map(each => labWorld(each, path)));
  const goneNodes = [...new Set(before.flatMap(namespacesOf))].filter(
    node => there.includes(node) && !wanted.includes(node),
  );
  const ending = new Set(goneNodes.map(path));
  const want = await withDefaults(owned, labWorld(topology, path), ending);
  const namespaces = [hostNode, ...there].map(path);
  const actual = readLab(parts, namespaces, [...owned.values(), ...want.values()]);
  const newNodes = wanted.filter(node => !there.includes(node));
  const ops = planApply({actual, owned, want, ending});
  return {
    newNodes,
    ops,
    goneNodes,
    restarts: restarts(record, topology, newNodes),
    impairs: impairChanges({record, topology, ops}),
  };
}

/** Those in which a namespace is mounted: another inode than the folder's file system has. Also a learner's own. */
export function nodesIn({pid}: LabRecord): readonly string[] {
  const folder = `/proc/${pid}/root/run/netns`;
  const {dev} = statSync(folder);
  return readdirSync(folder).filter(name => statSync(`${folder}/${name}`).dev !== dev);
}

function merged(worlds: readonly World[]): World {
  return new Map(worlds.flatMap(world => [...world]));
}

/** A setting that the file no longer has is wanted as a new namespace has it; with a link that goes, it goes. */
async function withDefaults(owned: World, want: World, ending: ReadonlySet<NamespacePath>): Promise<World> {
  const gone = new Set(
    [...owned.values()]
      .filter(({kind}) => kind === 'link')
      .map(itemKey)
      .filter(key => !want.has(key)),
  );
  const dropped = [...owned.values()].filter(
    (item): item is Item & SysctlItem =>
      item.kind === 'sysctl' && !want.has(itemKey(item)) && !ending.has(item.ns) && !isInside(item, gone),
  );
  const defaults = await sysctlDefaults(dropped);
  return new Map([...defaults.map(item => [itemKey(item), item] as const), ...want]);
}

function restarts(record: LabRecord, {nodes}: Topology, newNodes: readonly string[]): readonly string[] {
  const names = new Set([...nodes.map(({name}) => name), hostNode]);
  return [...names].filter(name => {
    const node = nodes.find(each => each.name === name);
    const programs = node === undefined ? [] : programsOf(node);
    const isNew = newNodes.includes(name) && programs.length > 0;
    return isNew || startedOn(record, name).join('\n') !== programs.join('\n');
  });
}
