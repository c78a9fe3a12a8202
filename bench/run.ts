/**
 * What running one command in a new container costs, as a user waits for it: `tnet run --rm host true` next to what is installed
 * of docker, podman, crun and runc, turn by turn in one run; a launch against its floor (bench/launch-floor.ts); and what an idle
 * container holds of memory. Each has a network
 * namespace and places of its own. As root: node dist/bench/run.js [ROUNDS]
 */
import {execFileSync, spawn, spawnSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {type LaunchTimes, measureLaunch} from './launch-floor.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const rounds = Number(process.argv[2] ?? 15);
const idle = 20;
/** Peers that are not installed, but lie unpacked somewhere, are found through TNET_BENCH_PATH. */
const systemPath = `${process.env.TNET_BENCH_PATH ?? '/usr/local/bin'}:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin`;
const env = {PATH: systemPath, HOME: '/root', NODE_EXTRA_CA_CERTS: ''};

interface Contender {
  readonly name: string;
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  stop(): Promise<void>;
}

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  execFileSync('unshare', argv, {
    stdio: 'inherit',
    env: {...env, TNET_BENCH_HOST: '1', TNET_BENCH_PATH: process.env.TNET_BENCH_PATH},
  });
} else await main();

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-run-'));
  execFileSync('sh', ['-c', 'mount -t tmpfs tmpfs /run && ip link set lo up'], {env});
  const rootfs = makeRootfs(dir);
  const contenders: Contender[] = [];
  for (const make of [startTnet, startDocker, startPodman, ociRuntime('crun'), ociRuntime('runc')]) {
    const made = await make(dir, rootfs).catch((error: Error) => error.message);
    if (typeof made === 'string') console.log(`left out: ${made}`);
    else contenders.push(made);
  }
  report(contenders, measure(contenders));
  reportLaunch(await measureLaunch(repository, dir, rounds * 4));
  reportMemory(contenders[0]!);
  for (const {stop} of contenders) await stop();
  rmSync(dir, {recursive: true, force: true});
}

/** Busybox alone, so that no peer needs a registry. */
function makeRootfs(dir: string): string {
  const rootfs = join(dir, 'rootfs');
  for (const folder of ['bin', 'proc', 'sys', 'dev', 'etc', 'tmp', 'run'])
    mkdirSync(join(rootfs, folder), {recursive: true});
  execFileSync('sh', ['-c', `cp "$(command -v busybox)" ${rootfs}/bin/busybox && ln -s busybox ${rootfs}/bin/true`], {
    env,
  });
  execFileSync('tar', ['-C', rootfs, '-cf', join(dir, 'rootfs.tar'), '.'], {env});
  return rootfs;
}

async function startTnet(dir: string): Promise<Contender> {
  const own = {...env, TNET_ROOT: join(dir, 'tnet'), TNET_RUN_ROOT: '/run/tnet'};
  const argv = [process.execPath, join(repository, 'dist/bin/tnet.cjs')];
  return {
    name: 'tnet run',
    argv: [...argv, 'run', '--rm', 'host', 'true'],
    env: own,
    stop: async () => void call([...argv, 'daemon', 'stop'], own),
  };
}

/** Its own dockerd, in a network namespace of its own: it too wants docker0. */
async function startDocker(dir: string): Promise<Contender> {
  if (!isThere('dockerd')) throw new Error('docker: no dockerd here (apt-get install docker.io)');
  const socket = '/run/docker-bench.sock';
  const own = {...env, DOCKER_HOST: `unix://${socket}`};
  const places = ['--data-root', join(dir, 'docker'), '--exec-root', '/run/docker', '--pidfile', '/run/docker.pid'];
  const daemon = spawn('unshare', ['--net', 'dockerd', '-H', `unix://${socket}`, ...places], {env, stdio: 'ignore'});
  const stop = async (): Promise<void> => {
    daemon.kill('SIGTERM');
    await new Promise(resolve => daemon.once('exit', resolve));
  };
  for (let i = 0; i < 150 && call(['docker', 'info'], own).code !== 0; i++) await sleep(200);
  const imported = call(['docker', 'import', join(dir, 'rootfs.tar'), 'bench'], own);
  const tried = call(['docker', 'run', '--rm', 'bench', '/bin/true'], own);
  if (imported.code === 0 && tried.code === 0)
    return {name: 'docker run', argv: ['docker', 'run', '--rm', 'bench', '/bin/true'], env: own, stop};
  await stop();
  throw new Error(`docker: ${imported.stderr || tried.stderr}`.trim());
}

/** Without a network: what Debian's podman does to make one is in bench/plugins. */
async function startPodman(dir: string, rootfs: string): Promise<Contender> {
  if (!isThere('podman')) throw new Error('podman: not installed');
  const places = ['--root', join(dir, 'podman'), '--runroot', '/run/podman', '--cgroup-manager', 'cgroupfs'];
  const runtime = ['--runtime', isThere('runc') ? 'runc' : 'crun'];
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  const run = ['run', '--rm', '--network', 'none', ...limits, '--rootfs', rootfs, '/bin/true'];
  return tried({
    name: 'podman run, no network',
    argv: ['podman', ...places, ...runtime, ...run],
    env,
    stop: async () => {},
  });
}

