import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import test, {type ExecutionContext} from 'ava';
import {
  type CgroupHost,
  detectCgroups,
  joinCgroup,
  killCgroup,
  removeCgroup,
} from '../../../src/runtime/cgroup/cgroup.ts';
import {hierarchies} from '../../../src/runtime/cgroup/tree.ts';

export const host = detectCgroups();

/** The same machine as one that has no unified hierarchy. */
export const v1Only: CgroupHost = {...host, mode: 'v1', unified: null};

/** Everything a test file makes lies below this, apart from every other file's. */
export const parent = `tnet-test-${process.pid}`;

/** Where a cgroup lies, in each hierarchy. */
export const placesOf = (path: string, where = host): readonly string[] =>
  hierarchies(where).map(root => join(root, path));

export const existing = (path: string, where = host): readonly string[] =>
  placesOf(path, where).filter(dir => existsSync(dir));

/** Why this machine cannot run a test; '' when it can. */
export type Obstacle = string;

export const noRoot: Obstacle = process.getuid?.() === 0 ? '' : 'needs root';
export const noCgroups: Obstacle = noRoot || (host.mode === 'none' ? 'needs writable cgroups' : '');
export const noV1: Obstacle = noCgroups || (host.controllers.has('freezer') ? '' : 'needs v1 controllers');
export const noV2: Obstacle = noCgroups || (host.mode === 'v2' ? '' : 'needs v2 controllers: run in test/vm');

type Body = (t: ExecutionContext) => Promise<void> | void;

/** In turn, since they measure; one that cannot run says so in its title. */
export function kernelTest(obstacle: Obstacle, title: string, body: Body): void {
  if (obstacle === '') test.serial(title, t => orCleanUp(t, body));
  else test.skip(`${title} (${obstacle})`, body);
}

/** After a failure alone: what a success leaves behind is for the leak check to find. */
async function orCleanUp(t: ExecutionContext, body: Body): Promise<void> {
  try {
    await body(t);
  } catch (error) {
    for (const where of [host, v1Only]) {
      await killCgroup(where, parent);
      await removeCgroup(where, parent);
    }
    throw error;
  }
}

export interface Inside {
  readonly child: ChildProcess;
  readonly pid: number;
  /** Standard output and error, complete when it has ended. */
  readonly output: Promise<string>;
  /** `code 0`, `SIGKILL`. */
  readonly end: Promise<string>;
}

/** Starts a shell that waits, puts it into the cgroup, lets it become `command`: what the shim's gate is for. */
export async function runInside(path: string, command: string, where: CgroupHost = host): Promise<Inside> {
  const child = spawn('/bin/sh', ['-c', `read go; exec 2>&1; ${command}`], {stdio: ['pipe', 'pipe', 'inherit']});
  await once(child, 'spawn');
  const pid = child.pid ?? 0;
  joinCgroup(where, path, pid);
  // In a container CLONE_INTO_CGROUP has done this.
  if (where.unified !== null) writeFileSync(join(where.unified, path, 'cgroup.procs'), String(pid));
  child.stdin.end('go\n');
  const end = once(child, 'exit').then(([code, signal]) => String(signal ?? `code ${code}`));
  return {child, pid, output: text(child.stdout), end};
}
