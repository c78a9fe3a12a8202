import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readFileSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {shimPath} from '../../../src/kernel/native.ts';
import {eventually, inside, kernelTest, makeSpec, plainSettings, run, start} from './container-under-test.ts';

const settings = (change: Partial<typeof plainSettings>) => ({settings: {...plainSettings, ...change}});
const capable = /^CapEff:\s+([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '0';
const hasSysResource = ((BigInt(`0x${capable}`) >> 24n) & 1n) === 1n;

kernelTest('limits of resources are set, soft and hard', async t => {
  const rlimits = [
    {resource: 7, soft: 100, hard: 200},
    {resource: 4, soft: 0, hard: -1},
  ];
  const shell = 'ulimit -Sn; ulimit -Hn; ulimit -Sc; ulimit -Hc';
  t.is(await inside(t, shell, settings({rlimits})), '100\n200\n0\nunlimited\n');
});

kernelTest(
  'a hard limit that may not be raised is named',
  async t => {
    const rlimits = [{resource: 7, soft: 1 << 29, hard: 1 << 29}];
    const message = 'error setting ulimit nofile=536870912:536870912: setrlimit: operation not permitted';
    await t.throwsAsync(run(makeSpec(settings({rlimits}))), {code: 'ERR_LAUNCH', message});
  },
  hasSysResource ? 'needs a machine without CAP_SYS_RESOURCE' : '',
);

kernelTest('sysctls are those of its namespaces', async t => {
  const holder = spawn('unshare', ['--net', 'sleep', '60'], {stdio: 'ignore'});
  t.teardown(() => holder.kill('SIGKILL'));
  await once(holder, 'spawn');
  const netns = `/proc/${holder.pid}/ns/net`;
  t.true(await eventually(() => readFileSync(`/proc/${holder.pid}/comm`, 'utf8') === 'sleep\n'));
  const sysctls = [
    ['net/ipv4/ip_unprivileged_port_start', '0'],
    ['kernel/msgmax', '12345'],
    ['kernel/domainname', 'lan.example'],
  ] as const;
  const shell = 'cd /proc/sys; cat net/ipv4/ip_unprivileged_port_start kernel/msgmax kernel/domainname';
  t.is(await inside(t, shell, {netns, ...settings({sysctls})}), '0\n12345\nlan.example\n');
  t.not(readFileSync('/proc/sys/kernel/msgmax', 'utf8'), '12345\n');
});

kernelTest('a sysctl that is not there, or takes no such value, is named', async t => {
  await t.throwsAsync(run(makeSpec(settings({sysctls: [['net/nope', '1']]}))), {
    message: 'error setting sysctl "net.nope" to "1": openat2 "net/nope": no such file or directory',
  });
  await t.throwsAsync(run(makeSpec(settings({sysctls: [['kernel/msgmax', 'x']]}))), {
    message: 'error setting sysctl "kernel.msgmax" to "x": write "kernel/msgmax": invalid argument',
  });
});

kernelTest('a sysctl never leaves /proc/sys', async t => {
  for (const path of ['../self/comm', '../../etc/hostname', '/etc/hostname'])
    await t.throwsAsync(run(makeSpec(settings({sysctls: [[path, 'x']]}))), {code: 'ERR_LAUNCH'}, path);
});

kernelTest('the OOM score is adjusted', async t => {
  t.is(await inside(t, 'cat /proc/self/oom_score_adj', settings({oomScoreAdj: 321})), '321\n');
});

kernelTest(
  'an OOM score that may not be lowered is named',
  async t => {
    await t.throwsAsync(run(makeSpec(settings({oomScoreAdj: -999}))), {
      message: 'error setting OOM score adjustment -999: write "oom_score_adj": permission denied',
    });
  },
  hasSysResource ? 'needs a machine without CAP_SYS_RESOURCE' : '',
);

kernelTest('/dev/shm has its size', async t => {
  t.is(await inside(t, 'df -k --output=size /dev/shm | tail -1', settings({shmSizeBytes: 1 << 20})), '     1024\n');
});

const fuse = {source: '/dev/zero', target: '/dev/sub/nought', type: 'c', major: 1, minor: 5, access: 'rwm'} as const;

kernelTest('a device that was asked for can be used, under its name inside', async t => {
  const shell = 'head -c3 /dev/sub/nought | od -An -tu1; stat -c %t:%T /dev/sub/nought';
  t.is(await inside(t, shell, settings({devices: [fuse]})), '   0   0   0\n1:5\n');
});

kernelTest('its node is the host’s: it cannot be changed from inside', async t => {
  const {exit} = await run(makeSpec({shell: 'chmod 000 /dev/sub/nought', ...settings({devices: [fuse]})}));
  t.not(exit?.exitCode, 0);
});

kernelTest('a device that became another one meanwhile is refused', async t => {
  await t.throwsAsync(run(makeSpec(settings({devices: [{...fuse, minor: 3}]}))), {
    message: 'error adding device "/dev/zero" at "/dev/sub/nought": open "/dev/zero": no such device',
  });
});

const init = settings({initPath: shimPath()});

kernelTest('with an init, pid 1 is it, and the exit code is that of the command', async t => {
  t.is(await inside(t, 'cat /proc/1/comm; echo $$', init), 'docker-init\n2\n');
  t.is((await run(makeSpec({shell: 'exit 42', ...init}))).exit?.exitCode, 42);
  t.is((await run(makeSpec({shell: 'kill -9 $$', ...init}))).exit?.exitCode, 137);
});

kernelTest('an init reaps what others leave', async t => {
  const shell =
    '(sh -c "sleep 0.05 & echo \\$!" > /tmp/pid); read pid < /tmp/pid; while [ -e /proc/$pid ]; do sleep 0.02; done; echo gone';
  t.is(await inside(t, shell, init), 'gone\n');
});

kernelTest('an init forwards signals, and ends with the command though others are left', async t => {
  const running = await start(
    makeSpec({shell: 'trap "echo caught; exit 7" TERM; sleep 100 & echo ready; wait', ...init}),
  );
  while (!running.output.stdout.includes('ready')) await sleep(5);
  running.shim.signal(15);
  t.is((await running.shim.exited)?.exitCode, 7);
  t.is(running.output.stdout, 'ready\ncaught\n');
});

kernelTest('with an init, a command that is not there is 127, one that cannot be run 126', async t => {
  const missing = await run(makeSpec({args: ['/nope'], ...init}));
  t.deepEqual(
    [missing.exit?.exitCode, missing.stderr],
    [127, 'docker-init: exec /nope failed: No such file or directory\n'],
  );
  t.is((await run(makeSpec({args: ['/etc/passwd'], ...init}))).exit?.exitCode, 126);
});

kernelTest('nobody inside can write to the init: it is the host’s file', async t => {
  const shell =
    'for f in /proc/1/exe /sbin/docker-init; do true 2>/dev/null > $f || echo no; done; mount -o remount,rw /sbin/docker-init 2>/dev/null || echo no';
  t.is(await inside(t, shell, init), 'no\nno\nno\n');
  t.true(existsSync(shimPath()));
});
