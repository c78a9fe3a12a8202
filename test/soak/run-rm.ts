/**
 * A thousand `run --rm host true` one after the other, then 200 containers at once: nothing grows, nothing is left.
 * `npm run soak:run [-- RUNS [CROWD]]`, as root.
 */
import assert from 'node:assert/strict';
import {runEach, startStopRemove} from '../fixture/crowd.ts';
import {makeHost} from '../fixture/host.ts';
import {cgroupParent, makeTnet} from '../fixture/tnet.ts';
import {growth, residentMib, usage} from '../fixture/usage.ts';

const runs = Number(process.argv[2] ?? 1000);
const crowd = Number(process.argv[3] ?? 200);
/** The heap breathes: V8 grows it before it collects. */
const allowedMib = 40;

/** What the daemon has, and the machine for it. */
function print(when: string): void {
  const figures = Object.entries(usage(tnet, cgroup)).map(([name, value]) => `${value} ${name}`);
  console.log(`${when}: ${residentMib(tnet).toFixed(1)} MiB, ${figures.join(', ')}`);
}

makeHost();
const tnet = makeTnet();
await tnet.ok('run', '-d', '--name', 'anchor', 'host', 'sleep', '100000');
const cgroup = await cgroupParent(tnet, 'anchor');
let left: readonly string[] = [];
try {
  await runEach(tnet, 20); // caches, compiled code
  print('before');
  const [before, mib] = [usage(tnet, cgroup), residentMib(tnet)];
  const start = Date.now();
  await runEach(tnet, runs);
  const eachMs = (Date.now() - start) / runs;
  assert.deepEqual(await growth(tnet, cgroup, before), {});
  const grownMib = residentMib(tnet) - mib;
  console.log(`${runs} runs, ${eachMs.toFixed(0)} ms each; the daemon grew by ${grownMib.toFixed(1)} MiB`);
  print('after the runs');
  assert.ok(grownMib < allowedMib, `the daemon grew by ${grownMib} MiB`);
  assert.equal(await startStopRemove(tnet, crowd, 16), crowd);
  assert.deepEqual(await growth(tnet, cgroup, before), {});
  console.log(`${crowd} containers at once, stopped and removed`);
  print('after the crowd');
} finally {
  left = await tnet.end();
}
assert.deepEqual(left, []);
