import {execFileSync} from 'node:child_process';
import {existsSync, mkdtempSync, readFileSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import type {TnetError} from '../../../src/errors.ts';
import {type Limits, noLimits} from '../../../src/model/limits.ts';
import {
  type CgroupHost,
  cgroupProcesses,
  countOomKills,
  createCgroup,
  freezeCgroup,
  isFrozen,
  killCgroup,
  listCgroups,
  openUsage,
  removeCgroup,
  thawCgroup,
  updateCgroup,
  watchOom,
} from '../../../src/runtime/cgroup/cgroup.ts';
import {host, kernelTest, noCgroups, noV1, parent, runInside, v1Only} from './cgroup-under-test.ts';

const mib = 1024 * 1024;
const isV2 = host.mode === 'v2';
const busy = 'exec perl -e "1 while 1"';

/** Of the unified hierarchy, or v1's cpuacct. */
const cpuMs = (path: string, where: CgroupHost = host): number => {
  const reader = openUsage(where, path);
  const ms = (reader.read()?.cpu.totalNs ?? Number.NaN) / 1e6;
  reader.close();
  return ms;
};
const read = (controller: string, path: string, file: string): string =>
  readFileSync(join(host.controllers.get(controller) ?? '', path, file), 'utf8').trim();

async function end(path: string, where: CgroupHost = host): Promise<void> {
  await killCgroup(where, path);
  await removeCgroup(where, path);
}

test.after.always('nothing is left behind', t => {
  t.deepEqual(listCgroups(host, parent), []);
  t.deepEqual(listCgroups(v1Only, parent), []);
});

kernelTest(noCgroups, `a quota of 20 % is kept as the cgroup itself counts it (${host.mode})`, async t => {
  const path = `${parent}/quota`;
  createCgroup(host, path, {...noLimits, cpuQuotaUs: 20_000, cpuPeriodUs: 100_000});
  const loop = await runInside(path, busy);
  const reader = openUsage(host, path);
  await setTimeout(500); // the first periods are not part of it
  const [before, from] = [reader.read(), performance.now()];
  await setTimeout(3000);
  const [after, to] = [reader.read(), performance.now()];
  reader.close();
  const percent = ((after?.cpu.totalNs ?? 0) - (before?.cpu.totalNs ?? 0)) / 1e4 / (to - from);
  t.log(`${percent.toFixed(2)} %, throttled in ${after?.throttling.throttled} of ${after?.throttling.periods} periods`);
  t.true(percent > 17 && percent < 23, `ran ${percent.toFixed(1)} % of the time`);
  t.true((after?.throttling.throttled ?? 0) > 10);
  await end(path);
  await loop.end;
});

kernelTest(
  noCgroups,
  `shares of 512 and 2048 on one CPU divide it as 1 to 4, or as their weights (${host.mode})`,
  async t => {
    const [small, large] = [`${parent}/i/small`, `${parent}/i/large`];
    const limits: Limits = {...noLimits, cpusetCpus: '0'};
    createCgroup(host, small, {...limits, cpuShares: 512});
    createCgroup(host, large, {...limits, cpuShares: 2048});
    const loops = [await runInside(small, busy), await runInside(large, busy)];
    await setTimeout(300);
    const before = [cpuMs(small), cpuMs(large)] as const;
    await setTimeout(4000);
    const [less, more] = [cpuMs(small) - before[0], cpuMs(large) - before[1]];
    const ratio = more / less;
    const want = isV2 ? 174 / 59 : 4;
    t.log(`${less.toFixed(0)} ms to ${more.toFixed(0)} ms: ${ratio.toFixed(2)}, want ${want.toFixed(2)}`);
    t.true(Math.abs(ratio / want - 1) < 0.25, `ratio ${ratio.toFixed(2)}`);
    await end(small);
    await end(large);
    for (const loop of loops) await loop.end;
  },
);

kernelTest(noCgroups, `a cpuset of one CPU leaves nproc one, a cpuset of none leaves all (${host.mode})`, async t => {
  const all = execFileSync('nproc', {encoding: 'utf8'}).trim();
  for (const [cpusetCpus, count] of [
    ['0', '1'],
    [null, all],
  ] as const) {
    const path = `${parent}/cpuset`;
    createCgroup(host, path, {...noLimits, cpusetCpus, cpusetMems: '0'});
    t.is((await (await runInside(path, 'exec nproc')).output).trim(), count);
    await end(path);
  }
});

kernelTest(noCgroups, `a child over the limit is killed and told of while its parent lives (${host.mode})`, async t => {
  const path = `${parent}/oom`;
  createCgroup(host, path, {...noLimits, memoryBytes: 200 * mib, memorySwapBytes: 200 * mib});
  const told = deferred();
  const endWatch = watchOom(host, path, {seen: 0, onKill: () => told.resolve()});
  const alive = await runInside(path, 'dd if=/dev/zero of=/dev/null bs=280M count=1; sleep 60');
  await told.promise;
  t.is(countOomKills(host, path), 1);
  t.deepEqual(cgroupProcesses(host, path).includes(alive.pid), true);
  endWatch();
  await end(path);
  await alive.end;
});

for (const [name, where, obstacle] of [
  [host.mode, host, noCgroups],
  ['v1 by its freezer', v1Only, noV1],
] as const)
  kernelTest(obstacle, `freezeCgroup() stops the clock of a busy loop, thawCgroup() starts it (${name})`, async t => {
    const path = `${parent}/frozen`;
    createCgroup(where, path, noLimits);
    const loop = await runInside(path, busy, where);
    t.false(isFrozen(where, path));
    await freezeCgroup(where, path);
    t.true(isFrozen(where, path));
    const before = cpuMs(path, where);
    await setTimeout(300);
    t.is(cpuMs(path, where), before);
    thawCgroup(where, path);
    t.false(isFrozen(where, path));
    while (cpuMs(path, where) < before + 20) await setTimeout(10);
    await freezeCgroup(where, path);
    await end(path, where); // a frozen one dies too
    t.is(await loop.end, 'SIGKILL');
  });

kernelTest(noCgroups, `updateCgroup() changes what is in use, and can take it back (${host.mode})`, async t => {
  const path = `${parent}/update`;
  const from: Limits = {...noLimits, memoryBytes: 64 * mib, memorySwapBytes: 128 * mib, pidsLimit: 5};
  createCgroup(host, path, from);
  const max = isV2 ? 'memory.max' : 'memory.limit_in_bytes';
  const raised: Limits = {...from, memoryBytes: 256 * mib, memorySwapBytes: 256 * mib, pidsLimit: -1, cpuShares: 512};
  const undo = updateCgroup(host, path, {from, to: raised});
  t.deepEqual([read('memory', path, max), read('pids', path, 'pids.max')], [String(256 * mib), 'max']);
  undo();
  t.deepEqual([read('memory', path, max), read('pids', path, 'pids.max')], [String(64 * mib), '5']);
  const lowered: Limits = {...from, memoryBytes: 32 * mib, memorySwapBytes: 32 * mib};
  updateCgroup(host, path, {from, to: lowered});
  t.is(read('memory', path, max), String(32 * mib));
  await end(path);
});

kernelTest(noCgroups, `updateCgroup() changes nothing when its last write is refused (${host.mode})`, async t => {
  const path = `${parent}/rollback`;
  const from: Limits = {
    ...noLimits,
    cpuShares: 1024,
    memoryBytes: 64 * mib,
    memorySwapBytes: 64 * mib,
    cpusetCpus: '0',
  };
  createCgroup(host, path, from);
  const files = isV2
    ? (['cpu.weight', 'memory.max', 'memory.swap.max', 'cpuset.cpus'] as const)
    : (['cpu.shares', 'memory.limit_in_bytes', 'memory.memsw.limit_in_bytes', 'cpuset.cpus'] as const);
  const state = () => files.map(file => read(file.split('.')[0]!, path, file));
  const before = state();
  const broken: CgroupHost = {...host, controllers: new Map([...host.controllers, ['pids', '/proc/self/nowhere']])};
  const to: Limits = {...from, cpuShares: 64, memoryBytes: 128 * mib, memorySwapBytes: 256 * mib, pidsLimit: 9};
  t.throws<TnetError>(() => updateCgroup(broken, path, {from, to}), {code: 'ERR_UNSUPPORTED'});
  t.deepEqual(state(), before);
  await end(path);
});

kernelTest(noCgroups, `updateCgroup() refuses less memory than is in use, and kills nobody (${host.mode})`, async t => {
  const path = `${parent}/shrink`;
  const from: Limits = {...noLimits, memoryBytes: 128 * mib, memorySwapBytes: 128 * mib};
  createCgroup(host, path, from);
  const holder = await runInside(
    path,
    `exec perl -e '$| = 1; $x = "y" x (64 << 20); $x =~ tr/y/z/; print "held"; sleep 60'`,
  );
  while (Number(read('memory', path, isV2 ? 'memory.current' : 'memory.usage_in_bytes')) < 64 * mib)
    await setTimeout(20);
  const to: Limits = {...from, memoryBytes: 16 * mib, memorySwapBytes: 16 * mib};
  t.throws<TnetError>(() => updateCgroup(host, path, {from, to}), {code: 'ERR_CONFLICT', message: /bytes are in use/});
  t.is(countOomKills(host, path), 0);
  await end(path);
  await holder.end;
});

const disk = findDisk();
kernelTest(
  noCgroups || (disk === null ? 'needs a whole disk: vda, or a loop device' : ''),
  `bytes and operations of a disk are kept to their limits, and counted (${host.mode})`,
  async t => {
    const [path, device] = [`${parent}/disk`, disk?.device ?? ''];
    const dd = (args: string): string => `exec dd ${args} 2>/dev/null`;
    for (const [limits, command, leastMs] of [
      [
        {deviceReadBps: [{path: device, value: mib}]},
        dd(`if=${disk?.source} of=/dev/null bs=256k count=8 iflag=direct`),
        1500,
      ],
      [
        {deviceReadIops: [{path: device, value: 10}]},
        dd(`if=${disk?.source} of=/dev/null bs=4k count=20 iflag=direct`),
        1400,
      ],
      [
        {deviceWriteBps: [{path: device, value: mib}]},
        dd(`if=/dev/zero of=${disk?.target} bs=256k count=8 oflag=direct conv=notrunc`),
        1500,
      ],
      [
        {deviceWriteIops: [{path: device, value: 10}]},
        dd(`if=/dev/zero of=${disk?.target} bs=4k count=20 oflag=direct conv=notrunc`),
        1400,
      ],
    ] as const) {
      createCgroup(host, path, {...noLimits, ...limits});
      const from = performance.now();
      const job = await runInside(path, command);
      t.is(await job.end, 'code 0', command);
      const tookMs = performance.now() - from;
      t.log(`${Object.keys(limits)[0]}: ${tookMs.toFixed(0)} ms`);
      t.true(tookMs > leastMs, `${command} took ${tookMs.toFixed(0)} ms`);
      const reader = openUsage(host, path);
      const bytes = reader
        .read()
        ?.io.filter(({op}) => /^(read|write)$/i.test(op))
        .reduce((sum, io) => sum + io.bytes, 0);
      reader.close();
      t.true((bytes ?? 0) >= 80 * 1024, `${bytes} bytes counted`);
      await end(path);
    }
  },
);

test.after.always('the loop device goes', () => disk?.free());

/** The machine's own disk is reached through a file, past the page cache; a loop device of a file is all ours. */
function findDisk(): {readonly device: string; readonly source: string; readonly target: string; free(): void} | null {
  if (noCgroups !== '') return null;
  const dir = mkdtempSync(join(tmpdir(), 'tnet-disk-'));
  const file = join(dir, 'disk');
  const free = (): void => rmSync(dir, {recursive: true, force: true});
  execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=1M', 'count=8', 'status=none']);
  if (existsSync('/sys/block/vda') && /^\/dev\/(vda|root)/.test(sourceOf(dir)))
    return {device: '/dev/vda', source: file, target: file, free};
  try {
    execFileSync('modprobe', ['loop'], {stdio: 'ignore'});
  } catch {}
  try {
    const device = execFileSync('losetup', ['-f', '--show', file], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
    return {
      device,
      source: device,
      target: device,
      free: () => {
        execFileSync('losetup', ['-d', device]);
        free();
      },
    };
  } catch {
    free();
    return null;
  }
}

function sourceOf(dir: string): string {
  return execFileSync('df', ['--output=source', dir], {encoding: 'utf8'}).split('\n')[1]?.trim() ?? '';
}

function deferred(): {readonly promise: Promise<void>; resolve(): void} {
  let resolve = (): void => {};
  const promise = new Promise<void>(done => (resolve = done));
  return {promise, resolve};
}
