import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join, relative} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** `tnet run --rootfs`: a root file system of busybox and nothing else, in a directory of the machine. */
const lacks = existsSync('/bin/busybox') ? '' : ' (needs /bin/busybox: apt-get install busybox-static)';
const rootfsTest = lacks === '' ? test.serial : test.serial.skip;
const base = mkdtempSync(join(tmpdir(), 'tnet-rootfs-'));
const tnet = useTnet({
  closed: () => rmSync(base, {recursive: true, force: true}),
});

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'other', '--network', 'none', 'host', 'sleep', '1000');
});

/** A directory with /bin/sh and its friends; its path. */
function makeRoot(name: string): string {
  const dir = join(base, name);
  mkdirSync(join(dir, 'bin'), {recursive: true});
  run(
    `cp /bin/busybox ${dir}/bin/ && for t in sh cat ls touch mkdir stat sleep true; do ln -s busybox ${dir}/bin/$t; done`,
  );
  writeFileSync(join(dir, 'mark'), `${name}\n`);
  return dir;
}
const none = ['--rm', '--network', 'none', '--rootfs'] as const;
const refusal = async (...args: readonly string[]): Promise<string> => {
  const {code, stderr} = await tnet.run(['run', ...none, ...args]);
  return `${code}: ${stderr.trim()}`;
};
const inspect = async (name: string) => (await tnet.ok('inspect', name).then(JSON.parse))[0];

