import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {closeSync, mkdirSync, openSync, readlinkSync, rmdirSync} from 'node:fs';
import {join} from 'node:path';
import {inside, kernelTest, makeSpec, noUnified, run, start, unifiedRoot} from './container-under-test.ts';

kernelTest("it has Docker's capabilities, none to inherit, and gets no more", async t => {
  const status = await inside(t, 'cat /proc/self/status');
  const field = (name: string) => new RegExp(`^${name}:\\s+(.*)$`, 'm').exec(status)?.[1];
  for (const set of ['CapPrm', 'CapEff', 'CapBnd']) t.is(field(set), '00000000a80425fb', set);
  for (const set of ['CapInh', 'CapAmb']) t.is(field(set), '0000000000000000', set);
  t.is(field('NoNewPrivs'), '0');
  for (const set of ['SigBlk', 'SigIgn', 'SigPnd']) t.is(field(set), '0000000000000000', set);
});

kernelTest('capabilities are those asked for', async t => {
  t.regex(await inside(t, 'cat /proc/self/status', {capabilities: []}), /CapEff:\s+0+\n/);
  t.regex(
    await inside(t, 'cat /proc/self/status', {capabilities: ['CHOWN', 'SYS_CHROOT']}),
    /CapEff:\s+0000000000040001\n/,
  );
});

kernelTest('no descriptor of the host reaches it', async t => {
  const fd = openSync('/etc', 'r');
  t.teardown(() => closeSync(fd));
  const spec = makeSpec({shell: 'for f in /proc/self/fd/*; do readlink $f; done'});
  t.regex((await run(spec)).stdout, /^\/dev\/null\npipe:\[\d+\]\npipe:\[\d+\]\n$/);
  const withStdin = await start({...spec, openStdin: true});
  await withStdin.shim.exited;
  t.regex(withStdin.output.stdout, /^pipe:\[\d+\]\npipe:\[\d+\]\npipe:\[\d+\]\n$/);
});

kernelTest('it is pid 1 of namespaces of its own, in a session of its own', async t => {
  const names = ['pid', 'mnt', 'uts', 'ipc', 'cgroup'];
  const shell = `echo $$; for n in ${names.join(' ')} net user; do readlink /proc/self/ns/$n; done; cut -d" " -f6 /proc/self/stat`;
  const [pid, ...rest] = (await inside(t, shell)).trim().split('\n');
  t.is(pid, '1');
  for (const [index, name] of names.entries()) t.not(rest[index], readlinkSync(`/proc/self/ns/${name}`), name);
  t.deepEqual(rest.slice(names.length), [...['net', 'user'].map(name => readlinkSync(`/proc/self/ns/${name}`)), '1']);
});

kernelTest('it sees its own processes alone, and its hostname', async t => {
  t.is(
    await inside(t, 'read name < /proc/sys/kernel/hostname; echo $name; cd /proc; echo [0-9]*', {hostname: 'a.b'}),
    'a.b\n1\n',
  );
});

kernelTest('it enters the network namespace it is told', async t => {
  const holder = spawn('unshare', ['--net', 'sh', '-c', 'readlink /proc/self/ns/net; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => holder.kill('SIGKILL'));
  const [name] = (await once(holder.stdout, 'data')) as [Buffer];
  const netns = `/proc/${holder.pid}/ns/net`;
  t.is(await inside(t, 'readlink /proc/self/ns/net; ls /sys/class/net', {netns}), `${name}lo\n`);
});

kernelTest('a network namespace that is not there, or is none, is refused', async t => {
  for (const [netns, reason] of [
    ['/run/no-such', 'no such file or directory'],
    ['/etc/passwd', 'invalid argument'],
  ] as const) {
    const message = new RegExp(`^error joining net namespace "${netns}": .*${reason}$`);
    await t.throwsAsync(run(makeSpec({netns})), {code: 'ERR_LAUNCH', message});
  }
});

kernelTest('its environment is what it was given, and nothing else', async t => {
  const env = ['A=1', 'B=with = and space', 'EMPTY=', 'HOME=/h'];
  t.is((await run(makeSpec({args: ['/usr/bin/env'], env}))).stdout, `${env.join('\n')}\n`);
});

kernelTest('arguments arrive as they are, empty ones too', async t => {
  const {stdout} = await run(makeSpec({args: ['printf', '[%s]', '', 'a b', 'ü\n', '$HOME']}));
  t.is(stdout, '[][a b][ü\n][$HOME]');
});

kernelTest('a very long command line and environment arrive', async t => {
  const env = ['PATH=/usr/bin:/bin', ...Array.from({length: 2000}, (_, i) => `V${i}=${'x'.repeat(500)}`)];
  t.is((await run(makeSpec({shell: 'env | wc -c', env}))).stdout.trim().length, 7);
});

kernelTest(
  'it is born in its cgroup, and sees that as the root',
  async t => {
    const cgroupDir = join(unifiedRoot!, `tnet-launch-${process.pid}`);
    mkdirSync(cgroupDir);
    t.teardown(() => rmdirSync(cgroupDir));
    const shell = 'cat /proc/self/cgroup; cat /sys/fs/cgroup/cgroup.procs; mkdir /sys/fs/cgroup/x';
    const {shim, output} = await start(makeSpec({cgroupDir, shell}));
    await shim.exited;
    t.regex(output.stdout, /^0::\/$/m);
    t.regex(output.stdout, /^1$/m);
    t.regex(output.stderr, /Read-only file system/);
  },
  noUnified,
);

kernelTest('a cgroup that is not there is refused', async t => {
  const message = 'error opening cgroup "/no/cgroup": open "/no/cgroup": no such file or directory';
  await t.throwsAsync(run(makeSpec({cgroupDir: '/no/cgroup'})), {code: 'ERR_LAUNCH', message});
});