/** The runtime alone: no image, no network, no daemon, no log. */
function ociRuntime(name: string): (dir: string, rootfs: string) => Promise<Contender> {
  return async (dir, rootfs) => {
    if (!isThere(name)) throw new Error(`${name}: not installed`);
    const bundle = join(dir, name);
    mkdirSync(bundle);
    execFileSync(name, ['spec', '--bundle', bundle], {env});
    const path = join(bundle, 'config.json');
    const spec = JSON.parse(readFileSync(path, 'utf8')) as {process: object; root: object};
    const process_ = {...spec.process, terminal: false, args: ['/bin/true'], rlimits: []};
    writeFileSync(path, JSON.stringify({...spec, process: process_, root: {path: rootfs, readonly: true}}));
    const manager = name === 'crun' ? ['--cgroup-manager=disabled'] : []; // it takes no hybrid cgroups
    const argv = [name, '--root', `/run/${name}`, ...manager, 'run', '--bundle', bundle, 'bench'];
    return tried({name: `${name} run, no network`, argv, env, stop: async () => {}});
  };
}

function tried(contender: Contender): Contender {
  const {code, stderr} = call(contender.argv, contender.env);
  if (code !== 0) throw new Error(`${contender.name}: ${stderr.trim().split('\n').at(-1)}`);
  return contender;
}

function isThere(program: string): boolean {
  return systemPath.split(':').some(folder => existsSync(join(folder, program)));
}

function call([command = '', ...args]: readonly string[], environment: Readonly<Record<string, string>>) {
  const {status, stdout, stderr} = spawnSync(command, args, {
    encoding: 'utf8',
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  return {code: status ?? 1, stdout: stdout ?? '', stderr: stderr ?? ''};
}

function measure(contenders: readonly Contender[]): readonly (readonly number[])[] {
  const times: number[][] = contenders.map(() => []);
  for (let i = 0; i < rounds + 2; i++)
    for (const [at, {name, argv, env: environment}] of contenders.entries()) {
      const begin = performance.now();
      const {code, stderr} = call(argv, environment);
      if (code !== 0) throw new Error(`${name}: exit ${code}: ${stderr}`);
      if (i >= 2) times[at]!.push(performance.now() - begin); // the first ones warm up
    }
  return times;
}

function report(contenders: readonly Contender[], times: readonly (readonly number[])[]): void {
  const ours = at(times[0] ?? [], 0.5);
  console.log(`${rounds} rounds, turn by turn, ms wall   min  median     p90  tnet's share`);
  for (const [i, {name}] of contenders.entries()) {
    const row = [0, 0.5, 0.9].map(share => at(times[i]!, share).toFixed(0).padStart(8)).join('');
    console.log(`${name.padEnd(30)}${row}${(ours / at(times[i]!, 0.5)).toFixed(2).padStart(14)}`);
  }
}

/** The value below which `share` of them are. */
function at(values: readonly number[], share: number): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
}

function reportLaunch({shimUs, floorUs}: LaunchTimes): void {
  const row = (values: readonly number[]): string =>
    [0, 0.5, 0.9].map(share => (at(values, share) / 1000).toFixed(2).padStart(8)).join('');
  console.log(`clone3 to execve, ${shimUs.length} turns, ms     min  median     p90`);
  console.log(`${'tnet-shim'.padEnd(30)}${row(shimUs)}`);
  console.log(`${'bench/floor/launch.c'.padEnd(30)}${row(floorUs)}`);
  console.log(`tnet-shim takes ${(at(shimUs, 0.5) / at(floorUs, 0.5)).toFixed(2)} times the floor (goal: 2)`);
}

/** PSS of what stays with an idle container: its shim. The daemon is one for all. */
function reportMemory({argv, env: environment}: Contender): void {
  const tnet = argv.slice(0, 2);
  const ids = Array.from({length: idle}, () =>
    call([...tnet, 'run', '-d', '--network', 'none', 'host', 'sleep', '600'], environment).stdout.trim(),
  );
  const sizes = ids.map(id => {
    const [{State}] = JSON.parse(call([...tnet, 'inspect', id], environment).stdout) as [{State: {Pid: number}}];
    const parent = /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${State.Pid}/status`, 'utf8'))![1];
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${parent}/smaps_rollup`, 'utf8'))![1]);
  });
  call([...tnet, 'rm', '-f', ...ids], environment);
  const mean = sizes.reduce((sum, size) => sum + size, 0) / sizes.length;
  console.log(`shim of an idle container, mean of ${idle}: ${(mean / 1024).toFixed(2)} MiB PSS (to beat: 1.5)`);
}
