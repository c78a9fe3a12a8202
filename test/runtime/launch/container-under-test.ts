import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {detectCgroups} from '../../../src/runtime/cgroup/cgroup.ts';
import {defaultCapabilities} from '../../../src/runtime/launch/capabilities.ts';
import {isolated} from '../../../src/runtime/launch/isolation.ts';
import {type Launched, launch} from '../../../src/runtime/launch/launch.ts';
import {planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import type {LaunchSettings, OverlayRootfs, RunSpec} from '../../../src/runtime/launch/run-spec.ts';
import {connectShim, type ExitRecord, type ShimConnection} from '../../../src/runtime/launch/shim-client.ts';

/** Everything a test file makes lies below this. */
export const base = mkdtempSync(join(tmpdir(), 'tnet-launch-'));

const noRoot = process.getuid?.() === 0 ? '' : 'needs root';
/** Of the machine, where the kernel tests run; null when it has none. */
export const unifiedRoot = detectCgroups().unified;
export const noUnified = unifiedRoot === null ? 'needs a unified cgroup hierarchy' : '';

/** One that cannot run says so in its title. */
export function kernelTest(title: string, body: (t: ExecutionContext) => Promise<void>, obstacle = ''): void {
  const reason = noRoot || obstacle;
  if (reason === '') test(title, body);
  else test.skip(`${title} (${reason})`, body);
}

/** As a container has them for which nothing was asked. */
export const plainSettings: LaunchSettings = {
  user: '',
  groups: [],
  sysctls: [],
  rlimits: [],
  oomScoreAdj: null,
  shmSizeBytes: 64 * 1024 * 1024,
  devices: [],
  initPath: null,
};

/** Of an image. */
export interface LayeredSpec extends RunSpec {
  readonly rootfs: OverlayRootfs;
}

export type Change = Partial<LayeredSpec> & {readonly shell?: string};

/** A container of this machine's own files. `shell` is what its /bin/sh does. */
export function makeSpec({shell = 'true', ...change}: Change = {}): LayeredSpec {
  const dir = mkdtempSync(join(base, 'c-'));
  for (const name of ['state', 'upper', 'work', 'rootfs']) mkdirSync(join(dir, name));
  return {
    id: dir.slice(-6),
    stateDir: join(dir, 'state'),
    socketPath: join(dir, 'shim.sock'),
    rootfs: {lower: ['/'], upper: join(dir, 'upper'), work: join(dir, 'work'), target: join(dir, 'rootfs')},
    netns: null,
    cgroupDir: null,
    args: ['sh', '-c', shell],
    env: ['PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', 'HOME=/root'],
    cwd: '/',
    hostname: 'box',
    binds: [],
    mounts: [],
    masks: [],
    capabilities: defaultCapabilities,
    settings: plainSettings,
    confinement: {noNewPrivileges: false, seccomp: null},
    isolation: isolated,
    openStdin: false,
    silent: false,
    tty: null,
    log: {rotation: null},
    ...change,
  };
}

export interface Running extends Launched {
  /** Connected and subscribed since before the first instruction. */
  readonly shim: ShimConnection;
  readonly output: {stdout: string; stderr: string};
}

export async function start(spec: RunSpec): Promise<Running> {
  const output = {stdout: '', stderr: ''};
  let shim: ShimConnection | undefined;
  const launched = await launch(planLaunch(spec), {
    async beforeGo() {
      shim = await connectShim(spec.socketPath);
      shim.subscribe(frame => {
        output[frame[0] === 1 ? 'stdout' : 'stderr'] += frame.toString('utf8', 8);
      });
    },
  });
  return {...launched, shim: shim!, output};
}

export interface Result {
  readonly exit: ExitRecord | null;
  readonly stdout: string;
  readonly stderr: string;
}

export async function run(spec: RunSpec): Promise<Result> {
  const {shim, output} = await start(spec);
  return {exit: await shim.exited, ...output};
}

/** What a shell prints in a container, which must end with 0. */
export async function inside(t: ExecutionContext, shell: string, change: Partial<LayeredSpec> = {}): Promise<string> {
  const {exit, stdout, stderr} = await run(makeSpec({shell, ...change}));
  t.is(exit?.exitCode, 0, stderr);
  return stdout;
}

export interface LogRecord {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
}

export function readLog({stateDir}: RunSpec): LogRecord[] {
  const lines = readFileSync(join(stateDir, 'container.log'), 'utf8').split('\n').slice(0, -1);
  return lines.map(line => JSON.parse(line) as LogRecord);
}

/** Pids whose command line names something below `path`. */
export function processesOf(path: string): number[] {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter(name => readIfThere(`/proc/${name}/cmdline`).includes(path))
    .map(Number);
}

export function isAlive(pid: number): boolean {
  return existsSync(`/proc/${pid}`) && !/^State:\s+Z/m.test(readIfThere(`/proc/${pid}/status`));
}

/** False when it did not come true in time. */
export async function eventually(condition: () => boolean, timeoutMs = 10_000): Promise<boolean> {
  for (const end = Date.now() + timeoutMs; Date.now() < end; await sleep(5)) if (condition()) return true;
  return false;
}

function readIfThere(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test.after.always('nothing is left behind', async t => {
  t.true(await eventually(() => processesOf(base).length === 0), `still there: ${processesOf(base)}`);
  t.notRegex(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(base));
  rmSync(base, {recursive: true});
});
