import {mkdirSync, readFileSync, readlinkSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {hostDevices, readBoundingSet} from '../../../src/runtime/host-isolation.ts';
import {grantCapabilities} from '../../../src/runtime/launch/capabilities.ts';
import {isolated, type LaunchIsolation} from '../../../src/runtime/launch/isolation.ts';
import {
  eventually,
  inside,
  isAlive,
  kernelTest,
  makeSpec,
  noUnified,
  run,
  start,
  unifiedRoot,
} from './container-under-test.ts';

const isolation = (change: Partial<LaunchIsolation>) => ({isolation: {...isolated, ...change}});
const ownNamespace = (kind: string) => `${readlinkSync(`/proc/self/ns/${kind}`)}\n`;

for (const [kind, change] of [
  ['pid', {pid: 'host'}],
  ['ipc', {ipc: 'host'}],
  ['uts', {uts: 'host'}],
  ['cgroup', {cgroupns: 'host'}],
] as const)
  kernelTest(`${JSON.stringify(change)} stays in the machine's namespace`, async t => {
    const shell = kind === 'pid' ? 'readlink /proc/$$/ns/pid' : `readlink /proc/self/ns/${kind}`;
    t.is(await inside(t, shell, isolation(change)), ownNamespace(kind));
  });

kernelTest('a container enters the pid namespace of another by its shim, and sees its processes', async t => {
  const donor = makeSpec({shell: 'exec sleep 60'});
  const {shim} = await start(donor);
  t.is(await inside(t, 'test $$ != 1; cat /proc/1/comm', isolation({pid: {shim: donor.socketPath}})), 'sleep\n');
  shim.signal(9);
  t.is((await shim.exited)?.exitCode, 137);
});

kernelTest('the end of pid 1 ends those who entered its namespace', async t => {
  const donor = makeSpec({shell: 'exec sleep 60'});
  const {shim} = await start(donor);
  const guest = await start(makeSpec({shell: 'exec sleep 60', ...isolation({pid: {shim: donor.socketPath}})}));
  shim.signal(9);
  t.is((await shim.exited)?.exitCode, 137);
  t.is((await guest.shim.exited)?.exitCode, 137);
});

kernelTest('a container enters the ipc namespace of another by its shim', async t => {
  const donor = makeSpec({shell: 'ipcmk -Q >&2; exec sleep 60'});
  const {shim, output} = await start(donor);
  t.true(await eventually(() => output.stderr !== '' || output.stdout !== ''));
  const queues = 'tail -n +2 /proc/sysvipc/msg | wc -l';
  t.is(await inside(t, queues, isolation({ipc: {shim: donor.socketPath}})), '1\n');
  t.is(await inside(t, queues), '0\n');
  shim.signal(9);
  await shim.exited;
});

kernelTest('a shim that is gone is refused', async t => {
  const socket = join(makeSpec().stateDir, 'none.sock');
  await t.throwsAsync(run(makeSpec(isolation({pid: {shim: socket}}))), {
    message: `error joining the pid namespace of the container of "${socket}": connect "${socket}": no such file or directory`,
  });
});

kernelTest('it has /dev/shm of its own, or that of the machine, or none', async t => {
  t.regex(await inside(t, 'stat -f -c %T /dev/shm; df -k /dev/shm'), /^tmpfs[\s\S]* 65536 /);
  t.is(await inside(t, 'test -e /dev/shm || echo none', isolation({sharedMemory: 'none'})), 'none\n');
  const spec = makeSpec();
  const shared = isolation({sharedMemory: {path: spec.stateDir}});
  await inside(t, 'echo hi > /dev/shm/file', shared);
  t.is(readFileSync(join(spec.stateDir, 'file'), 'utf8'), 'hi\n');
});

kernelTest('a read-only root file system, with its working directory made', async t => {
  const shell = 'pwd; touch /x /etc/x ./x; touch /dev/shm/x /run/x /tmp/x';
  const {stdout, stderr} = await run(makeSpec({shell, cwd: '/srv/made', ...isolation({readonlyRootfs: true})}));
  t.is(stdout, '/srv/made\n');
  t.is(stderr.match(/Read-only file system/g)?.length, 4, stderr);
});

kernelTest('privileged: nothing is masked or read-only, every device is there, every capability we have', async t => {
  const nodes = hostDevices();
  const capabilities = grantCapabilities({privileged: true, capAdd: [], capDrop: []}, readBoundingSet());
  const shell = `grep CapEff /proc/self/status; for f in $(find /dev); do test -c $f -o -b $f && echo $f; done | grep -v /dev/pts | wc -l
    awk '$5 ~ "^/(sys|proc)" {print $5, $6}' /proc/self/mountinfo
    mknod /mine c 1 5 && head -c 1 /mine | wc -c; echo $(($(cat /proc/sys/vm/swappiness))) > /proc/sys/vm/swappiness && echo written`;
  const spec = {
    ...isolation({privileged: true, maskedPaths: [], readonlyPaths: [], nodes}),
    capabilities,
  };
  const lines = (await inside(t, shell, spec)).split('\n');
  t.is(BigInt(`0x${lines[0]!.split('\t')[1]}`), readBoundingSet() & ((1n << 41n) - 1n));
  t.true(Number(lines[1]) >= nodes.length, lines[1]);
  t.deepEqual(lines.slice(2, -1), [
    '/proc rw,nosuid,nodev,noexec,relatime',
    '/sys rw,nosuid,nodev,noexec,relatime',
    '1',
    'written',
  ]);
});

kernelTest(
  "with the machine's pid namespace, the end of the first process ends all in its cgroup, and their output is kept",
  async t => {
    const cgroupDir = join(unifiedRoot!, `tnet-shared-${process.pid}`);
    mkdirSync(cgroupDir);
    t.teardown(() => rmdirSync(cgroupDir));
    const shell =
      '(trap "" TERM HUP; exec setsid sh -c "echo \\$\\$; exec sleep 60") & read pid < /dev/null; exec sleep 60';
    const {shim, output} = await start(makeSpec({shell, cgroupDir, ...isolation({pid: 'host'})}));
    t.true(await eventually(() => output.stdout.endsWith('\n')));
    const straggler = Number(output.stdout);
    t.true(isAlive(straggler));
    shim.signal(15);
    t.is((await shim.exited)?.exitCode, 143);
    t.false(isAlive(straggler));
    t.is(readFileSync(join(cgroupDir, 'cgroup.procs'), 'utf8'), '');
  },
  noUnified,
);
