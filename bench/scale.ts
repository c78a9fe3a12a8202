/**
 * How the daemon's networks scale, in one run and in namespaces of their own: attach at N against attach at 1, 5,000 published
 * ports, a network's attachments taken away at once against one RTM_DELLINK, and a restart. As root: node dist/bench/scale.js [N]
 */
import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import type {Kernel} from '../src/kernel/kernel.ts';
import {loadNative} from '../src/kernel/native.ts';
import {openKernel} from '../src/kernel/open-kernel.ts';
import type {Attachment} from '../src/model/attachment.ts';
import {type PortMapping, parsePortMapping} from '../src/model/port-mapping.ts';
import {createController} from '../src/network/controller.ts';
import {isOurGroup} from '../src/network/drivers/driver.ts';
import {tnetTable} from '../src/network/firewall/nft.ts';
import {createReservations} from '../src/network/reservation.ts';
import {openStore} from '../src/store/store.ts';
import {startFlow} from '../test/fixture/flow.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const count = Number(process.argv[2] ?? 1000);
const samples = 25;
const onePort: PortMapping = {proto: 'tcp', hostIp: null, hostPort: 9999, containerPort: 80, count: 1};

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  execFileSync('unshare', argv, {
    stdio: 'inherit',
    env: {...process.env, TNET_BENCH_HOST: '1', NODE_EXTRA_CA_CERTS: ''},
  });
} else await main();

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-scale-'));
  mkdirSync(join(dir, 'netns'));
  execFileSync('ip', ['link', 'set', 'lo', 'up']);
  let daemon = await startDaemon(dir);
  await measureAttach(daemon, 10);
  await measurePorts(daemon, dir);
  const before = await measureAttach(daemon, samples);
  const all = await daemon.fill(count - samples - 2);
  const full = await measureAttach(daemon, samples);
  const flow = await startFlow({server: all[0]!.sandbox, client: all[1]!.sandbox, to: all[0]!.leases[0]!.address});
  const restarts: number[] = [];
  for (let i = 0; i < 3; i++) {
    daemon.abandon();
    const begin = performance.now();
    daemon = await startDaemon(dir);
    restarts.push(performance.now() - begin);
  }
  const {sent, lost} = await flow.stop();
  console.log(
    `restart with ${count} attachments: ${median(restarts).toFixed(0)} ms (to beat: 1000); of a flow of ${sent} packets ${lost} were lost`,
  );
  const begin = performance.now();
  await daemon.controller.detach(...all.map(({id}) => id));
  const took = performance.now() - begin;
  await daemon.removeSandboxes(all);
  const floor = await measureGroupDelete(daemon, all.length);
  console.log(
    `detach of ${all.length} at once: ${took.toFixed(0)} ms; ip link del group, as many: ${floor.toFixed(0)} ms, ratio ${(took / floor).toFixed(2)} (to beat: 2)`,
  );
  const after = await measureAttach(daemon, samples);
  const low = median([...before, ...after]);
  console.log(
    `attach at 1: ${low.toFixed(2)} ms (${median(before).toFixed(2)} before, ${median(after).toFixed(2)} after)`,
  );
  console.log(
    `attach at ${count}: ${median(full).toFixed(2)} ms, ratio ${(median(full) / low).toFixed(2)} (to beat: 1.5)`,
  );
  await daemon.controller.close();
  rmSync(dir, {recursive: true, force: true});
}

type Daemon = Awaited<ReturnType<typeof startDaemon>>;

async function startDaemon(dir: string) {
  const store = openStore(join(dir, 'tnet.db'));
  const below = openKernel({native: loadNative(), isOurs: isOurGroup, table: tnetTable});
  let unwatch = (): void => {};
  const kernel: Kernel = {
    ...below,
    watch: (...args) => {
      unwatch = below.watch(...args);
      return unwatch;
    },
  };
  const reservations = createReservations(loadNative());
  const controller = await createController({
    store,
    kernel,
    reservations,
    newId: () => randomBytes(32).toString('hex'),
    now: () => new Date(),
    bridge: 'docker0',
    avoided: () => [],
  });
  const attach = async (ports: readonly PortMapping[]): Promise<Attachment> => {
    const owner = randomBytes(6).toString('hex');
    const sandbox = join(dir, 'netns', owner);
    await controller.createSandbox(sandbox);
    const rest = {ifname: 'eth0', addresses: [], mac: null, names: [], gatewayPriority: 0, options: {}};
    return controller.attach({...rest, network: 'bridge', sandbox, owner, ports});
  };
  return {
    controller,
    attach,
    async fill(n: number): Promise<Attachment[]> {
      const made: Attachment[] = [];
      for (let i = 0; i < n; i++) made.push(await attach([{...onePort, hostPort: 10_000 + i}]));
      return made;
    },
    async removeSandboxes(attachments: readonly Attachment[]): Promise<void> {
      for (const {sandbox} of attachments) await controller.removeSandbox(sandbox);
    },
    /** As a crash leaves it. */
    abandon(): void {
      unwatch(); // the dead do not repair
      reservations.close();
      kernel.close();
      store.close();
    },
  };
}

