/**
 * What an attach costs in the daemon, against a C program that makes the same kernel objects with plain netlink sockets
 * (bench/floor/attach.c), turn by turn in one run. Both work in namespaces of their own. As root: node dist/bench/attach.js [N]
 */
import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {once} from 'node:events';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {loadNative} from '../src/kernel/native.ts';
import {openKernel} from '../src/kernel/open-kernel.ts';
import {createController} from '../src/network/controller.ts';
import {isOurGroup} from '../src/network/drivers/driver.ts';
import {tnetTable} from '../src/network/firewall/nft.ts';
import {createReservations} from '../src/network/reservation.ts';
import {openStore} from '../src/store/store.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const rounds = Number(process.argv[2] ?? 200);
const warmUp = 20;

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  // NODE_EXTRA_CA_CERTS costs a Node 20 start 30 ms, and nothing here.
  const env = {...process.env, TNET_BENCH_HOST: '1', NODE_EXTRA_CA_CERTS: ''};
  execFileSync('unshare', argv, {stdio: 'inherit', env});
} else await main();

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  const floor = await startFloor(dir);
  const ours = await startOurs(dir);
  const times: {ours: number[]; floor: number[]} = {ours: [], floor: []};
  for (let i = 0; i < rounds + warmUp; i++) {
    const sample = {ours: await ours.attach(i), floor: await floor.attach()};
    if (i < warmUp) continue;
    times.ours.push(sample.ours);
    times.floor.push(sample.floor);
  }
  report(times);
  floor.stop();
  await ours.stop();
  rmSync(dir, {recursive: true, force: true});
}

async function startOurs(dir: string) {
  const store = openStore(join(dir, 'tnet.db'));
  const namespaces = join(dir, 'netns');
  mkdirSync(namespaces);
  const kernel = openKernel({native: loadNative(), isOurs: isOurGroup, table: tnetTable});
  const newId = (): string => randomBytes(32).toString('hex');
  const parts = {
    store,
    kernel,
    reservations: createReservations(loadNative()),
    newId,
    now: () => new Date(),
    bridge: 'docker0',
    avoided: () => [],
  };
  const controller = await createController(parts);
  return {
    /** Milliseconds for sandbox, veth, bridge port, address, route, one published port, carrier, and the store's two writes. */
    async attach(i: number): Promise<number> {
      const sandbox = join(namespaces, `s${i}`);
      const ports = [{proto: 'tcp', hostIp: null, hostPort: 10_000 + i, containerPort: 80, count: 1}] as const;
      const begin = performance.now();
      await controller.createSandbox(sandbox);
      await controller.attach({
        network: 'bridge',
        sandbox,
        owner: `bench${i}`,
        ifname: 'eth0',
        addresses: [],
        mac: null,
        ports,
        names: [],
        gatewayPriority: 0,
        options: {},
      });
      return performance.now() - begin;
    },
    async stop(): Promise<void> {
      for (const {id, sandbox} of controller.attachmentsOf({})) {
        await controller.detach(id);
        await controller.removeSandbox(sandbox);
      }
      await controller.close();
      store.close();
    },
  };
}

async function startFloor(dir: string) {
  const program = join(dir, 'floor');
  execFileSync('cc', ['-O2', '-o', program, join(repository, 'bench/floor/attach.c')]);
  const setUp = [
    'ip link add br0 type bridge && ip addr add 10.88.0.1/16 dev br0 && ip link set br0 up && nft add table inet bench',
    "nft add map inet bench published '{ type inet_proto . inet_service : ipv4_addr . inet_service; }'",
    `mkdir ${dir}/pins && mount -t tmpfs tmpfs ${dir}/pins && exec ${program} ${dir}/pins`,
  ].join(' && ');
  // npm puts a foreign `nft` into node_modules/.bin.
  const env = {...process.env, PATH: '/usr/sbin:/usr/bin:/sbin:/bin'};
  const child = spawn('unshare', ['--net', '--mount', 'sh', '-c', setUp], {stdio: ['pipe', 'pipe', 'inherit'], env});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  await once(child, 'spawn');
  return {
    async attach(): Promise<number> {
      child.stdin.write('\n');
      const {value, done} = await lines.next();
      if (done) throw new Error('the floor program ended early');
      return Number(value) / 1000;
    },
    stop: () => child.stdin.end(),
  };
}

function report({ours, floor}: {ours: readonly number[]; floor: readonly number[]}): void {
  const at = (values: readonly number[], share: number): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
  const row = (name: string, values: readonly number[]): string =>
    [name.padEnd(24), ...[0.1, 0.5, 0.9].map(share => at(values, share).toFixed(2).padStart(8))].join('');
  console.log(`${rounds} attaches each, turn by turn, ms\n${''.padEnd(24)}     p10  median     p90`);
  console.log(row('C, plain netlink', floor));
  console.log(row('tnet daemon', ours));
  console.log(`ratio of the medians: ${(at(ours, 0.5) / at(floor, 0.5)).toFixed(2)} (to beat: 3)`);
}
