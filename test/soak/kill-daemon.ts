/**
 * Containers, networks, connections, ports and limits come and go while the daemon is killed at random moments; after every restart
 * nothing is leaked, nothing is leased twice, and whoever should run is reached. `npm run soak [-- STEPS [SEED]]`, as root.
 */
import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeHost, run} from '../fixture/host.ts';
import {cgroupParent, makeTnet} from '../fixture/tnet.ts';
import {check} from './check.ts';
import {
  type Actor,
  addContainer,
  addPort,
  type Command,
  connect,
  createNetwork,
  disconnect,
  forget,
  limit,
  pick,
  removeContainer,
  removeNetwork,
  removePort,
} from './commands.ts';
import {mulberry} from './random.ts';
import type {World} from './wanted.ts';

const total = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const atMost = 10;

const random = mulberry(seed);
makeHost();
const tnet = makeTnet();
const world: World = {containers: new Map(), networks: new Set(['lan'])};
let [kills, made] = [0, 0];
const actor: Actor = {tnet, world, random, next: () => made++};

console.log(`soak: ${total} steps, seed ${seed}`);
let left: readonly string[] = [];
try {
  await soak();
} finally {
  left = await tnet.end();
}
assert.deepEqual(left, []);
assert.equal(run('ip -o link show type veth; ip -o link show type bridge; nft list tables'), '');
console.log(`soak: ${total} steps, ${kills} kills, nothing left`);

async function soak(): Promise<void> {
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('run', '-d', '--name', 'anchor', 'host', 'sleep', '100000');
  const cgroup = await cgroupParent(tnet, 'anchor');
  for (let i = 1; i <= total; i++) {
    const killing = random() < 0.5 ? killSoon() : Promise.resolve();
    const name = await step();
    await killing;
    if (i % 10 === 0 || i === total)
      await check(tnet, world, cgroup).catch(cause => {
        throw new Error(`after step ${i} (${name}), seed ${seed}: ${(cause as Error).message}`, {cause});
      });
    if (i % 10 === 0)
      console.log(`  ${i}: ${world.containers.size} containers, ${world.networks.size} networks, ${kills} kills`);
  }
  for (const name of ['anchor', ...world.containers.keys()]) await forget(tnet, name);
  for (const name of world.networks) await tnet.ok('network', 'rm', name);
}

/** Something that can be done; its name. */
async function step(): Promise<string> {
  const {size} = world.containers;
  const containers = size < 3 ? [addContainer] : size >= atMost ? [removeContainer] : [addContainer, removeContainer];
  const live = [connect, connect, disconnect, addPort, removePort, limit, createNetwork, removeNetwork];
  for (;;) {
    const command: Command = pick(random, random() < 0.4 || size < 2 ? containers : live)!;
    if (await command(actor)) return command.name;
  }
}

async function killSoon(): Promise<void> {
  await sleep(random() * 250);
  try {
    process.kill(tnet.daemonPid(), 'SIGKILL');
    kills++;
  } catch {} // between two daemons there is none
}
