/**
 * podman's netavark and tnet-plugin under its name, in one run: setup and teardown of one more container beside N that are
 * attached, with one published port; and of a first one with a range of 5,000, to the same
 * numbers and to others. As root: node dist/bench/netavark.js [N…]
 * Each kind has a host of its own, network and mount namespaces; commands are started by the same spawn.
 */
import {execFile, execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {median, timed} from './timing.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const reference = join(process.env.TNET_PEER_PATH ?? '/usr/lib/podman', 'netavark');
const counts = process.argv.slice(2).map(Number);
const sizes = counts.length > 0 ? counts : [0, 100];
const samples = 11;
const one = {containerPort: 80, range: 1};

type Kind = 'tnet' | 'reference';

/** Medians, in ms. */
interface Row {
  readonly what: string;
  readonly setup: number;
  readonly teardown: number;
}

const role = process.env.TNET_BENCH_ROLE as Kind | undefined;
if (role === undefined) main();
else console.log(JSON.stringify(await measure(role)));

function main(): void {
  const theirs = existsSync(reference) ? inHost('reference') : undefined;
  if (theirs === undefined) console.log(`no ${reference}: apt-get install netavark, or its folder in TNET_PEER_PATH`);
  console.log('| attached | verb | tnet ms | netavark ms | ratio |\n|---|---|---|---|---|');
  for (const [i, row] of inHost('tnet').entries())
    for (const verb of ['setup', 'teardown'] as const) {
      const other = theirs?.[i]?.[verb];
      const rest = other === undefined ? '| |' : `${other.toFixed(1)} | ${(row[verb] / other).toFixed(3)} |`;
      console.log(`| ${row.what} | ${verb} | ${row[verb].toFixed(1)} | ${rest}`);
    }
}

function inHost(kind: Kind): readonly Row[] {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  const env = {...process.env, TNET_BENCH_ROLE: kind, NODE_EXTRA_CA_CERTS: ''};
  return JSON.parse(execFileSync('unshare', argv, {encoding: 'utf8', env, stdio: ['ignore', 'pipe', 'inherit']}));
}

async function measure(kind: Kind): Promise<readonly Row[]> {
  execFileSync('sh', ['-c', 'mount -t tmpfs tmpfs /run && mkdir /run/netns && ip link set lo up']);
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  const program = join(dir, 'netavark');
  symlinkSync(kind === 'tnet' ? join(repository, 'build/Release/tnet-plugin') : reference, program);
  const env = {PATH: process.env.PATH ?? '', TNET_ROOT: join(dir, 'root'), TNET_RUN_ROOT: join(dir, 'run')};
  const call: Call = (verb, number, ports) =>
    run(program, {verb, env, config: join(dir, 'config')}, podman(number, ports));
  await call('setup', 1, one);
  await call('teardown', 1, one);
  const rows = [
    await medians(call, {what: '0, 5,000 ports', first: 1, ports: {containerPort: 10_000, range: 5000}}),
    await medians(call, {what: '0, 5,000 to others', first: 1, ports: {containerPort: 1000, range: 5000}}),
  ];
  let attached = 0;
  for (const n of sizes) {
    while (attached < n) await call('setup', ++attached, one);
    rows.push(await medians(call, {what: String(n), first: attached + 1, ports: one}));
  }
  if (kind === 'tnet') process.kill(Number(readFileSync(join(dir, 'run/tnet.pid'), 'utf8')));
  rmSync(dir, {recursive: true, force: true});
  return rows;
}

/** At host port 10000 and what follows, or beside it where others are attached. */
interface Ports {
  readonly containerPort: number;
  readonly range: number;
}

/** Sets up or tears down a container, by its number. */
type Call = (verb: 'setup' | 'teardown', number: number, ports: Ports) => Promise<void>;

async function medians(
  call: Call,
  {what, first, ports}: {readonly what: string; readonly first: number; readonly ports: Ports},
): Promise<Row> {
  const [setups, teardowns]: [number[], number[]] = [[], []];
  for (let i = 0; i < samples; i++) {
    netnsOf(first + i);
    setups.push(await timed(() => call('setup', first + i, ports)));
    teardowns.push(await timed(() => call('teardown', first + i, ports)));
  }
  return {what, setup: median(setups), teardown: median(teardowns)};
}

/** What podman says of a container on one network of its own. */
function podman(number: number, {containerPort, range}: Ports) {
  const id = String(number).padStart(64, 'c');
  const host_port = range > 1 ? 10_000 : 10_000 + number;
  const port = {container_port: containerPort, host_ip: '', host_port, protocol: 'tcp', range};
  return {
    netns: netnsOf(number),
    container_id: id,
    container_name: `c${number}`,
    port_mappings: [port],
    networks: {bench: {interface_name: 'eth0', static_ips: [`10.89.${1 + (number >> 8)}.${number & 255}`]}},
    network_info: {
      bench: {
        name: 'bench',
        id: 'b'.repeat(64),
        driver: 'bridge',
        network_interface: 'podman9',
        subnets: [{subnet: '10.89.0.0/16', gateway: '10.89.255.254'}],
        ipv6_enabled: false,
        internal: false,
        dns_enabled: false,
        ipam_options: {driver: 'host-local'},
      },
    },
  };
}

/** Made when it is not there. */
function netnsOf(number: number): string {
  const path = `/run/netns/c${number}`;
  if (!existsSync(path)) execFileSync('ip', ['netns', 'add', `c${number}`]);
  return path;
}

interface Command {
  readonly verb: string;
  readonly env: NodeJS.ProcessEnv;
  /** Folder of what netavark remembers. */
  readonly config: string;
}

function run(
  program: string,
  {verb, env, config}: Command,
  {netns, ...input}: ReturnType<typeof podman>,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = execFile(program, ['--config', config, verb, netns], {env}, (error, stdout, stderr) => {
      if (error === null) resolve();
      else reject(new Error(`netavark ${verb}: ${stdout}${stderr}`, {cause: error}));
    });
    child.stdin?.end(JSON.stringify(input));
  });
}
