/**
 * What counting packets and bytes of published ports costs a packet: a flood of small datagrams from another machine through
 * DNAT into a sandbox, with and without the counting rules, turn by turn. As root: node dist/bench/port-counters.js [ROUNDS]
 */
import {execFileSync, spawn} from 'node:child_process';
import {randomBytes} from 'node:crypto';
import {mkdirSync, mkdtempSync, openSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {dirname, join} from 'node:path';
import {createInterface} from 'node:readline';
import {fileURLToPath} from 'node:url';
import {loadNative, type Native} from '../src/kernel/native.ts';
import {addElements, decodeElements, dumpElements} from '../src/kernel/netlink/nftables/elements.ts';
import {replaceTable} from '../src/kernel/netlink/nftables/objects.ts';
import type {NftElement, NftTable} from '../src/kernel/netlink/nftables/types.ts';
import {openNetlinkSocket} from '../src/kernel/netlink/socket.ts';
import {openKernel} from '../src/kernel/open-kernel.ts';
import type {PortMapping} from '../src/model/port-mapping.ts';
import {createController} from '../src/network/controller.ts';
import {isOurGroup} from '../src/network/drivers/driver.ts';
import {tnetTable} from '../src/network/firewall/nft.ts';
import {trafficChains, trafficElements, trafficSets} from '../src/network/firewall/traffic.ts';
import {createReservations} from '../src/network/reservation.ts';
import {openStore} from '../src/store/store.ts';

const repository = join(dirname(fileURLToPath(import.meta.url)), '../..');
const rounds = Number(process.argv[2] ?? 60);
const warmUp = 5;
/** A multiple of what one sendmmsg sends, as a quarter of it is. */
const packets = 20_480;
const flooded: PortMapping = {proto: 'udp', hostIp: null, hostPort: 9000, containerPort: 9000, count: 1};
const counting = new Set(trafficSets.map(({name}) => name));
const others: PortMapping = {...flooded, hostPort: 10_000, containerPort: 10_000, count: 1000};

if (process.env.TNET_BENCH_HOST === undefined) {
  const argv = ['--net', '--mount', '--propagation', 'private', process.execPath, ...process.argv.slice(1)];
  execFileSync('unshare', argv, {stdio: 'inherit', env: {...process.env, TNET_BENCH_HOST: '1'}});
} else await main();

async function main(): Promise<void> {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bench-'));
  const native = loadNative();
  const socket = openNetlinkSocket({native, protocol: 'netfilter'});
  const stop = await publish(dir, native);
  const flood = startFlood(dir);
  const published = tnetTable.sets.flatMap(set => decodeElements(socket.dump(dumpElements(tnetTable, set)), set));
  const counters = [flooded, others].flatMap(trafficElements);
  const tables = variants();
  const times: Record<string, number[]> = Object.fromEntries(Object.keys(tables).map(name => [name, []]));
  let counted = 0;
  for (let i = 0; i < rounds + warmUp; i++) {
    for (const [name, table] of Object.entries(tables)) {
      socket.batch([...replaceTable(table), ...adding(table, [...published, ...counters])]);
      await flood.send(packets / 4);
      const ns = (await flood.send(packets)) / packets;
      if (i >= warmUp) times[name]!.push(ns);
      counted += arrived(table);
    }
  }
  report(times, counted);
  flood.stop();
  await stop();
  rmSync(dir, {recursive: true, force: true});

  function arrived(table: NftTable): number {
    const set = table.sets.find(({name}) => name === 'traffic-any');
    if (set === undefined) return 0;
    return decodeElements(socket.dump(dumpElements(table, set)), set)
      .filter(({fields}) => fields[1] === '9000')
      .reduce((sum, {counter}) => sum + (counter?.packets ?? 0), 0);
  }
}

/** `no key` shows what of the price is the three expressions that every packet of the machine pays. */
function variants(): Readonly<Record<string, NftTable>> {
  const sets = tnetTable.sets.filter(({name}) => !counting.has(name));
  const chains = tnetTable.chains.filter(({name}) => !trafficChains.some(chain => chain.name === name));
  const maps = sets.map(set => (set.name.startsWith('published') ? {...set, counter: true as const} : set));
  const idle = trafficChains.map(chain => (chain.name === 'traffic' ? {...chain, rules: []} : chain));
  return {
    none: {...tnetTable, sets, chains},
    connections: {...tnetTable, sets: maps, chains},
    'no key': {...tnetTable, sets: [...maps, ...trafficSets], chains: [...chains, ...idle]},
    traffic: {...tnetTable, sets: [...maps, ...trafficSets], chains: [...chains, ...trafficChains]},
  };
}

function adding(table: NftTable, elements: readonly NftElement[]) {
  return table.sets.flatMap(set =>
    addElements(
      table,
      set,
      elements.filter(element => element.set === set.name),
    ),
  );
}

/** A neighbour machine, and a sandbox with a published UDP port whose owner throws everything away. */
async function publish(dir: string, native: Native): Promise<() => Promise<void>> {
  const neighbour = join(dir, 'neighbour');
  const sh = (script: string): unknown => execFileSync('sh', ['-c', script]);
  sh(`touch ${neighbour} && unshare --net=${neighbour} true && ip link set lo up`);
  sh(
    `ip link add eth0 type veth peer name eth0 netns ${neighbour} && ip addr add 192.0.2.1/24 dev eth0 && ip link set eth0 up`,
  );
  sh(`nsenter --net=${neighbour} sh -c 'ip addr add 192.0.2.2/24 dev eth0; ip link set eth0 up'`);
  const kernel = openKernel({native, isOurs: isOurGroup, table: tnetTable});
  const controller = await createController({
    store: openStore(join(dir, 'tnet.db')),
    // Replacing the table must not be repaired.
    kernel: {...kernel, watch: () => () => {}},
    reservations: createReservations(native),
    newId: () => randomBytes(32).toString('hex'),
    now: () => new Date(),
    bridge: 'docker0',
    avoided: () => [],
  });
  mkdirSync(join(dir, 'netns'));
  const sandbox = join(dir, 'netns', 'sink');
  await controller.createSandbox(sandbox);
  const spec = {
    ...{network: 'bridge', sandbox, owner: 'sink', ifname: 'eth0', addresses: [], mac: null, names: []},
    ...{gatewayPriority: 0, options: {}, ports: [flooded, others]},
  };
  const {id} = await controller.attach(spec);
  native.openSocket({type: 'udp', ip: '0.0.0.0', port: 9000, listen: false, dropAll: true}, openSync(sandbox, 'r'));
  return async () => {
    await controller.detach(id).catch(() => {});
    await controller.removeSandbox(sandbox);
    await controller.close();
    sh(`umount ${neighbour}`);
  };
}

/** `send` resolves to the nanoseconds that so many datagrams took. */
function startFlood(dir: string) {
  const program = join(dir, 'flood');
  execFileSync('cc', ['-O2', '-o', program, join(repository, 'bench/floor/udp-flood.c')]);
  const argv = [`--net=${join(dir, 'neighbour')}`, program, '192.0.2.1', '9000'];
  const child = spawn('nsenter', argv, {stdio: ['pipe', 'pipe', 'inherit']});
  const lines = createInterface({input: child.stdout})[Symbol.asyncIterator]();
  return {
    async send(count: number): Promise<number> {
      child.stdin.write(`${count}\n`);
      const {value, done} = await lines.next();
      if (done) throw new Error('the flood program ended early');
      return Number(value);
    },
    stop: () => child.stdin.end(),
  };
}

function report(times: Readonly<Record<string, readonly number[]>>, counted: number): void {
  const at = (values: readonly number[], share: number): number =>
    [...values].sort((a, b) => a - b)[Math.floor(values.length * share)] ?? 0;
  const none = at(times.none!, 0.5);
  console.log(
    `${rounds} rounds of ${packets} datagrams each, turn by turn, ns a packet\n${''.padEnd(16)}     p10  median     p90   ratio`,
  );
  for (const [name, values] of Object.entries(times)) {
    const columns = [0.1, 0.5, 0.9].map(share => at(values, share).toFixed(0).padStart(8));
    console.log([name.padEnd(16), ...columns, (at(values, 0.5) / none).toFixed(3).padStart(8)].join(''));
  }
  const sent = (rounds + warmUp) * packets * 1.25;
  console.log(`counted ${counted} of ${sent} datagrams`);
}
