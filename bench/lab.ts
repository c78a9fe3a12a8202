/**
 * `tnet lab up` and `down` of N nodes on a bridge, side by side in one run with a C program that asks the kernel for the same
 * things and nothing else (bench/floor/lab.c), with `ip -batch`, and with Mininet where it is installed. Times are whole
 * commands, the start of node, Python and ip included; best of the rounds, as others may be at work. A round begins when the
 * kernel has done away with the namespaces of the one before. Everything is in namespaces of its own.
 * As root: node dist/bench/lab.js [--mininet MAX_NODES] [--rounds N] [NODES...]
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';
import {parseArgs} from 'node:util';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const {values: flags, positionals} = parseArgs({
  allowPositionals: true,
  options: {mininet: {type: 'string', default: '100'}, rounds: {type: 'string', default: '3'}},
});
const sizes = positionals.length > 0 ? positionals.map(Number) : [100, 1000];
// npm puts a foreign `nft` into node_modules/.bin; NODE_EXTRA_CA_CERTS costs a Node 20 start 30 ms, and nothing here.
const env = {...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin', NODE_EXTRA_CA_CERTS: ''};

interface Times {
  readonly upMs: number;
  readonly downMs: number;
}

interface Contender {
  readonly name: string;
  /** Why it does not run with so many nodes; null: it does. */
  refusal(nodes: number): string | null;
  run(nodes: number, dir: string): Promise<Times>;
}

async function main(): Promise<void> {
  execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', '/run']);
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-lab-'));
  try {
    execFileSync('cc', ['-O2', '-o', join(dir, 'floor'), join(repository, 'bench/floor/lab.c')]);
    for (const nodes of sizes) await compare(nodes, dir);
    await measureReset(dir);
  } finally {
    rmSync(dir, {recursive: true, force: true});
  }
}

async function compare(nodes: number, dir: string): Promise<void> {
  const runners = contenders.filter(({name, refusal}) => {
    const reason = refusal(nodes);
    if (reason !== null) console.log(`${name} is left out at ${nodes} nodes: ${reason}`);
    return reason === null;
  });
  const results = new Map<string, Times[]>(runners.map(({name}) => [name, []]));
  for (let round = 0; round < Number(flags.rounds); round++)
    for (const {name, run} of runners) {
      if (name === 'Mininet' && round > 0) continue; // minutes, and not close
      const before = liveNamespaces();
      results.get(name)!.push(await run(nodes, dir));
      await settled(before);
    }
  report(nodes, results);
}

/** SLUB rounds to whole slabs of 7. */
const slack = 16;
const settleTimeoutMs = 120_000;

/** The kernel tears namespaces down after the last process is gone, and holds the rtnl lock meanwhile. */
async function settled(before: number): Promise<void> {
  const deadline = performance.now() + settleTimeoutMs;
  while (liveNamespaces() > before + slack && performance.now() < deadline) await sleep(100);
}

function liveNamespaces(): number {
  const row = readFileSync('/proc/slabinfo', 'utf8').match(/^net_namespace\s+(\d+)/m);
  return Number(row?.[1] ?? 0);
}

function report(nodes: number, results: ReadonlyMap<string, readonly Times[]>): void {
  const best = (name: string, key: keyof Times): number => Math.min(...results.get(name)!.map(each => each[key]));
  const floor = {up: best('C, raw rtnetlink', 'upMs'), down: best('C, raw rtnetlink', 'downMs')};
  console.log(`\n${nodes} nodes on a bridge, best of ${flags.rounds}, ms`);
  console.log(`${''.padEnd(20)}      up  / floor    down  / floor`);
  for (const name of results.keys()) {
    const [up, down] = [best(name, 'upMs'), best(name, 'downMs')];
    const cell = (ms: number, least: number): string =>
      `${ms.toFixed(0).padStart(8)} ${(ms / least).toFixed(2).padStart(8)}`;
    console.log(`${name.padEnd(20)}${cell(up, floor.up)}${cell(down, floor.down)}`);
  }
  if (!results.has('Mininet')) return;
  const times = (key: keyof Times): string => (best('Mininet', key) / best('tnet lab', key)).toFixed(0);
  console.log(`Mininet takes ${times('upMs')} times as long up, ${times('downMs')} times down`);
}

const took = async (job: () => Promise<unknown>): Promise<number> => {
  const begin = performance.now();
  await job();
  return performance.now() - begin;
};

/** A program that says a line when it is up, and ends when its stdin does. */
async function upAndDown(command: readonly string[]): Promise<Times> {
  let child: ChildProcess | undefined;
  const upMs = await took(async () => {
    child = spawn(command[0]!, command.slice(1), {stdio: ['pipe', 'pipe', 'inherit'], env});
    for await (const line of createInterface({input: child.stdout!})) if (line === 'up') return;
    throw new Error(`"${command.join(' ')}" ended before it was up`);
  });
  const downMs = await took(async () => {
    child!.stdin!.end();
    await once(child!, 'exit');
  });
  return {upMs, downMs};
}

