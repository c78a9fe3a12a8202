import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import {join} from 'node:path';
import type {TnetError} from '../../../src/errors.ts';
import {launch} from '../../../src/runtime/launch/launch.ts';
import {planLaunch} from '../../../src/runtime/launch/plan-launch.ts';
import type {OverlayRootfs, RunSpec} from '../../../src/runtime/launch/run-spec.ts';
import {base, inside, kernelTest, makeSpec, run} from './container-under-test.ts';

const go = {beforeGo: async () => {}};

kernelTest('what a container writes stays in its upper layer', async t => {
  const spec = makeSpec({shell: 'echo hi > /made-inside; rm /etc/passwd; test ! -e /etc/passwd'});
  t.is((await run(spec)).exit?.exitCode, 0);
  t.false(existsSync('/made-inside'));
  t.true(existsSync('/etc/passwd'));
  t.is(readFileSync(join(spec.rootfs.upper, 'made-inside'), 'utf8'), 'hi\n');
});

kernelTest('/proc, /sys, /dev and /run are its own, and the host mounts are gone', async t => {
  const mounts = await inside(t, 'cut -d" " -f5,6,9- /proc/self/mountinfo');
  const lines = mounts.split('\n');
  t.regex(lines[0] ?? '', /^\/ rw,nodev,relatime .*overlay/);
  for (const start of [
    '/proc rw,nosuid,nodev,noexec,relatime',
    '/sys ro,nosuid,nodev,noexec,relatime',
    '/dev rw,nosuid,nodev,relatime',
    '/dev/null ro,nosuid,relatime',
    '/dev/pts rw,nosuid,noexec,relatime',
    '/dev/shm rw,nosuid,nodev,noexec,relatime',
    '/dev/mqueue rw,nosuid,nodev,noexec,relatime',
    '/run rw,nosuid,nodev,relatime',
    '/proc/sys ro,nosuid,nodev,noexec,relatime',
  ]) {
    t.true(
      lines.some(line => line.startsWith(`${start} `)),
      start,
    );
  }
  t.false(lines.some(line => line.startsWith(base)));
  t.deepEqual(await inside(t, 'ls -A /run'), '');
});

/** /dev/pts is empty of device nodes that could be made: devpts has no mknod. */
kernelTest('every file system that can be written to is nodev', async t => {
  const mounts = await inside(t, "awk '{print $5, $6}' /proc/self/mountinfo");
  const open = mounts
    .trim()
    .split('\n')
    .filter(line => / rw/.test(line) && !line.includes('nodev'));
  t.deepEqual(
    open.map(line => line.split(' ')[0]),
    ['/dev/pts'],
  );
});

kernelTest('/dev has the six nodes, the links and nothing else', async t => {
  const listing = await inside(t, 'cd /dev; for f in *; do stat -c "%n %F %t:%T %a %N" $f; done');
  t.deepEqual(listing.replaceAll("'", '').trim().split('\n'), [
    'core symbolic link 0:0 777 core -> /proc/kcore',
    'fd symbolic link 0:0 777 fd -> /proc/self/fd',
    'full character special file 1:7 666 full',
    'mqueue directory 0:0 1777 mqueue',
    'null character special file 1:3 666 null',
    'ptmx symbolic link 0:0 777 ptmx -> pts/ptmx',
    'pts directory 0:0 755 pts',
    'random character special file 1:8 666 random',
    'shm directory 0:0 1777 shm',
    'stderr symbolic link 0:0 777 stderr -> /proc/self/fd/2',
    'stdin symbolic link 0:0 777 stdin -> /proc/self/fd/0',
    'stdout symbolic link 0:0 777 stdout -> /proc/self/fd/1',
    'tty character special file 5:0 666 tty',
    'urandom character special file 1:9 666 urandom',
    'zero character special file 1:5 666 zero',
  ]);
});

kernelTest("the device nodes work, but their mode is not the container's to change", async t => {
  const before = statSync('/dev/null').mode;
  const shell = `
    echo x > /dev/null && test "$(head -c 3 /dev/zero | wc -c)" = 3 && test "$(head -c 3 /dev/urandom | wc -c)" = 3
    echo x > /dev/full 2> /dev/null && exit 1
    for change in "chmod 600" "chown 1" "rm -f"; do $change /dev/null 2> /dev/null && exit 2; done
    script -qc "echo in a pty" /dev/null || exit 3
    echo to stdout > /dev/stdout; echo to stderr > /dev/stderr`;
  const {exit, stdout, stderr} = await run(makeSpec({shell}));
  t.is(exit?.exitCode, 0);
  t.regex(stdout, /^(in a pty\r\n)?to stdout\n$/);
  t.is(stderr, 'to stderr\n');
  t.is(statSync('/dev/null').mode, before);
});

kernelTest('a node made with CAP_MKNOD cannot be opened', async t => {
  const shell = `for dir in / /dev /dev/shm /run /tmp; do mknod $dir/mine c 1 5 && head -c 1 $dir/mine; done; true`;
  const {stderr} = await run(makeSpec({shell}));
  t.is(stderr.match(/Permission denied/g)?.length, 5);
});

kernelTest('masked files read empty, masked directories are empty, missing ones are no error', async t => {
  const spec = makeSpec({
    shell:
      'cat /etc/shadow /etc/dangling; ls -A /etc/security /sys/firmware; ls /etc/nosuch; echo x > /etc/shadow; touch /etc/security/x',
    masks: ['/etc/shadow', '/etc/security', '/etc/nosuch', '/etc/dangling', '/etc/loop', '/etc/shadow/below'],
  });
  mkdirSync(join(spec.rootfs.upper, 'etc'));
  symlinkSync('/nowhere', join(spec.rootfs.upper, 'etc/dangling'));
  symlinkSync('loop', join(spec.rootfs.upper, 'etc/loop'));
  const {stdout, stderr} = await run(spec);
  t.is(stdout, '/etc/security:\n\n/sys/firmware:\n');
  t.regex(stderr, /dangling.*\n.*nosuch.*\n.*Read-only file system\n$/);
});