rootfsTest(`a directory is the root, and what is written stays in it when the container is gone${lacks}`, async t => {
  const dir = makeRoot('plain');
  t.is(
    await tnet.ok('run', ...none, dir, 'sh', '-c', 'cat /mark; echo new > /srv-file; ls -A /root 2>&1; echo $PATH'),
    [
      'plain',
      'ls: /root: No such file or directory',
      '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    ].join('\n'),
  );
  t.is(readFileSync(join(dir, 'srv-file'), 'utf8'), 'new\n');
  t.true(existsSync(join(dir, 'bin/busybox')), 'rm does not touch it');
  t.is(run(`grep -c ${dir} /proc/self/mountinfo || true`).trim(), '0', 'no mount of it is left on the machine');
});

rootfsTest(`a relative directory is the user's; with :O a layer takes what is written${lacks}`, async t => {
  makeRoot('layered');
  const dir = join(base, 'layered');
  const relativeDir = relative(process.cwd(), dir);
  await tnet.ok(
    'create',
    '--name',
    'layered',
    '--network',
    'none',
    '--rootfs',
    `${relativeDir}:O`,
    'sh',
    '-c',
    'echo x >> /log; cat /log',
  );
  t.is(await tnet.ok('start', '-a', 'layered'), 'x');
  t.is(await tnet.ok('start', '-a', 'layered'), 'x\nx', 'the layer stays as long as the container');
  t.false(existsSync(join(dir, 'log')));
  t.regex(await tnet.ok('diff', 'layered'), /^A \/log$/m);
  await tnet.ok('rm', 'layered');
  t.deepEqual(run(`ls -A ${dir}`).trim().split('\n'), ['bin', 'mark']);
});

rootfsTest(`inspect and ps show the directory; cp reads and writes it, diff is refused by name${lacks}`, async t => {
  const dir = makeRoot('shown');
  symlinkSync('shown', join(base, 'link'));
  await tnet.ok('create', '--name', 'shown', '--network', 'none', '--rootfs', join(base, 'link'), 'sleep', '1000');
  t.like(await inspect('shown'), {Image: '', Config: {Image: ''}, HostConfig: {Rootfs: {Path: dir, Overlay: false}}});
  t.is(await tnet.ok('ps', '-a', '--filter', 'name=shown', '--format', '{{.Image}}'), dir);
  for (const state of ['created', 'running']) {
    writeFileSync(join(base, state), state);
    await tnet.ok('cp', join(base, state), 'shown:/');
    t.is(readFileSync(join(dir, state), 'utf8'), state);
    await tnet.ok('cp', `shown:/${state}`, join(base, 'back'));
    t.is(readFileSync(join(base, 'back'), 'utf8'), state);
    if (state === 'created') await tnet.ok('start', 'shown');
  }
  t.is(await tnet.ok('exec', 'shown', 'cat', '/mark'), 'shown');
  const {code, stderr} = await tnet.run(['diff', 'shown']);
  t.is(code, 1);
  t.regex(stderr, new RegExp(`container "shown" writes into "${dir}" itself`));
  await tnet.ok('rm', '-f', 'shown');
  t.is(readFileSync(join(dir, 'mark'), 'utf8'), 'shown\n');
});

rootfsTest(`what is no directory is refused, and nothing is left${lacks}`, async t => {
  const dir = makeRoot('refused');
  t.regex(
    await refusal(join(base, 'nowhere'), 'true'),
    /^125: .*invalid root directory ".*nowhere": no such directory$/,
  );
  t.regex(await refusal(join(dir, 'mark'), 'true'), /invalid root directory ".*mark": it is not a directory$/);
  t.regex(await refusal(join(dir, 'mark/x'), 'true'), /it is not a directory$/);
  t.regex(await refusal('/', 'true'), /tnet's own files are in it/);
  t.regex(await refusal(join(tnet.root, 'containers'), 'true'), /it is in a directory of tnet's own/);
  t.regex(await refusal(dir), /no command specified$/);
  t.regex(await refusal(dir, 'missing'), /^127: .*"missing": executable file not found in \$PATH/);
  t.is(await tnet.ok('ps', '-aq', '--filter', 'status=created'), '');
});

rootfsTest(`links in the directory lead nowhere outside of it${lacks}`, async t => {
  const dir = makeRoot('links');
  const hosts = readFileSync('/etc/hosts', 'utf8');
  for (const name of ['etc', 'srv']) symlinkSync('/', join(dir, name));
  symlinkSync(base, join(dir, 'out'));
  symlinkSync('../../../../../..', join(dir, 'up'));
  t.is(
    await tnet.ok('run', ...none, dir, 'sh', '-c', 'cat /srv/mark /up/mark; ls /out 2>&1 || true'),
    'links\nlinks\nls: /out: No such file or directory',
  );
  t.is(readFileSync('/etc/hosts', 'utf8'), hosts);
  t.true(existsSync(join(dir, 'hosts')), '/etc is its own root: /etc/hosts was bound there');
  rmSync(join(dir, 'proc'), {recursive: true});
  symlinkSync(base, join(dir, 'proc'));
  t.regex(
    await refusal(dir, 'true'),
    /error mounting "proc" to rootfs at "\/proc": openat2 "\/proc": too many levels of symbolic links/i,
  );
});

rootfsTest(`a directory that became a link since is not followed${lacks}`, async t => {
  const dir = makeRoot('moved');
  await tnet.ok('create', '--name', 'moved', '--network', 'none', '--rootfs', dir, 'touch', '/written');
  run(`mv ${dir} ${dir}-away && ln -s ${dir}-away ${dir}`);
  const {code, stderr} = await tnet.run(['start', 'moved']);
  t.not(code, 0);
  t.regex(stderr, /error mounting root directory ".*moved"/);
  t.false(existsSync(`${dir}-away/written`));
  await tnet.ok('rm', 'moved');
});

rootfsTest(`--read-only leaves the directory as it is, volumes writable${lacks}`, async t => {
  const dir = makeRoot('sealed');
  const script = 'touch /new 2>&1; touch /data/new && ls /data';
  t.is(
    await tnet.ok('run', '--read-only', '-v', `${base}/data:/data`, ...none, dir, 'sh', '-c', script),
    'touch: /new: Read-only file system\nnew',
  );
  t.false(existsSync(join(dir, 'new')));
  t.true(statSync(join(base, 'data/new')).isFile());
  const device = 'busybox mknod /null c 1 3 && cat /null';
  t.regex(await refusal(dir, 'sh', '-c', device), /cat: can't open '\/null': Permission denied/);
});