async function run(command: readonly string[], more: Readonly<Record<string, string>> = {}): Promise<void> {
  const child = spawn(command[0]!, command.slice(1), {stdio: ['ignore', 'ignore', 'inherit'], env: {...env, ...more}});
  const [code] = (await once(child, 'exit')) as [number];
  if (code !== 0) throw new Error(`"${command.join(' ').slice(0, 100)}" ended with ${code}`);
}

const floor: Contender = {
  name: 'C, raw rtnetlink',
  refusal: () => null,
  run: (nodes, dir) => upAndDown(['unshare', '--net', join(dir, 'floor'), `${nodes}`]),
};

function tnet(dir: string, ...words: readonly string[]): Promise<void> {
  const roots = {TNET_ROOT: join(dir, 'root'), TNET_RUN_ROOT: join(dir, 'run'), HOME: dir};
  return run([process.execPath, join(repository, 'dist/bin/tnet.cjs'), 'lab', ...words], roots);
}

const ours: Contender = {
  name: 'tnet lab',
  refusal: () => null,
  async run(nodes, dir) {
    const file = join(dir, 'topology.yaml');
    const networks = 'networks: {lan: {subnet: 10.50.0.0/16, gateway: host}}';
    writeFileSync(file, `name: bench\n${networks}\nnodes: {"c[1-${nodes}]": {net: lan}}\n`);
    const upMs = await took(() => tnet(dir, 'up', file));
    const downMs = await took(() => tnet(dir, 'down', 'bench'));
    return {upMs, downMs};
  },
};

/** One batch on the host and one in each namespace: fewer calls of ip(8) there cannot be. */
const ip: Contender = {
  name: 'ip -batch',
  refusal: () => null,
  async run(nodes, dir) {
    const names = Array.from({length: nodes}, (_, i) => `c${i + 1}`);
    const host = names.flatMap(name => [
      `netns add ${name}`,
      `link add ${name} up master lan type veth peer name eth0 netns ${name}`,
    ]);
    writeFileSync(join(dir, 'host.batch'), ['link add lan up type bridge', ...host].join('\n'));
    const inside = (i: number): string =>
      [
        'link set lo up',
        'link set eth0 up',
        `addr add 10.50.${(i + 2) >> 8}.${(i + 2) & 255}/16 dev eth0`,
        'route add default via 10.50.0.1',
      ].join('\\n');
    const lines = names.map((name, i) => `printf '${inside(i)}' | ip -n ${name} -batch -`);
    writeFileSync(join(dir, 'up.sh'), ['set -e', `ip -batch ${dir}/host.batch`, ...lines, 'echo up', 'cat'].join('\n'));
    writeFileSync(join(dir, 'down.batch'), names.map(name => `netns del ${name}`).join('\n'));
    const {upMs} = await upAndDown(['unshare', '--net', 'sh', join(dir, 'up.sh')]);
    const downMs = await took(() => run(['ip', '-batch', join(dir, 'down.batch')]));
    return {upMs, downMs};
  },
};

/** fixLimits() would write eleven sysctls of this machine and never put them back. */
const python = `
import sys
import mininet.net
from mininet.topo import SingleSwitchTopo
from mininet.nodelib import LinuxBridge
mininet.net.fixLimits = lambda: None
net = mininet.net.Mininet(topo=SingleSwitchTopo(int(sys.argv[1])), switch=LinuxBridge, controller=None, waitConnected=False)
net.start()
print("up", flush=True)
sys.stdin.read()
net.stop()
`;

const mininet: Contender = {
  name: 'Mininet',
  refusal(nodes) {
    if (!existsSync('/usr/bin/mn')) return 'it is not installed (apt-get install mininet bridge-utils)';
    if (!existsSync('/usr/sbin/brctl') && !existsSync('/sbin/brctl')) return 'brctl is not (bridge-utils)';
    return nodes > Number(flags.mininet) ? `minutes; say --mininet ${nodes}` : null;
  },
  async run(nodes, dir) {
    const script = join(dir, 'single-switch.py');
    writeFileSync(script, python);
    return upAndDown(['unshare', '--net', '/usr/bin/python3', script, `${nodes}`]);
  },
};

const contenders: readonly Contender[] = [floor, ours, ip, mininet];

/** What a learner waits for after `tnet lab reset`. */
async function measureReset(dir: string): Promise<void> {
  mkdirSync(join(dir, 'state'));
  await tnet(dir, 'start', 'default-route');
  const times: number[] = [];
  for (let i = 0; i < 5; i++) times.push(await took(() => tnet(dir, 'reset')));
  await tnet(dir, 'stop');
  const list = times.map(ms => ms.toFixed(0)).join(' ');
  console.log(`\nreset of the exercise default-route: best ${Math.min(...times).toFixed(0)} ms of ${list} (goal 300)`);
}

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  execFileSync('unshare', argv, {stdio: 'inherit', env: {...env, TNET_BENCH_HOST: '1'}});
} else await main();