kernelTest('what could change the machine is read-only', async t => {
  const files = '/proc/sys/kernel/core_pattern /proc/irq/default_smp_affinity /sys/class/net/lo/ifalias';
  const {stderr} = await run(makeSpec({shell: `for f in ${files}; do (echo x > $f); done`}));
  t.is(stderr.match(/Read-only file system/g)?.length, 3, stderr);
});

kernelTest('files and directories are bound, read-only if asked', async t => {
  const source = mkdtempSync(join(base, 'volume-'));
  writeFileSync(join(source, 'file'), 'from the host\n');
  const binds: RunSpec['binds'] = [
    {source, target: '/new/directory', readonly: false},
    {source, target: '/mnt', readonly: true},
    {source: join(source, 'file'), target: '/etc/hosts', readonly: false},
    {source: join(source, 'file'), target: '/new/file', readonly: true},
  ];
  const spec = makeSpec({
    binds,
    shell:
      'cat /new/directory/file /new/file; touch /new/directory/made; touch /mnt/x /new/file; echo inside > /etc/hosts',
  });
  const {stdout, stderr} = await run(spec);
  t.is(stdout, 'from the host\nfrom the host\n');
  t.is(stderr.match(/Read-only file system/g)?.length, 2);
  t.deepEqual(readdirSync(source).sort(), ['file', 'made']);
  t.is(readFileSync(join(source, 'file'), 'utf8'), 'inside\n');
});

kernelTest('a file is not bound over a directory', async t => {
  const binds = [{source: '/etc/hostname', target: '/etc', readonly: false}];
  const error = await t.throwsAsync<TnetError>(launch(planLaunch(makeSpec({binds})), go));
  t.is(error?.message, 'error mounting "/etc/hostname" to rootfs at "/etc": move_mount "/etc": is a directory');
});

kernelTest('the working directory is made', async t => {
  t.is(await inside(t, 'pwd', {cwd: '/srv/not/yet/there'}), '/srv/not/yet/there\n');
  t.is(await inside(t, 'umask', {cwd: '/'}), '0022\n');
});

for (const path of ['proc', 'sys', 'dev', 'run']) {
  kernelTest(`an image whose /${path} is a link is refused`, async t => {
    const outside = mkdtempSync(join(base, 'outside-'));
    const spec = makeSpec({rootfs: emptyImage()});
    symlinkSync(`../../../../../../..${outside}`, join(spec.rootfs.upper, path));
    const error = await t.throwsAsync<TnetError>(launch(planLaunch(spec), go));
    t.regex(
      error?.message ?? '',
      new RegExp(`to rootfs at "/${path}": openat2 "/${path}": too many levels of symbolic links$`),
    );
    t.deepEqual(readdirSync(outside), []);
  });
}

/** As systemd-resolved's /etc/resolv.conf: the file is to appear where the link leads, inside. */
for (const [title, text] of [
  ['an absolute path', '/away/resolv.conf'],
  ['a path that climbs out', '../../../../../../../../away/resolv.conf'],
  ['a link in /proc', '/proc/1/root/away/resolv.conf'],
  ['links upon links', 'hop'],
] as const) {
  kernelTest(`the target of a bind may be ${title}, and ends inside`, async t => {
    const source = join(mkdtempSync(join(base, 'source-')), 'file');
    writeFileSync(source, 'bound\n');
    const spec = makeSpec({
      binds: [{source, target: '/etc/resolv.conf', readonly: false}],
      shell: 'cat /etc/resolv.conf',
    });
    mkdirSync(join(spec.rootfs.upper, 'etc'));
    symlinkSync(text, join(spec.rootfs.upper, 'etc/resolv.conf'));
    symlinkSync('/etc/../srv/./hop2', join(spec.rootfs.upper, 'etc/hop'));
    mkdirSync(join(spec.rootfs.upper, 'srv'));
    symlinkSync('../away/resolv.conf', join(spec.rootfs.upper, 'srv/hop2'));
    const started = run(spec);
    // Linux refuses to be led by a magic link, and so do we: nothing is made behind it.
    if (text.startsWith('/proc')) await t.throwsAsync(started, {message: /too many levels of symbolic links$/});
    else t.is((await started).stdout, 'bound\n');
    t.false(existsSync('/away'));
  });
}

kernelTest('a working directory, mask or bind behind a link that climbs out stays inside', async t => {
  const outside = mkdtempSync(join(base, 'outside-'));
  writeFileSync(join(outside, 'file'), 'of the host\n');
  const spec = makeSpec({
    cwd: '/trap/made',
    masks: ['/trap/file'],
    binds: [{source: '/etc/hostname', target: '/trap/hostname', readonly: false}],
    shell: 'pwd',
  });
  symlinkSync(`../../../../../..${outside}`, join(spec.rootfs.upper, 'trap'));
  t.is((await run(spec)).stdout, `${outside}/made\n`);
  t.deepEqual(readdirSync(outside), ['file']);
  t.is(readFileSync(join(outside, 'file'), 'utf8'), 'of the host\n');
});

/** Its /bin and so on are not needed: the launch ends before. */
function emptyImage(): OverlayRootfs {
  const dir = mkdtempSync(join(base, 'image-'));
  for (const name of ['lower', 'upper', 'work', 'rootfs']) mkdirSync(join(dir, name));
  return {lower: [join(dir, 'lower')], upper: join(dir, 'upper'), work: join(dir, 'work'), target: join(dir, 'rootfs')};
}
