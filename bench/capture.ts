/**
 * How many packets of a flood `tnet capture -w` brings to a file, and how many `tcpdump -w`, at the same loads, one after
 * the other in the same sandbox; both filter in the kernel and write to a tmpfs. Everything in namespaces of its own. As
 * root: node dist/bench/capture.js [SECONDS A RUN]
 */
import {type ChildProcess, execFileSync, spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import {fileURLToPath} from 'node:url';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const tnet = join(repository, 'dist/bin/tnet.cjs');
const seconds = Number(process.argv[2] ?? 2);
const loads = [
  {bytes: 64, rate: 50_000},
  {bytes: 64, rate: 150_000},
  {bytes: 64, rate: 1_000_000},
  {bytes: 1400, rate: 100_000},
  {bytes: 1400, rate: 1_000_000},
] as const;
const filter = 'udp and dst port 9';

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const env = {...process.env, TNET_BENCH_HOST: '1', NODE_EXTRA_CA_CERTS: ''};
  execFileSync('unshare', argv, {stdio: 'inherit', env});
} else await main();

interface Bench {
  readonly dir: string;
  readonly flood: string;
  /** Process of the container that is flooded. */
  readonly pid: string;
  readonly env: NodeJS.ProcessEnv;
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  execFileSync('sh', ['-c', `mount -t tmpfs tmpfs ${dir} && ip link set lo up`]);
  const env = {...process.env, TNET_ROOT: join(dir, 'root'), TNET_RUN_ROOT: join(dir, 'run')};
  const flood = join(dir, 'flood');
  execFileSync('cc', ['-O2', '-o', flood, join(repository, 'bench/floor/flood.c')]);
  execFileSync('node', [tnet, 'run', '-d', '--name', 'target', 'host', 'sleep', '1000'], {env});
  try {
    const [{State}] = JSON.parse(execFileSync('node', [tnet, 'inspect', 'target'], {env, encoding: 'utf8'}));
    await compare({dir, flood, pid: String(State.Pid), env});
  } finally {
    execFileSync('node', [tnet, 'rm', '-f', 'target'], {env});
    execFileSync('node', [tnet, 'daemon', 'stop'], {env});
    execFileSync('umount', ['--lazy', dir]);
    rmSync(dir, {recursive: true});
  }
}

async function compare(bench: Bench): Promise<void> {
  console.log(
    'UDP payload, asked packets/s    tcpdump: sent/s  captured        tnet: sent/s  captured    ratio of the shares',
  );
  for (const load of loads) {
    const [theirs, ours] = [await measure(bench, load, startTcpdump), await measure(bench, load, startTnet)];
    const cell = ({sent, captured}: Measured): string =>
      `${Math.round(sent / seconds)
        .toString()
        .padStart(10)} ${percent(captured / sent)}`;
    const ratio = ours.captured / ours.sent / (theirs.captured / theirs.sent);
    const name = `${load.bytes} bytes`.padStart(10) + `${load.rate}`.padStart(12);
    console.log(`${name}          ${cell(theirs)}            ${cell(ours)}          ${ratio.toFixed(2)}`);
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`.padStart(9);
}

interface Measured {
  readonly sent: number;
  readonly captured: number;
}

type Start = (bench: Bench, file: string) => ChildProcess;

async function measure(bench: Bench, {bytes, rate}: (typeof loads)[number], start: Start): Promise<Measured> {
  const file = join(bench.dir, 'packets');
  const capture = start(bench, file);
  const said = text(capture.stderr!);
  await once(capture.stderr!, 'data');
  await sleep(200);
  const flood = spawn(bench.flood, ['172.17.0.2', String(bytes), String(rate), String(seconds)]);
  const sent = Number(await text(flood.stdout));
  await sleep(500);
  capture.kill('SIGINT');
  const captured = Number(/(\d+) packets captured/.exec(await said)?.[1]);
  rmSync(file);
  return {sent, captured};
}

/** With as much buffer as ours, in KiB. */
function startTcpdump({pid}: Bench, file: string): ChildProcess {
  const args = ['-n', '-t', pid, 'tcpdump', '-i', 'eth0', '-B', '32768', '-w', file, filter];
  return spawn('nsenter', args, {stdio: ['ignore', 'ignore', 'pipe']});
}

function startTnet({env}: Bench, file: string): ChildProcess {
  const args = [tnet, 'capture', 'target', '-i', 'eth0', '-w', file, filter];
  return spawn('node', args, {env, stdio: ['ignore', 'ignore', 'pipe']});
}
