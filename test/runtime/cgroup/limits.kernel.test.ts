import {readFileSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {noLimits} from '../../../src/model/limits.ts';
import {
  createCgroup,
  killCgroup,
  listCgroups,
  readOomKilled,
  removeCgroup,
} from '../../../src/runtime/cgroup/cgroup.ts';
import {host, kernelTest, noCgroups, parent, runInside} from './cgroup-under-test.ts';

const mib = 1024 * 1024;

test.after.always('nothing is left behind', t => {
  t.deepEqual(listCgroups(host, parent), []);
});

kernelTest(noCgroups, `a quota of 20 % lets a busy loop run 20 % of the time (${host.mode})`, async t => {
  const path = `${parent}/quota`;
  createCgroup(host, path, {...noLimits, cpuQuotaUs: 20_000});
  const loop = await runInside(path, 'exec perl -e "1 while 1"');
  await setTimeout(500); // the interpreter's start and the first periods are not part of it
  const [cpuBefore, wallBefore] = [cpuTimeMs(loop.pid), performance.now()];
  await setTimeout(3000);
  const percent = ((cpuTimeMs(loop.pid) - cpuBefore) / (performance.now() - wallBefore)) * 100;
  t.log(`${percent.toFixed(2)} %`);
  await killCgroup(host, path);
  await loop.end;
  await removeCgroup(host, path);
  t.true(percent > 17 && percent < 23, `ran ${percent.toFixed(1)} % of the time`);
});

kernelTest(noCgroups, `memory over the limit is a kill that readOomKilled() sees (${host.mode})`, async t => {
  const path = `${parent}/memory`;
  createCgroup(host, path, {...noLimits, memoryBytes: 16 * mib, memorySwapBytes: 16 * mib});
  t.false(readOomKilled(host, path));
  const hog = await runInside(path, 'exec dd if=/dev/zero of=/dev/null bs=64M count=1');
  t.is(await hog.end, 'SIGKILL');
  t.true(readOomKilled(host, path));
  await removeCgroup(host, path);
  t.false(readOomKilled(host, path));
});

kernelTest(noCgroups, `memory within the limit is no kill (${host.mode})`, async t => {
  const path = `${parent}/fits`;
  createCgroup(host, path, {...noLimits, memoryBytes: 64 * mib, memorySwapBytes: 64 * mib});
  const fits = await runInside(path, 'exec dd if=/dev/zero of=/dev/null bs=16M count=1');
  t.is(await fits.end, 'code 0');
  t.false(readOomKilled(host, path));
  await removeCgroup(host, path);
});

kernelTest(noCgroups, `the process over pids.max is refused with EAGAIN (${host.mode})`, async t => {
  const path = `${parent}/pids`;
  createCgroup(host, path, {...noLimits, pidsLimit: 4});
  const forker = await runInside(
    path,
    `exec perl -MErrno -e 'my $n = 1; while (defined(my $pid = fork)) { $pid or do { close STDOUT; close STDERR; sleep 60; exit }; $n++ } print "$n ", $!{EAGAIN} ? "EAGAIN" : $!'`,
  );
  t.is(await forker.output, '4 EAGAIN');
  await killCgroup(host, path);
  await removeCgroup(host, path);
});

kernelTest(noCgroups, `limits stand before anybody joins (${host.mode})`, async t => {
  const path = `${parent}/before`;
  createCgroup(host, path, {...noLimits, memoryBytes: 64 * mib, pidsLimit: 7, cpuShares: 512});
  const read = (controller: string, file: string) =>
    readFileSync(join(host.controllers.get(controller) ?? '', path, file), 'utf8').trim();
  const v2 = host.mode === 'v2';
  t.is(read('memory', v2 ? 'memory.max' : 'memory.limit_in_bytes'), String(64 * mib));
  t.is(read('pids', 'pids.max'), '7');
  t.is(read('cpu', v2 ? 'cpu.weight' : 'cpu.shares'), v2 ? '59' : '512');
  await removeCgroup(host, path);
});

/** User and system time; the scheduler's own count, in ns, where the 10 ms ticks of stat would be coarse. */
function cpuTimeMs(pid: number): number {
  return Number(readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ')[0]) / 1e6;
}
