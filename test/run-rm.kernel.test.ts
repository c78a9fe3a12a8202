import test from 'ava';
import {runEach, startStopRemove} from './fixture/crowd.ts';
import {cgroupParent} from './fixture/tnet.ts';
import {growth, residentMib, usage} from './fixture/usage.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** A sample of `npm run soak:run`. */
const tnet = useTnet();
let cgroup = '';

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'anchor', 'host', 'sleep', '100000');
  cgroup = await cgroupParent(tnet, 'anchor');
});

test.serial('100 times run --rm: no descriptor, mount, namespace, cgroup or file more, and no memory', async t => {
  t.timeout(300_000);
  await runEach(tnet, 40); // V8 lets its heap grow before it collects
  const [held, mib] = [usage(tnet, cgroup), residentMib(tnet)];
  await runEach(tnet, 100);
  t.deepEqual(await growth(tnet, cgroup, held), {});
  const grownMib = residentMib(tnet) - mib;
  t.true(grownMib < 60, `${grownMib} MiB`); // heap snapshots after 150 and 450 runs are alike; what is resident breathes by 40
});

test.serial('30 containers started at once, stopped and removed: nothing is left of them', async t => {
  t.timeout(300_000);
  const held = usage(tnet, cgroup);
  t.is(await startStopRemove(tnet, 30, 10), 30);
  t.deepEqual(await growth(tnet, cgroup, held), {});
});
