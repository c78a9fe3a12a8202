import {statSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {TnetError} from '../../errors.ts';
import type {Op} from '../../kernel/item.ts';
import {loadNative} from '../../kernel/native.ts';
import {createSockets} from '../../kernel/sockets.ts';
import {isContainer, removeContainer, type StartSpec} from '../container-node.ts';
import {pidsIn} from '../eyes/running-in.ts';
import {pinNodes} from '../holder/pin.ts';
import {impairLinks} from '../impair/impair-links.ts';
import type {LabRecord, Labs} from '../labs.ts';
import {restartPrograms, startPrograms, stopPrograms} from '../node-programs.ts';
import {namespaceOf} from '../place.ts';
import type {Topology} from '../topology/topology.ts';
import {keepBridgesPlain, saveBoth} from '../up.ts';
import {executeInLab} from './execute-in-lab.ts';
import {isNothing, type LabChanges, planChanges} from './plan-changes.ts';
import type {ReadParts} from './read-lab.ts';

export interface ApplySpec {
  readonly labs: Labs;
  readonly record: LabRecord;
  readonly topology: Topology;
  readonly start: StartSpec;
}

/** What would be done. */
export function planApplication({record, topology}: ApplySpec): Promise<LabChanges> {
  return withParts(parts => planChanges(parts, record, topology));
}

/**
 * Makes a lab that is up into another topology. What both have stays as it is, programs and connections included. Who fails goes back to
 * what the lab was; who is cut off leaves the intent in the record, and the next apply compares with that too.
 */
export async function applyLab(spec: ApplySpec): Promise<LabChanges> {
  const {labs, record, topology} = spec;
  if (record.pid === 1)
    throw new TnetError('ERR_BAD_REQUEST', `Cannot change lab "${record.name}" from inside; leave its shell first`);
  return withParts(async parts => {
    const changes = await planChanges(parts, record, topology);
    const {pending: _, ...settled} = record;
    if (!isNothing(changes)) {
      saveBoth(labs, {...record, pending: topology});
      const more = await converge(parts, {record, topology}, changes).catch(cause => goBack(parts, spec, cause));
      await endNodes(parts, spec, changes.goneNodes);
      await restartAll(spec, changes);
      saveBoth(labs, {...settled, topology});
      return {...changes, ops: [...changes.ops, ...more]};
    }
    saveBoth(labs, {...settled, topology});
    return changes;
  });
}

/** Ends and starts the programs of nodes; their links stay as they are. */
export async function restartNodes(
  {record, start}: Pick<ApplySpec, 'record' | 'start'>,
  names: readonly string[],
): Promise<void> {
  const known = record.topology.nodes.map(each => each.name);
  for (const name of names)
    if (!known.includes(name))
      throw new TnetError(
        'ERR_BAD_REQUEST',
        `No node "${name}" in lab "${record.name}"; there are ${known.join(', ')}`,
      );
  for (const node of record.topology.nodes) if (names.includes(node.name)) await restartPrograms(record, node, start);
}

async function withParts<T>(job: (parts: ReadParts) => Promise<T>): Promise<T> {
  const native = loadNative();
  const sockets = createSockets(native);
  try {
    return await job({native, sockets});
  } finally {
    sockets.close();
  }
}

interface Goal {
  readonly record: LabRecord;
  readonly topology: Topology;
}

/** The kernel takes routes away with addresses, IPv6 addresses with links that go down: what is missing after the first round comes again. */
const maxRounds = 4;

/** Everything but what cannot be taken back. Resolves to the operations of the rounds after the first. */
async function converge(parts: ReadParts, {record, topology}: Goal, first: LabChanges): Promise<readonly Op[]> {
  await makeNodes(parts, record, first.newNodes);
  await executeInLab(parts, first.ops);
  const more: Op[] = [];
  for (let round = 1; round < maxRounds; round++) {
    const {ops, impairs} = await planChanges(parts, record, topology);
    if (ops.length === 0) {
      await impairLinks(record, impairs);
      break;
    }
    await executeInLab(parts, ops);
    more.push(...ops);
  }
  return more;
}

async function makeNodes(parts: ReadParts, {pid}: LabRecord, nodes: readonly string[]): Promise<void> {
  await pinNodes('pin', pid, nodes);
  if (nodes.length > 0)
    keepBridgesPlain(
      parts,
      nodes.map(node => namespaceOf(pid, node)),
    );
}

/** The same way to what the lab was, from wherever it is now. Always throws. */
async function goBack(parts: ReadParts, spec: ApplySpec, cause: Error): Promise<never> {
  const {labs, record, topology} = spec;
  const before = {...record, pending: topology};
  try {
    const changes = await planChanges(parts, before, record.topology);
    await converge(parts, {record: before, topology: record.topology}, changes);
    await endNodes(parts, spec, changes.goneNodes);
    saveBoth(labs, record);
  } catch (second) {
    const message = `${cause.message}; and going back failed: ${(second as Error).message}; the next \`tnet lab apply\` goes on from here`;
    throw new AggregateError([cause, second], message, {cause});
  }
  throw new TnetError('ERR_KERNEL', `${cause.message}; lab "${record.name}" is as it was`, {cause});
}

const endTries = 20;
const lookMs = 10;

/** Whatever runs in a node ends with it: a program would keep its namespace. */
async function endNodes({sockets}: ReadParts, {record, start}: ApplySpec, nodes: readonly string[]): Promise<void> {
  const {pid} = record;
  for (const node of nodes) {
    await stopPrograms(record, node, start);
    const path = namespaceOf(pid, node);
    const {ino} = statSync(path);
    for (let tries = 0; tries < endTries; tries++) {
      const pids = pidsIn(ino);
      if (pids.length === 0) break;
      for (const each of pids) kill(each);
      await sleep(lookMs);
    }
    sockets.release(path);
  }
  await pinNodes('unpin', pid, nodes);
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // it has just ended
  }
}

async function restartAll({record, topology, start}: ApplySpec, {restarts}: LabChanges): Promise<void> {
  for (const name of restarts) {
    const node = topology.nodes.find(each => each.name === name);
    await stopPrograms(record, name, start);
    if (node === undefined) continue;
    if (isContainer(node)) await removeContainer(record, name, start); // somebody was cut off before he could note it
    await startPrograms(record, node, start);
  }
}