/** Milliseconds of each attach, sandbox included, next to one that stays. One after the other, taken away together afterwards: what a removal leaves the kernel to do must not count. */
async function measureAttach(daemon: Daemon, rounds: number): Promise<number[]> {
  const stays = [await daemon.attach([])];
  const times: number[] = [];
  for (let i = 0; i < rounds; i++) {
    const begin = performance.now();
    const attachment = await daemon.attach([{...onePort, hostPort: 60_000 + i}]);
    times.push(performance.now() - begin);
    stays.push(attachment);
  }
  await daemon.controller.detach(...stays.map(({id}) => id));
  await daemon.removeSandboxes(stays);
  await new Promise(resolve => setTimeout(resolve, 500)); // the kernel's workers
  return times;
}

/** The floor: iproute2, in C, deletes as many of our links with one RTM_DELLINK by group. */
async function measureGroupDelete(daemon: Daemon, links: number): Promise<number> {
  const all = await daemon.fill(links);
  const group = 77;
  const batch = all.map(({hostIfname}) => `link set dev ${hostIfname} group ${group}\n`).join('');
  execFileSync('ip', ['-batch', '-'], {input: batch});
  const begin = performance.now();
  execFileSync('ip', ['link', 'del', 'group', String(group)]);
  const took = performance.now() - begin;
  await daemon.controller.detach(...all.map(({id}) => id));
  await daemon.removeSandboxes(all);
  return took;
}

/** 5,000 ports in three ways on what runs already, next to one port and to the C floor: as many bound sockets and nothing else. */
async function measurePorts(daemon: Daemon, dir: string): Promise<void> {
  const kinds: Readonly<Record<string, PortMapping>> = {
    'one port': onePort,
    'a range that keeps its numbers': parsePortMapping('20000-24999:20000-24999'),
    'a range that shifts': parsePortMapping('20000-24999:30000-34999'),
  };
  const floor = await startPortsFloor(dir);
  const {id, sandbox} = await daemon.attach([]);
  const rows = Object.entries(kinds).map(([name, mapping]) => ({
    name,
    mapping,
    there: [] as number[],
    gone: [] as number[],
  }));
  const bound: number[] = [];
  for (let i = 0; i < 15; i++) {
    bound.push(await floor.bind());
    for (const {mapping, there, gone} of rows) {
      there.push(await timed(() => daemon.controller.publish(id, mapping)));
      gone.push(await timed(() => daemon.controller.unpublish(id, mapping)));
    }
  }
  floor.stop();
  await daemon.controller.detach(id);
  await daemon.controller.removeSandbox(sandbox);
  console.log(`5,000 bound sockets in C: ${median(bound).toFixed(1)} ms`);
  for (const {name, there, gone} of rows)
    console.log(
      `${name.padEnd(32)} published in ${median(there).toFixed(1).padStart(6)} ms (${(median(there) / median(bound)).toFixed(2)} of the floor), taken back in ${median(gone).toFixed(1).padStart(6)} ms`,
    );
}

async function timed(job: () => Promise<unknown>): Promise<number> {
  const begin = performance.now();
  await job();
  return performance.now() - begin;
}

async function startPortsFloor(dir: string) {
  const program = join(dir, 'ports');
  execFileSync('cc', ['-O2', '-o', program, join(repository, 'bench/floor/ports.c')]);
  const child = spawn('unshare', ['--net', program, '5000'], {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  return {
    async bind(): Promise<number> {
      child.stdin.write('\n');
      return Number((await lines.next()).value);
    },
    stop: () => child.stdin.end(),
  };
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}
