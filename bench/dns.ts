/**
 * What a name of a container costs by UDP, asked from inside its sandbox at 127.0.0.11:53, against a bare dgram server that
 * echoes the query in the same process and the same sandbox, turn by turn in one run. As root: node dist/bench/dns.js [N]
 */
import {execFileSync, spawn} from 'node:child_process';
import {createSocket} from 'node:dgram';
import {once} from 'node:events';
import {mkdtempSync, openSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import {encode} from 'dns-packet';
import {loadNative} from '../src/kernel/native.ts';
import {parseIp} from '../src/model/ip.ts';
import {createDnsServers} from '../src/network/dns/server.ts';
import type {Zone} from '../src/network/dns/zone.ts';

const rounds = Number(process.argv[2] ?? 5000);
const warmUp = 500;
const hosts = 1000;
/** About as many hosts as a bridge has ports. */
const zone: Zone = {
  networks: [
    {
      name: 'bench',
      hosts: Array.from({length: hosts}, (_, i) => ({
        names: [`host${i}`, `alias${i}`],
        addresses: [parseIp(`10.0.${i >> 8}.${i & 255}`)],
      })),
    },
  ],
  forwards: false,
};

if (process.env.TNET_BENCH_ROLE === 'client') await client(Number(process.argv[3]));
else if (process.env.TNET_BENCH_ROLE === 'host') await main();
else {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  execFileSync('unshare', argv, {stdio: 'inherit', env: environment('host')});
}

/** NODE_EXTRA_CA_CERTS costs a Node 20 start 30 ms, and nothing here. */
function environment(role: 'host' | 'client'): NodeJS.ProcessEnv {
  return {...process.env, TNET_BENCH_ROLE: role, NODE_EXTRA_CA_CERTS: ''};
}

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  const sandbox = join(dir, 'netns');
  const native = loadNative();
  native.pinNetns(sandbox);
  execFileSync('nsenter', [`--net=${sandbox}`, 'ip', 'link', 'set', 'lo', 'up']);
  const servers = createDnsServers({native, zoneOf: () => zone, log: console.error});
  await servers.open(sandbox, {upstreams: [], ndots: 0});
  const floor = openFloor(sandbox);
  const script = fileURLToPath(import.meta.url);
  const argv = [`--net=${sandbox}`, process.execPath, script, String(rounds), String(floor.port)];
  const child = spawn('nsenter', argv, {stdio: ['ignore', 'pipe', 'inherit'], env: environment('client')});
  report(JSON.parse(await text(child.stdout)));
  floor.close();
  servers.closeAll();
  native.unpinNetns(sandbox);
  rmSync(dir, {recursive: true, force: true});
}

/** The least a server in Node can do: receive, send back. */
function openFloor(sandbox: string): {port: number; close: () => void} {
  const spec = {type: 'udp', ip: '127.0.0.11', port: 0, listen: false, dropAll: false} as const;
  const {fd, port} = loadNative().openSocket(spec, openSync(sandbox, 'r'));
  const socket = createSocket('udp4');
  socket.on('message', (bytes, from) => socket.send(bytes, from.port, from.address));
  socket.bind({fd});
  return {port, close: () => socket.close()};
}

interface Times {
  readonly ours: number[];
  readonly floor: number[];
}

/** One query after the other, ours and the floor in turn; microseconds as JSON on stdout. */
async function client(floorPort: number): Promise<void> {
  const ours = await connect(53);
  const floor = await connect(floorPort);
  const times: Times = {ours: [], floor: []};
  for (let i = 0; i < rounds + warmUp; i++) {
    const query = encode({type: 'query', id: i & 0xffff, questions: [{name: `host${i % hosts}.bench`, type: 'A'}]});
    const sample = {ours: await ask(ours, query), floor: await ask(floor, query)};
    if (i < warmUp) continue;
    times.ours.push(sample.ours);
    times.floor.push(sample.floor);
  }
  ours.close();
  floor.close();
  process.stdout.write(JSON.stringify(times));
}

async function connect(port: number) {
  const socket = createSocket('udp4');
  socket.connect(port, '127.0.0.11');
  await once(socket, 'connect');
  return socket;
}

function ask(socket: ReturnType<typeof createSocket>, query: Buffer): Promise<number> {
  return new Promise(resolve => {
    const begin = performance.now();
    socket.once('message', () => resolve((performance.now() - begin) * 1000));
    socket.send(query);
  });
}

function report({ours, floor}: Times): void {
  const at = (values: readonly number[], share: number): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
  const row = (name: string, values: readonly number[]): string =>
    [name.padEnd(24), ...[0.5, 0.99].map(share => at(values, share).toFixed(0).padStart(8))].join('');
  const ratio = (share: number): string => (at(ours, share) / at(floor, share)).toFixed(2);
  console.log(
    `${rounds} queries each, turn by turn, ${hosts} hosts on the network, µs\n${''.padEnd(24)}     p50     p99`,
  );
  console.log(row('echo, bare dgram', floor));
  console.log(row('tnet DNS', ours));
  console.log(`ratio: ${ratio(0.5)} at p50, ${ratio(0.99)} at p99`);
}
