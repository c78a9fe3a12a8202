/**
 * A thousand `run --rm host true` one after the other, then 200 containers at once: nothing grows, nothing is left.
 * `npm run soak:run [-- RUNS [CROWD]]`, as root.
 */
import assert from 'node:assert/strict';
import {runEach, startStopRemove} from '../fixture/crowd.ts';
import {makeHost} from '../fixture/host.ts';
import {type Memory, memory, probed} from '../fixture/memory.ts';
import {cgroupParent, makeTnet} from '../fixture/tnet.ts';
import {growth, usage} from '../fixture/usage.ts';

const runs = Number(process.argv[2] ?? 1000);
const crowd = Number(process.argv[3] ?? 200);
/**
 * Over the second half of the runs: compiled code and caches have come in the first. Held is 2 KiB a run where the daemon remembers
 * nothing of it; a container kept, with its log and events, would be ten times that. The rest is a net for native memory: V8 keeps up to 40 MiB more or less.
 */
const allowed = {heldKibEach: 8, residentMib: 40};

/** What the daemon has, and the machine for it. */
async function print(when: string): Promise<Memory> {
  const figures = Object.entries(usage(tnet, cgroup)).map(([name, value]) => `${value} ${name}`);
  const now = await memory(tnet);
  console.log(`${when}: ${now.held.toFixed(2)} MiB held, ${now.resident.toFixed(1)} resident, ${figures.join(', ')}`);
  return now;
}

makeHost();
const tnet = makeTnet();
const anchor = await tnet.run(['run', '-d', '--name', 'anchor', 'host', 'sleep', '100000'], {env: probed(tnet)});
assert.equal(anchor.code, 0, anchor.stderr);
const cgroup = await cgroupParent(tnet, 'anchor');
let left: readonly string[] = [];
try {
  await runEach(tnet, 20); // caches, compiled code
  await print('before');
  const before = usage(tnet, cgroup);
  const start = Date.now();
  const half = Math.floor(runs / 2);
  await runEach(tnet, half);
  const middle = await print(`after ${half} runs`);
  await runEach(tnet, runs - half);
  const eachMs = (Date.now() - start) / runs;
  assert.deepEqual(await growth(tnet, cgroup, before), {});
  const end = await print(`after ${runs} runs, ${eachMs.toFixed(0)} ms each`);
  const heldKibEach = ((end.held - middle.held) * 1024) / (runs - half);
  console.log(
    `second half: ${heldKibEach.toFixed(1)} KiB a run held, ${(end.resident - middle.resident).toFixed(1)} MiB resident`,
  );
  assert.ok(heldKibEach < allowed.heldKibEach, `the daemon holds ${heldKibEach} KiB of each run`);
  assert.ok(end.resident - middle.resident < allowed.residentMib, 'the daemon grew');
  assert.equal(await startStopRemove(tnet, crowd, 16), crowd);
  assert.deepEqual(await growth(tnet, cgroup, before), {});
  console.log(`${crowd} containers at once, stopped and removed`);
  await print('after the crowd');
} finally {
  left = await tnet.end();
}
assert.deepEqual(left, []);
