import {readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {isContainer, removeContainer, restartContainer, runContainer, type StartSpec} from './container-node.ts';
import {enterCollecting, startInBackground} from './holder/enter.ts';
import type {LabRecord} from './labs.ts';
import {placeIn} from './place.ts';
import {hostNode, type TopologyNode} from './topology/topology.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** What a node runs, and the sessions in which it does, lie in the lab's own /run. */
const fileOf = ({pid}: LabRecord, node: string): string => `/proc/${pid}/root/run/lab/run/${node}`;

/** What is compared to tell whether a node runs what it is to run. */
export function programsOf(node: TopologyNode): readonly string[] {
  return isContainer(node) ? [`${imageMark}${node.image}`, ...node.run] : node.run;
}

const imageMark = 'image ';

/** Starts what a node is to `run`, or the container that it is, and notes that it was, last: who is cut off starts it again. */
export async function startPrograms(record: LabRecord, node: TopologyNode, spec: StartSpec): Promise<void> {
  const programs = programsOf(node);
  if (programs.length === 0) return;
  if (isContainer(node)) await runContainer(record, node, spec);
  else for (const script of node.run) await startInBackground(placeIn(record, node.name, spec.env), script);
  writeFileSync(fileOf(record, node.name), JSON.stringify(programs));
}

/** The commands that were started on a node and not stopped since. */
export function startedOn(record: LabRecord, node: string): readonly string[] {
  try {
    return JSON.parse(readFileSync(fileOf(record, node), 'utf8')) as readonly string[];
  } catch {
    return [];
  }
}

/** Between a polite end and a hard one. */
const politeMs = 2000;
const lookMs = 10;

/** Ends the sessions of a node's `run`: what a learner started there goes on. Its links stay, the namespace is nobody's. */
export async function stopPrograms(record: LabRecord, node: string, spec: StartSpec): Promise<void> {
  if (startedOn(record, node)[0]?.startsWith(imageMark)) await removeContainer(record, node, spec);
  else await endSessions(record, node, spec.env);
  for (const file of [fileOf(record, node), `${fileOf(record, node)}.sessions`]) rmSync(file, {force: true});
}

/** A container stays the same one, with what it has written. */
export async function restartPrograms(record: LabRecord, node: TopologyNode, spec: StartSpec): Promise<void> {
  if (isContainer(node) && startedOn(record, node.name).join() === programsOf(node).join())
    return restartContainer(record, node.name, spec);
  await stopPrograms(record, node.name, spec);
  await startPrograms(record, node, spec);
}

async function endSessions(record: LabRecord, node: string, env: Env): Promise<void> {
  const sessions = sessionsOf(record, node);
  const deadline = performance.now() + politeMs;
  for (const signal of ['TERM', 'KILL'] as const) {
    const pids = membersOf(record, sessions);
    if (pids.length > 0) await send(record, {signal, pids, env});
    while (signal === 'TERM' && membersOf(record, sessions).length > 0 && performance.now() < deadline)
      await sleep(lookMs);
  }
}

function sessionsOf(record: LabRecord, node: string): ReadonlySet<string> {
  try {
    return new Set(
      readFileSync(`${fileOf(record, node)}.sessions`, 'utf8')
        .trim()
        .split('\n'),
    );
  } catch {
    return new Set();
  }
}

/** Numbers in the lab's PID namespace, as the /proc that is mounted there says them. */
function membersOf({pid}: LabRecord, sessions: ReadonlySet<string>): readonly string[] {
  const proc = `/proc/${pid}/root/proc`;
  if (sessions.size === 0) return [];
  return readdirSync(proc).filter(name => /^\d+$/.test(name) && sessions.has(sessionOf(`${proc}/${name}/stat`)));
}

/** Field 6; '' for what is gone, or dead and not yet reaped. */
function sessionOf(path: string): string {
  try {
    const [state, , , session = ''] = readFileSync(path, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return state === 'Z' ? '' : session;
  } catch {
    return '';
  }
}

interface Signal {
  readonly signal: 'TERM' | 'KILL';
  readonly pids: readonly string[];
  readonly env: Env;
}

async function send(record: LabRecord, {signal, pids, env}: Signal): Promise<void> {
  const script = `kill -${signal} ${pids.join(' ')} 2>/dev/null; :`;
  await enterCollecting(placeIn(record, hostNode, env), ['sh', '-c', script], politeMs);
}
