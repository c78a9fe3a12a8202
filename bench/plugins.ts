/**
 * CNI's bridge and portmap with one published port, by tnet-plugin and by the reference plugins, in one run: ADD and DEL of
 * one more container beside N attached ones, and 50 by 8 callers. As root: node dist/bench/plugins.js [N…]
 * Each kind has a host of its own, network and mount namespaces; commands are started by the same spawn. With TNET_BENCH_JSON the
 * medians are written to that file too, for bench/plot.ts.
 */
import {execFile, execFileSync} from 'node:child_process';
import {existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {median, timed} from './timing.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const reference = '/usr/lib/cni';
const counts = process.argv.slice(2).map(Number);
const sizes = counts.length > 0 ? counts : [0, 100, 500, 1000];
const samples = 11;

type Kind = 'tnet' | 'reference';
type Verb = 'ADD' | 'DEL';
type Json = Readonly<Record<string, unknown>>;

/** Medians, in ms. */
interface Row {
  readonly n: number;
  readonly kind: Kind;
  readonly add: number;
  readonly del: number;
}

interface Report {
  readonly rows: readonly Row[];
  readonly parallel: {readonly add: number; readonly del: number};
}

const role = process.env.TNET_BENCH_ROLE as Kind | undefined;
if (role === undefined) main();
else console.log(JSON.stringify(await measure(role)));

function main(): void {
  const kinds: readonly Kind[] = existsSync(`${reference}/bridge`) ? ['tnet', 'reference'] : ['tnet'];
  if (kinds.length === 1)
    console.log(`no ${reference}/bridge: apt-get install containernetworking-plugins for the other side`);
  const reports = new Map(kinds.map(kind => [kind, inHost(kind)]));
  print(reports.get('tnet')!, reports.get('reference'));
  const file = process.env.TNET_BENCH_JSON;
  if (file) writeFileSync(file, `${JSON.stringify(Object.fromEntries(reports), null, 2)}\n`);
}

function inHost(kind: Kind): Report {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const env = {...process.env, TNET_BENCH_ROLE: kind, NODE_EXTRA_CA_CERTS: ''};
  return JSON.parse(execFileSync('unshare', argv, {encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit']}));
}

function print(ours: Report, theirs: Report | undefined): void {
  console.log('| N | verb | tnet ms | reference ms | ratio |\n|---|---|---|---|---|');
  const line = (n: number | string, verb: string, [mine, other]: readonly [number, number | undefined]): void => {
    const rest = other === undefined ? '| | |' : `| ${other.toFixed(1)} | ${(mine / other).toFixed(3)} |`;
    console.log(`| ${n} | ${verb} | ${mine.toFixed(1)} ${rest}`);
  };
  for (const [i, row] of ours.rows.entries()) {
    line(row.n, 'ADD', [row.add, theirs?.rows[i]?.add]);
    line(row.n, 'DEL', [row.del, theirs?.rows[i]?.del]);
  }
  line('8 × 50', 'ADD, all', [ours.parallel.add, theirs?.parallel.add]);
  line('8 × 50', 'DEL, all', [ours.parallel.del, theirs?.parallel.del]);
  const [first, last] = [ours.rows[0]!, ours.rows.at(-1)!];
  console.log(
    `tnet at N=${last.n} against N=${first.n}: ADD ${(last.add / first.add).toFixed(2)}, DEL ${(last.del / first.del).toFixed(2)}`,
  );
}

async function measure(kind: Kind): Promise<Report> {
  execFileSync('sh', [
    '-c',
    'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up && mount -t tmpfs tmpfs /var/lib/cni 2>/dev/null || true',
  ]);
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  const chain = makeChain(kind, dir);
  await chain.add('warm');
  await chain.del('warm');
  // First: a bridge has 1,023 ports.
  const parallel = await measureParallel(chain);
  const rows: Row[] = [];
  let attached = 0;
  for (const n of sizes) {
    while (attached < n) await chain.add(`fill${attached++}`);
    rows.push({n, kind, ...(await medians(chain, n))});
  }
  if (kind === 'tnet') process.kill(Number(execFileSync('cat', [join(dir, 'run/tnet.pid')], {encoding: 'utf8'})));
  rmSync(dir, {recursive: true, force: true});
  return {rows, parallel};
}

async function medians(chain: Chain, n: number): Promise<Pick<Row, 'add' | 'del'>> {
  const [adds, dels]: [number[], number[]] = [[], []];
  for (let i = 0; i < samples; i++) {
    chain.sandbox(`n${n}s${i}`);
    adds.push(await timed(() => chain.add(`n${n}s${i}`)));
    dels.push(await timed(() => chain.del(`n${n}s${i}`)));
  }
  return {add: median(adds), del: median(dels)};
}

async function measureParallel(chain: Chain): Promise<{add: number; del: number}> {
  const ids = Array.from({length: 50}, (_, i) => `p${i}`);
  for (const id of ids) chain.sandbox(id);
  const byEight = (job: (id: string) => Promise<void>) => async (): Promise<void> => {
    const queue = [...ids];
    const work = async (): Promise<void> => {
      for (let id = queue.shift(); id !== undefined; id = queue.shift()) await job(id);
    };
    await Promise.all(Array.from({length: 8}, work));
  };
  return {add: await timed(byEight(chain.add)), del: await timed(byEight(chain.del))};
}

interface Chain {
  /** Its namespace; made at add when it is not there. */
  sandbox(id: string): string;
  add(id: string): Promise<void>;
  del(id: string): Promise<void>;
}

function makeChain(kind: Kind, dir: string): Chain {
  const bin = join(dir, 'bin');
  mkdirSync(bin);
  const target = (name: string): string =>
    kind === 'tnet' ? join(repository, 'build/Release/tnet-plugin') : join(reference, name);
  for (const name of ['bridge', 'portmap', 'host-local']) symlinkSync(target(name), join(bin, name));
  const sandboxes = new Map<string, {netns: string; port: number}>();
  const place = (id: string): {netns: string; port: number} => {
    const known = sandboxes.get(id);
    if (known) return known;
    const made = {netns: `/run/netns/${id}`, port: 10_000 + sandboxes.size};
    execFileSync('ip', ['netns', 'add', id]);
    sandboxes.set(id, made);
    return made;
  };
  const call = (type: string, verb: Verb, id: string, config: Json): Promise<Json | undefined> =>
    run(join(bin, type), JSON.stringify({cniVersion: '1.0.0', name: 'bench', type, ...config}), {
      PATH: process.env.PATH ?? '',
      TNET_ROOT: join(dir, 'root'),
      TNET_RUN_ROOT: join(dir, 'run'),
      CNI_PATH: bin,
      CNI_COMMAND: verb,
      CNI_CONTAINERID: id,
      CNI_NETNS: place(id).netns,
      CNI_IFNAME: 'eth0',
    });
  const bridge = {
    bridge: 'cni-bench',
    isGateway: true,
    ipMasq: true,
    hairpinMode: true,
    ipam: {type: 'host-local', subnet: '10.88.0.0/16', dataDir: join(dir, 'ipam'), routes: [{dst: '0.0.0.0/0'}]},
  };
  const ports = (id: string): Json => ({
    runtimeConfig: {portMappings: [{hostPort: place(id).port, containerPort: 80, protocol: 'tcp'}]},
  });
  const results = new Map<string, Json | undefined>();
  return {
    sandbox: id => place(id).netns,
    async add(id) {
      const prevResult = await call('bridge', 'ADD', id, bridge);
      results.set(id, await call('portmap', 'ADD', id, {...ports(id), prevResult}));
    },
    async del(id) {
      const prevResult = results.get(id);
      await call('portmap', 'DEL', id, {...ports(id), prevResult});
      await call('bridge', 'DEL', id, {...bridge, prevResult});
    },
  };
}

function run(program: string, input: string, env: NodeJS.ProcessEnv): Promise<Json | undefined> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, {env}, (error, stdout) => {
      if (error !== null) reject(new Error(`${program}: ${stdout}`, {cause: error}));
      else resolve(stdout === '' ? undefined : (JSON.parse(stdout) as Json));
    });
    child.stdin?.end(input);
  });
}
