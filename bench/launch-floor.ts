/**
 * What tnet-shim needs from clone3 to execve, measured by itself, against bench/floor/launch.c, which makes the same system calls
 * plainly: without resolving paths inside, checking what it has opened, and reading a program. Turn by turn in one run.
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {release} from 'node:os';
import {join} from 'node:path';
import type {Readable, Writable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import {shimPath} from '../src/kernel/native.ts';
import {defaultCapabilities} from '../src/runtime/launch/capabilities.ts';
import {isolated} from '../src/runtime/launch/isolation.ts';
import {planLaunch} from '../src/runtime/launch/plan-launch.ts';
import {encodeProgram} from '../src/runtime/launch/program.ts';
import type {OverlayRootfs, RunSpec} from '../src/runtime/launch/run-spec.ts';
import {seccompFilter} from '../src/runtime/launch/seccomp/filter.ts';

export interface LaunchTimes {
  readonly shimUs: readonly number[];
  readonly floorUs: readonly number[];
}

/** The kernel takes the mounts of one turn away after it has ended; the next is not to wait for that. */
const settleMs = 50;

/** `repository` has the source of the floor; all is made below `dir`. As root, in a mount namespace of one's own. */
export async function measureLaunch(repository: string, dir: string, rounds: number): Promise<LaunchTimes> {
  const floor = join(dir, 'launch-floor');
  execFileSync('cc', ['-O2', '-static', '-o', floor, join(repository, 'bench/floor/launch.c')]);
  const shimUs: number[] = [];
  const floorUs: number[] = [];
  for (let i = -2; i < rounds; i++) {
    const turns = [
      async () => keep(shimUs, i, await launchShim(makePlaces(dir))),
      async () => keep(floorUs, i, launchFloor(floor, makePlaces(dir))),
    ];
    for (const turn of i % 2 === 0 ? turns : turns.reverse()) {
      await turn();
      await sleep(settleMs);
    }
  }
  return {shimUs, floorUs};
}

/** The first ones warm up. */
function keep(times: number[], turn: number, us: number): void {
  if (turn >= 0) times.push(us);
}

/** Fresh for each turn: a directory that is there already need not be made. */
function makePlaces(dir: string): string {
  const places = mkdtempSync(join(dir, 'launch-'));
  for (const name of ['state', 'upper', 'work', 'rootfs']) mkdirSync(join(places, name));
  for (const name of ['hosts', 'hostname', 'resolv.conf']) writeFileSync(join(places, name), '127.0.0.1\n');
  return places;
}

/** Docker's default profile for this kernel, in hex. */
function filter(): string {
  const [major = 0, minor = 0] = release().split('.').map(Number);
  return seccompFilter(null, {machine: process.arch, kernel: [major, minor], capabilities: defaultCapabilities});
}

function specOf(places: string): RunSpec & {readonly rootfs: OverlayRootfs} {
  const at = (name: string): string => join(places, name);
  return {
    id: 'bench',
    stateDir: at('state'),
    socketPath: at('shim.sock'),
    rootfs: {lower: ['/'], upper: at('upper'), work: at('work'), target: at('rootfs')},
    netns: null,
    cgroupDir: null,
    args: ['/bin/true'],
    env: ['PATH=/usr/sbin:/usr/bin:/sbin:/bin'],
    cwd: '/',
    hostname: 'bench',
    binds: ['hosts', 'hostname', 'resolv.conf'].map(name => ({
      source: at(name),
      target: `/etc/${name}`,
      readonly: false,
    })),
    mounts: [],
    masks: ['/etc/shadow', '/etc/gshadow'],
    capabilities: defaultCapabilities,
    settings: {
      user: '',
      groups: [],
      sysctls: [],
      rlimits: [],
      oomScoreAdj: null,
      shmSizeBytes: 64 * 1024 * 1024,
      devices: [],
      initPath: null,
    },
    confinement: {noNewPrivileges: false, seccomp: filter()},
    isolation: isolated,
    openStdin: false,
    silent: false,
    tty: null,
    log: {rotation: null},
  };
}

/** The gate is open from the beginning: nobody is waited for between clone3 and execve. */
async function launchShim(places: string): Promise<number> {
  const shim = spawn(shimPath(), [], {env: {}, stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'pipe', 'pipe']});
  const [program, status, gate] = shim.stdio.slice(3) as [Writable, Readable, Writable];
  gate.on('error', () => {}); // it may have ended
  gate.write('g');
  program.end(encodeProgram(planLaunch(specOf(places))));
  const told = await text(status);
  gate.destroy();
  if (shim.exitCode === null) await new Promise(resolve => shim.once('exit', resolve));
  rmSync(places, {recursive: true, force: true});
  const us = /"launchUs":(\d+)/.exec(told)?.[1];
  if (us === undefined) throw new Error(`the shim did not start: ${told}`);
  return Number(us);
}

function launchFloor(floor: string, places: string): number {
  const path = join(places, 'filter');
  writeFileSync(path, Buffer.from(filter(), 'hex'));
  const {status, stdout, stderr} = spawnSync(floor, [places, path], {encoding: 'utf8'});
  rmSync(places, {recursive: true, force: true});
  if (status !== 0) throw new Error(`the floor did not start: ${stderr}`);
  return Number(stdout);
}
