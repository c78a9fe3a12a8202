import {createHash} from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import {shimPath} from '../../../src/kernel/native.ts';
import {isolated} from '../../../src/runtime/launch/isolation.ts';
import {launch} from '../../../src/runtime/launch/launch.ts';
import {type LaunchOp, planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import type {RunSpec} from '../../../src/runtime/launch/run-spec.ts';
import {base, inside, kernelTest, makeSpec, noUnified, run, start, unifiedRoot} from './container-under-test.ts';

/** Attacks that worked on other runtimes, tried on ours. Paths behind links are in rootfs.kernel.test.ts too. */
const go = {beforeGo: async () => {}};
const digest = (path: string) => createHash('sha256').update(readFileSync(path)).digest('hex');
const outsideDir = () => {
  const dir = mkdtempSync(join(base, 'outside-'));
  writeFileSync(join(dir, 'file'), 'of the host\n');
  return dir;
};
const climb = (path: string) => `../../../../../../../..${path}`;

/** A spec whose image has these links, besides the machine's files. */
function hostile(links: Readonly<Record<string, string>>, change: Parameters<typeof makeSpec>[0] = {}): RunSpec {
  const spec = makeSpec(change);
  for (const [path, text] of Object.entries(links)) {
    mkdirSync(join(spec.rootfs.upper, path, '..'), {recursive: true});
    symlinkSync(text, join(spec.rootfs.upper, path));
  }
  return spec;
}

/** Overwrites what runs as `exe`, and what a descriptor of it leads to once it has ended. */
const overwrite = (exe: string) => `
  exec 9< ${exe} || exit 0
  (echo broken > ${exe}) 2>&1; (echo broken > /proc/self/fd/9) 2>&1; (echo broken >> /proc/self/fd/9) 2>&1; true`;

for (const [title, command] of [
  ['runs it', ['/proc/self/exe']],
  ['has a script that names it', ['/run-shim']],
] as const)
  kernelTest(`CVE-2019-5736: an image whose command ${title} runs a file that cannot be written`, async t => {
    const before = digest(shimPath());
    const spec = makeSpec({args: command});
    writeFileSync(join(spec.rootfs.upper, 'run-shim'), '#!/proc/self/exe\n', {mode: 0o755});
    const {exit, stderr} = await run(spec);
    t.is(exit?.exitCode, 125);
    t.regex(stderr, /^tnet-shim: it is started by tnet/);
    t.is(digest(shimPath()), before);
  });

kernelTest("CVE-2019-5736: who sees every process cannot write to the shim's file", async t => {
  const before = digest(shimPath());
  const victim = await start(makeSpec({shell: 'exec sleep 60'}));
  const shell = overwrite(`/proc/${victim.shimPid}/exe`);
  const capabilities = [...makeSpec().capabilities, 'SYS_PTRACE', 'SYS_ADMIN', 'DAC_READ_SEARCH'];
  const {stdout} = await run(makeSpec({shell, capabilities, isolation: {...isolated, pid: 'host'}}));
  // To append it is busy before it is read-only: the kernel asks in that order, and a shim always runs.
  t.is(stdout.match(/Read-only file system/g)?.length, 2, stdout);
  t.is(stdout.match(/Text file busy/g)?.length, 1, stdout);
  t.is(digest(shimPath()), before);
  victim.shim.signal(9);
  await victim.shim.exited;
});

kernelTest('CVE-2016-9962: without SYS_PTRACE a shim shows neither its file nor its descriptors', async t => {
  const victim = await start(makeSpec({shell: 'exec sleep 60'}));
  const proc = `/proc/${victim.shimPid}`;
  const shell = `cd ${proc}; for f in exe cwd root fd/* ns/*; do readlink $f && echo seen $f; done; true`;
  const {stdout} = await run(makeSpec({shell, isolation: {...isolated, pid: 'host'}}));
  t.is(stdout, '');
  victim.shim.signal(9);
  await victim.shim.exited;
});

for (const fd of [3, 4, 5, 6, 7, 8])
  kernelTest(`CVE-2024-21626: /proc/self/fd/${fd} as working directory leads to no directory of the host`, async t => {
    const outcome = await run(makeSpec({cwd: `/proc/self/fd/${fd}/../../..`, shell: 'pwd -P; cat file'})).catch(
      (error: Error) => error.message,
    );
    if (typeof outcome === 'string') t.regex(outcome, /^error changing to working directory/);
    else t.regex(outcome.stdout, /^\/(proc.*)?\n$/);
  });

kernelTest('CVE-2016-9962, CVE-2024-21626: no descriptor but the three is open', async t => {
  t.is(await inside(t, 'ls -d /proc/self/fd/* /proc/1/fd/*  | grep -Ev "/(0|1|2|3|255)$"; true'), '');
});

for (const path of ['proc', 'sys', 'dev', 'proc/../dev', 'dev/shm', 'dev/pts', 'dev/mqueue'])
  kernelTest(
    `CVE-2019-19921, CVE-2023-27561, CVE-2026-41579: /${path} as a link gets nothing mounted or made outside`,
    async t => {
      const outside = outsideDir();
      const spec = hostile({[path]: climb(outside)}, {shell: 'true'});
      const failure = await run(spec).then(
        () => '',
        (error: Error) => error.message,
      );
      if (path.startsWith('dev/'))
        t.is(failure, ''); // ours lies over the image's /dev
      else t.regex(failure, /symbolic links$|file exists$/);
      t.deepEqual(readdirSync(outside), ['file']);
    },
  );

kernelTest("CVE-2025-31133: an image's own /dev/null is not what masks", async t => {
  const outside = outsideDir();
  const spec = hostile(
    {'dev/null': climb(join(outside, 'file'))},
    {masks: ['/etc/passwd'], shell: 'wc -c < /etc/passwd'},
  );
  t.is((await run(spec)).stdout.trim(), '0');
  t.is(readFileSync(join(outside, 'file'), 'utf8'), 'of the host\n');
});

kernelTest('CVE-2025-31133: a mask behind a link hides something inside, never outside', async t => {
  const outside = outsideDir();
  const spec = hostile(
    {'etc/secret': climb(join(outside, 'file'))},
    {masks: ['/etc/secret', '/proc/self/root/etc/hosts']},
  );
  await run(spec);
  t.is(readFileSync(join(outside, 'file'), 'utf8'), 'of the host\n');
  t.true(statSync('/etc/hosts').isFile());
});

kernelTest(
  'CVE-2025-52565: /dev/console is none of ours to lead astray: there is none, a link stays below our /dev',
  async t => {
    const outside = outsideDir();
    const spec = hostile({'dev/console': climb(join(outside, 'file'))}, {shell: 'ls /dev/console 2>/dev/null; true'});
    t.is((await run(spec)).stdout, '');
    t.is(readFileSync(join(outside, 'file'), 'utf8'), 'of the host\n');
  },
);

kernelTest('CVE-2025-52881: what the image puts in the place of kernel files is never written to', async t => {
  const outside = outsideDir();
  const spec = hostile(
    {'etc/trap': '/proc/sysrq-trigger'},
    {
      cwd: '/etc/trap/../../tmp',
      shell: 'for f in /proc/sysrq-trigger /proc/sys/kernel/core_pattern; do (echo x > $f); done',
    },
  );
  const pattern = readFileSync('/proc/sys/kernel/core_pattern', 'utf8');
  const {stderr} = await run(spec).catch(() => ({stderr: 'Read-only file system Read-only file system'}));
  t.is(stderr.match(/Read-only file system/g)?.length, 2, stderr);
  t.is(readFileSync('/proc/sys/kernel/core_pattern', 'utf8'), pattern);
  t.deepEqual(readdirSync(outside), ['file']);
});

kernelTest('CVE-2021-30465, CVE-2024-45310: a folder that is swapped with a link meanwhile leads nowhere', async t => {
  const outside = outsideDir();
  const source = outsideDir();
  const race = mkdtempSync(join(base, 'race-'));
  const binds = [{source, target: '/race/a/b/c/d', readonly: false}];
  const attacker = await start(
    makeSpec({
      binds: [{source: race, target: '/race', readonly: false}],
      shell: `cd /race; while :; do rm -rf a; ln -s ${climb(outside)} a; rm -f a; mkdir a; done`,
    }),
  );
  for (let turn = 0; turn < 25; turn++)
    await run(makeSpec({binds: [{source: race, target: '/race', readonly: false}, ...binds]})).catch(() => null);
  attacker.shim.signal(9);
  await attacker.shim.exited;
  t.deepEqual(readdirSync(outside), ['file']);
  t.deepEqual(readdirSync(source), ['file']);
});

kernelTest('CVE-2022-29162: inheritable and ambient capabilities are empty, whatever is granted', async t => {
  const capabilities = [...makeSpec().capabilities, 'SYS_PTRACE'];
  const shell = 'grep -E "CapInh|CapAmb" /proc/self/status | cut -f2';
  t.is(await inside(t, shell, {capabilities}), '0000000000000000\n0000000000000000\n');
});

kernelTest(
  'CVE-2023-25809, CVE-2022-0492: control groups are read-only, and hold none of the host',
  async t => {
    const cgroupDir = join(unifiedRoot!, `tnet-escape-${process.pid}`);
    mkdirSync(cgroupDir);
    t.teardown(() => rmdirSync(cgroupDir));
    const shell = `cd /sys/fs/cgroup; mkdir x; for f in cgroup.procs cgroup.subtree_control; do (echo 1 > $f); done
      find / -name release_agent 2>/dev/null; mkdir /m; mount -t cgroup -o pids none /m; unshare -C true; unshare -Ur true`;
    const {stdout, stderr} = await run(makeSpec({shell, cgroupDir}));
    t.is(stdout, '');
    t.is(stderr.match(/Read-only file system/g)?.length, 3, stderr);
    t.regex(stderr, /permission denied|must be superuser|Operation not permitted/i);
  },
  noUnified,
);

kernelTest('an argument cannot become another op: it would end it with a NUL', async t => {
  const op: LaunchOp = ['hostname', 'a\0exec\x001\0/bin/sh'];
  await t.throwsAsync(launch([...planLaunch(makeSpec()).slice(0, -1), op], go), {instanceOf: RangeError});
});

kernelTest('open_by_handle_at, mounts, modules and raw devices are out of reach', async t => {
  const shell = `mount -t tmpfs none /mnt; mount --bind / /mnt; umount /proc/sys; mknod /d b 254 0 && head -c 1 /d
    python3 - <<'P'
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
handle = (ctypes.c_char * 136)(8, 0, 0, 0, 1, 0, 0, 0, 2)
print(libc.open_by_handle_at(os.open('/etc/hostname', 0), handle, 0), ctypes.get_errno())
P`;
  const {stdout, stderr} = await run(makeSpec({shell}));
  t.is(stdout, '-1 1\n');
  t.is(stderr.match(/permission denied|must be superuser|not permitted/gi)?.length, 4, stderr);
});
