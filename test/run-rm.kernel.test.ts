import test from 'ava';
import {runEach, startStopRemove} from './fixture/crowd.ts';
import {memory, probed} from './fixture/memory.ts';
import {cgroupParent} from './fixture/tnet.ts';
import {growth, usage} from './fixture/usage.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** A sample of `npm run soak:run`. */
const tnet = useTnet();
let cgroup = '';

test.before(async () => {
  await tnet.run(['run', '-d', '--name', 'anchor', 'host', 'sleep', '100000'], {env: probed(tnet)});
  cgroup = await cgroupParent(tnet, 'anchor');
});

test.serial('100 times run --rm: no descriptor, mount, namespace, cgroup or file more, and no memory', async t => {
  t.timeout(300_000);
  await runEach(tnet, 40); // 256 events, compiled code
  const [before, {held}] = [usage(tnet, cgroup), await memory(tnet)];
  await runEach(tnet, 100);
  t.deepEqual(await growth(tnet, cgroup, before), {});
  const grownKibEach = ((await memory(tnet)).held - held) * 10.24;
  t.log(`${grownKibEach.toFixed(1)} KiB a run`);
  t.true(grownKibEach < 12, `${grownKibEach} KiB a run`); // 6: code that V8 compiles and links meanwhile; a leak of what a run has is more
});

test.serial('30 containers started at once, stopped and removed: nothing is left of them', async t => {
  t.timeout(300_000);
  const held = usage(tnet, cgroup);
  t.is(await startStopRemove(tnet, 30, 10), 30);
  t.deepEqual(await growth(tnet, cgroup, held), {});
});
