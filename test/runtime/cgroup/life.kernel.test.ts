import {execFile} from 'node:child_process';
import {mkdirSync, readFileSync, writeFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import {promisify} from 'node:util';
import test from 'ava';
import type {KernelError, TnetError} from '../../../src/errors.ts';
import {type Limits, noLimits} from '../../../src/model/limits.ts';
import {
  type CgroupHost,
  createCgroup,
  joinCgroup,
  killCgroup,
  listCgroups,
  removeCgroup,
} from '../../../src/runtime/cgroup/cgroup.ts';
import {processesIn} from '../../../src/runtime/cgroup/tree.ts';
import {
  existing,
  host,
  kernelTest,
  noCgroups,
  noV1,
  noV2,
  parent,
  placesOf,
  runInside,
  v1Only,
} from './cgroup-under-test.ts';

const limits: Limits = {...noLimits, cpuQuotaUs: 50_000, memoryBytes: 64 * 1024 * 1024, pidsLimit: 50};

/** Eight processes, each of which flees from its killer into a child every 10 ms. */
const forkTree = `exec perl -e 'fork; fork; fork; while (1) { fork and exit; select undef, undef, undef, 0.01 }'`;

test.after.always('nothing is left behind', t => {
  t.deepEqual(listCgroups(host, parent), []);
  t.deepEqual(listCgroups(v1Only, parent), []);
});

kernelTest(
  noCgroups,
  `createCgroup() makes it in every hierarchy and tells the unified one (${host.mode})`,
  async t => {
    const path = `${parent}/i/made`;
    const {unifiedDir} = createCgroup(host, path, noLimits);
    t.deepEqual(existing(path), placesOf(path));
    t.is(unifiedDir, host.unified && join(host.unified, path));
    t.deepEqual(listCgroups(host, `${parent}/i`), ['made']);
    await removeCgroup(host, path);
    t.deepEqual(existing(parent), []);
  },
);

kernelTest(noCgroups, `createCgroup() leaves nothing when a write is refused (${host.mode})`, t => {
  const path = `${parent}/i/refused`;
  const error = t.throws<KernelError>(() => createCgroup(host, path, {...limits, cpuQuotaUs: 1}));
  t.is(error?.code, 'ERR_KERNEL');
  t.is(error?.errno, 22); // EINVAL
  t.regex(error?.message ?? '', /^Cannot write "1( 100000)?" to ".*" for "--cpus or --cpu-quota": EINVAL$/);
  t.deepEqual(existing(parent), []);
});

kernelTest(noCgroups, `createCgroup() leaves nothing when the last hierarchy fails (${host.mode})`, t => {
  const broken: CgroupHost = {...host, controllers: new Map([...host.controllers, ['pids', '/proc/self/nowhere']])};
  const error = t.throws<KernelError>(() => createCgroup(broken, `${parent}/i/broken`, noLimits));
  t.is(error?.code, 'ERR_KERNEL');
  t.deepEqual(existing(parent), []);
});

kernelTest(noCgroups, `createCgroup() replaces an empty leftover, with its limits (${host.mode})`, async t => {
  const path = `${parent}/i/leftover`;
  createCgroup(host, path, {...noLimits, pidsLimit: 1});
  for (const dir of placesOf(path)) mkdirSync(join(dir, 'deeper'));
  createCgroup(host, path, noLimits);
  t.is(readFileSync(join(host.controllers.get('pids') ?? '', path, 'pids.max'), 'utf8'), 'max\n');
  await removeCgroup(host, path);
});

kernelTest(noCgroups, `createCgroup() refuses one that holds a process, and spares it (${host.mode})`, async t => {
  const path = `${parent}/i/taken`;
  createCgroup(host, path, noLimits);
  const sleeper = await runInside(path, 'exec sleep 60');
  const error = t.throws<TnetError>(() => createCgroup(host, path, noLimits));
  t.is(error?.code, 'ERR_CONFLICT');
  t.true(error?.message.endsWith(`it exists and holds process ${sleeper.pid}`));
  t.deepEqual(existing(path), placesOf(path));
  await killCgroup(host, path);
  t.is(await sleeper.end, 'SIGKILL');
  await removeCgroup(host, path);
});

kernelTest(noCgroups, `joinCgroup() names a process that is gone (${host.mode})`, async t => {
  const path = `${parent}/i/join`;
  createCgroup(host, path, noLimits);
  t.throws(() => joinCgroup(host, path, 0), {instanceOf: RangeError});
  if (host.mode === 'v2') t.notThrows(() => joinCgroup(host, path, 4_194_304));
  else
    t.throws(() => joinCgroup(host, path, 4_194_304), {message: /^Cannot move process 4194304 into cgroup .*: ESRCH$/});
  await removeCgroup(host, path);
});

for (const [name, where, obstacle] of [
  [host.mode, host, noCgroups],
  ['v1 by its freezer', v1Only, noV1],
] as const)
  kernelTest(obstacle, `killCgroup() outruns a tree of forks (${name})`, async t => {
    const path = `${parent}/i/forks`;
    createCgroup(where, path, {...noLimits, pidsLimit: 200});
    const tree = await runInside(path, forkTree, where);
    const [place = ''] = placesOf(path, where);
    while (processesIn(place).length < 8) await setTimeout(20);
    const begin = performance.now();
    await killCgroup(where, path);
    t.log(`${(performance.now() - begin).toFixed(1)} ms`);
    t.deepEqual(processesIn(place), []);
    await tree.end;
    await removeCgroup(where, path);
    t.deepEqual(existing(parent, where), []);
  });

kernelTest(noCgroups, `killCgroup() and removeCgroup() take one that is not there (${host.mode})`, async t => {
  await t.notThrowsAsync(killCgroup(host, `${parent}/i/never`));
  await t.notThrowsAsync(removeCgroup(host, `${parent}/i/never`));
});

kernelTest(noCgroups, `removeCgroup() takes along what the container made in it (${host.mode})`, async t => {
  const path = `${parent}/i/nested`;
  createCgroup(host, path, noLimits);
  for (const dir of placesOf(path)) mkdirSync(join(dir, 'init.scope/deeper'), {recursive: true});
  await removeCgroup(host, path);
  t.deepEqual(existing(parent), []);
});

kernelTest(noCgroups, `removeCgroup() spares a parent with another container (${host.mode})`, async t => {
  createCgroup(host, `${parent}/i/one`, noLimits);
  createCgroup(host, `${parent}/i/two`, noLimits);
  await removeCgroup(host, `${parent}/i/one`);
  t.deepEqual(listCgroups(host, `${parent}/i`), ['two']);
  await removeCgroup(host, `${parent}/i/two`);
  t.deepEqual(existing(parent), []);
});

kernelTest(noCgroups, `removeCgroup() says EBUSY while a process lives in it (${host.mode})`, async t => {
  const path = `${parent}/i/busy`;
  createCgroup(host, path, noLimits);
  const sleeper = await runInside(path, 'exec sleep 60');
  const error = await t.throwsAsync(removeCgroup(host, path));
  const failures = error instanceof AggregateError ? error.errors : [error];
  t.true(failures.every(failure => /^Cannot remove cgroup ".*": EBUSY$/.test(failure.message)));
  await killCgroup(host, path);
  await sleeper.end;
  await removeCgroup(host, path);
});

kernelTest(noCgroups, `two daemons make and remove siblings at once (${host.mode})`, async t => {
  const room = new URL('../../../src/', import.meta.url).href;
  const script = (name: string) => `
    const {createCgroup, detectCgroups, removeCgroup} = await import('${room}runtime/cgroup/cgroup.js');
    const limits = ${JSON.stringify(limits)};
    const host = detectCgroups();
    for (let turn = 0; turn < 100; turn++) {
      createCgroup(host, '${parent}/i/${name}', limits);
      await removeCgroup(host, '${parent}/i/${name}');
    }`;
  const daemon = (name: string) => promisify(execFile)('node', ['--input-type=module', '-e', script(name)]);
  await t.notThrowsAsync(Promise.all([daemon('one'), daemon('two')]));
  t.deepEqual(existing(parent), []);
});

kernelTest(noV2, 'createCgroup() moves the processes out of a delegated root, as inside a container (v2)', async t => {
  const root = `${parent}/delegated`;
  const {unifiedDir} = createCgroup(host, root, noLimits);
  const unified = unifiedDir ?? '';
  const resident = await runInside(root, 'exec sleep 60');
  const inner: CgroupHost = {
    mode: 'v2',
    controllers: new Map(['cpu', 'memory', 'pids'].map(name => [name, unified])),
    unified,
  };
  createCgroup(inner, 'tnet/i/c', limits);
  t.is(readFileSync(join(unified, 'tnet/i/c/pids.max'), 'utf8'), '50\n');
  t.deepEqual(processesIn(join(unified, 'init')), [resident.pid]);
  await killCgroup(host, root);
  await resident.end;
  await removeCgroup(host, root);
});

kernelTest(noV2, 'createCgroup() names the controller that is not delegated (v2)', async t => {
  const root = `${parent}/undelegated`;
  const {unifiedDir} = createCgroup(host, root, noLimits);
  const unified = join(unifiedDir ?? '', 'inner'); // below a cgroup that passes no controller on
  mkdirSync(unified);
  const inner: CgroupHost = {mode: 'v2', controllers: new Map([['pids', unified]]), unified};
  t.throws(() => createCgroup(inner, 'tnet/i/c', limits), {
    code: 'ERR_UNSUPPORTED',
    message: /"--cpus or --cpu-quota"/,
  });
  const error = t.throws<TnetError>(() => createCgroup(inner, 'tnet/i/c', {...noLimits, pidsLimit: 5}));
  t.is(error?.code, 'ERR_UNSUPPORTED');
  t.regex(error?.message ?? '', /^Cannot use the "pids" cgroup controller below ".*": ENOENT/);
  t.notThrows(() => createCgroup(inner, 'tnet/i/c', noLimits));
  await removeCgroup(host, root);
});

kernelTest(noV2, 'killCgroup() and removeCgroup() take a container that made threaded cgroups (v2)', async t => {
  const path = `${parent}/threaded`;
  const {unifiedDir} = createCgroup({...host, controllers: new Map()}, path, noLimits);
  const inner = join(unifiedDir ?? '', 'inner');
  mkdirSync(inner);
  writeFileSync(join(inner, 'cgroup.type'), 'threaded');
  const sleeper = await runInside(`${path}/inner`, 'exec sleep 60');
  t.deepEqual(processesIn(unifiedDir ?? ''), [sleeper.pid]);
  t.throws(() => createCgroup(host, path, noLimits), {code: 'ERR_CONFLICT'});
  await killCgroup(host, path);
  t.is(await sleeper.end, 'SIGKILL');
  await removeCgroup(host, path);
});
