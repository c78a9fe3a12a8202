import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** The volume sessions of Docker's manual, through the commands a user types. */
const base = mkdtempSync(join(tmpdir(), 'tnet-volumes-'));
const tnet = useTnet({
  closing: async t => {
    t.is(await tnet.ok('volume', 'ls', '-q'), '');
  },
  closed: t => {
    rmSync(base, {recursive: true, force: true});
    t.notRegex(readFileSync('/proc/self/mountinfo', 'utf8'), /tnet-volumes|_data/);
  },
});

const inside = (args: readonly string[], script: string): Promise<string> =>
  tnet.ok('run', '--rm', '--network', 'none', ...args, 'host', 'sh', '-c', script);
const inspect = async (name: string): Promise<Inspected> => JSON.parse(await tnet.ok('inspect', name))[0] as Inspected;
interface Inspected {
  readonly Id: string;
  readonly Mounts: readonly Readonly<Record<string, unknown>>[];
  readonly HostConfig: Readonly<Record<string, unknown>>;
}
/** A directory of the host with one file. */
const directory = (name: string, content = `${name}\n`): string => {
  mkdirSync(join(base, name), {recursive: true});
  writeFileSync(join(base, name, 'file'), content);
  return join(base, name);
};

test.serial('a named volume outlives its containers, and two share it', async t => {
  t.is(await tnet.ok('volume', 'create', '--label', 'tier=db', 'data'), 'data');
  await inside(['-v', 'data:/srv/data'], 'echo one > /srv/data/file');
  t.is(await inside(['-v', 'data:/other'], 'cat /other/file'), 'one');
  await tnet.ok('run', '-d', '--name', 'writer', '--network', 'none', '-v', 'data:/data', 'host', 'sleep', '1000');
  const reader = ['--mount', 'type=volume,src=data,dst=/data,readonly'];
  t.is(await inside(reader, 'cat /data/file; touch /data/x 2>/dev/null || echo ro'), 'one\nro');
  const {Id, Mounts} = await inspect('writer');
  t.like(Mounts[0], {Type: 'volume', Name: 'data', Destination: '/data', Driver: 'local', RW: true, Mode: ''});
  t.is(Mounts[0]?.Source, join(tnet.root, 'volumes/data/_data'));
  const refused = await tnet.run(['volume', 'rm', 'data']);
  t.is(refused.code, 1);
  t.is(refused.stderr, `tnet: remove data: volume is in use - [${Id}] (by "writer")\n`);
  await tnet.ok('rm', '-f', 'writer');
  t.is(await tnet.ok('volume', 'rm', 'data'), 'data');
  t.false(existsSync(join(tnet.root, 'volumes/data')));
  const gone = await tnet.run(['volume', 'rm', 'data']);
  t.is(gone.stderr, 'tnet: get data: no such volume\n');
  t.is((await tnet.run(['volume', 'rm', '-f', 'data'])).code, 0);
});

test.serial(
  'an empty volume is filled from the image once: owner, modes, links, attributes; secrets are not',
  async t => {
    const image = 'etc/tnet-volume-test';
    run(`mkdir -p /${image}/deep && chmod 2751 /${image} && chown 12:34 /${image} && echo a > /${image}/a && ln /${image}/a /${image}/deep/b &&
    ln -s ../a /${image}/deep/link && chmod 4711 /${image}/a && mkfifo /${image}/pipe && setfattr -n user.colour -v red /${image}/a 2>/dev/null || true`);
    try {
      const look = `cd /${image}; stat -c '%n %a %u:%g %h %F' . a deep deep/b deep/link pipe; readlink deep/link`;
      const host = run(look);
      t.is(`${await inside(['-v', `filled:/${image}`], look)}\n`, host);
      await inside(['-v', `filled:/${image}`], `rm -r /${image}/*; echo mine > /${image}/mine`);
      t.is(await inside(['-v', `filled:/${image}`], `ls /${image}`), 'mine', 'what is not empty stays');
      t.is(await inside(['-v', `plain:/${image}:nocopy`], `ls -A /${image}; stat -c %a /${image}`), '755');
      t.is(
        await inside(
          ['-v', 'keys:/etc/ssh', '-v', 'tls:/etc/ssl'],
          'cat /etc/ssh/*_key 2>/dev/null; ls -A /etc/ssl/private; true',
        ),
        '',
      );
    } finally {
      rmSync(`/${image}`, {recursive: true});
    }
    await tnet.ok('volume', 'rm', 'filled', 'plain', 'keys', 'tls');
  },
);

test.serial('a volume that was half filled when the machine died is filled again', async t => {
  await tnet.ok('volume', 'create', 'half');
  const dir = join(tnet.root, 'volumes/half');
  writeFileSync(join(dir, '#filling'), '');
  writeFileSync(join(dir, '_data/torn'), '');
  t.is(
    await inside(
      ['-v', 'half:/etc/alternatives'],
      'ls /etc/alternatives/torn 2>&1 | tail -1; ls /etc/alternatives | wc -l',
    ),
    `ls: cannot access '/etc/alternatives/torn': No such file or directory\n${run('ls /etc/alternatives | wc -l').trim()}`,
  );
  t.false(existsSync(join(dir, '#filling')));
  await tnet.ok('volume', 'rm', 'half');
});

test.serial('two containers that start at once with a new volume fill it once', async t => {
  const count = 'ls /etc/alternatives | wc -l';
  const results = await Promise.all([1, 2, 3].map(() => inside(['-v', 'race:/etc/alternatives'], count)));
  t.deepEqual(results, Array(3).fill(run(count).trim()));
  t.deepEqual(await Promise.all(['twin', 'twin'].map(name => tnet.ok('volume', 'create', name))), ['twin', 'twin']);
  await tnet.ok('volume', 'rm', 'race', 'twin');
});

test.serial('anonymous volumes go with rm -v and --rm, and stay with rm', async t => {
  await inside(['-v', '/anonymous'], 'echo x > /anonymous/x');
  t.is(await tnet.ok('volume', 'ls', '-q'), '');
  for (const name of ['kept', 'gone'])
    await tnet.ok('run', '-d', '--name', name, '--network', 'none', '-v', '/anonymous', 'host', 'true');
  await tnet.ok('wait', 'kept', 'gone');
  const volume = (await inspect('kept')).Mounts[0]?.Name as string;
  t.regex(volume, /^[0-9a-f]{64}$/);
  await tnet.ok('rm', '-v', 'gone');
  await tnet.ok('rm', 'kept');
  t.is(await tnet.ok('volume', 'ls', '-q'), volume);
  t.is(await tnet.ok('volume', 'ls', '-q', '--filter', 'dangling=false'), '');
  await tnet.ok('volume', 'create', 'named');
  t.regex(await tnet.ok('volume', 'prune'), new RegExp(`^${volume}\nTotal reclaimed space: 0B$`));
  t.is(await tnet.ok('volume', 'ls', '-q'), 'named');
  t.regex(await tnet.ok('volume', 'prune', '-a'), /^named\n/);
});

test.serial('--volumes-from: back up with tar, restore into another container', async t => {
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'store',
    '--network',
    'none',
    '-v',
    '/dbdata',
    'host',
    'sh',
    '-c',
    'echo rows > /dbdata/table',
  );
  await tnet.ok('wait', 'store');
  const backup = directory('backup');
  await inside(['--volumes-from', 'store', '-v', `${backup}:/backup`], 'tar cf /backup/backup.tar /dbdata 2>/dev/null');
  await tnet.ok('run', '--name', 'store2', '--network', 'none', '-v', '/dbdata', 'host', 'true');
  await inside(
    ['--volumes-from', 'store2', '-v', `${backup}:/backup`],
    'cd /dbdata && tar xf /backup/backup.tar --strip 1',
  );
  const read = 'cat /dbdata/table; touch /dbdata/new 2>/dev/null || echo ro';
  t.is(await inside(['--volumes-from', 'store2:ro'], read), 'rows\nro');
  t.regex((await tnet.run(['run', '--volumes-from', 'nosuch', 'host', 'true'])).stderr, /No such container: nosuch/);
  await tnet.ok('rm', '-v', 'store', 'store2');
});

test.serial('binds: a directory, one file, read-only, made for -v, refused for --mount', async t => {
  const dir = directory('bound');
  t.is(await inside(['-v', `${dir}:/in`], 'cat /in/file; echo new > /in/new'), 'bound');
  t.is(readFileSync(join(dir, 'new'), 'utf8'), 'new\n');
  t.is(await inside(['-v', `${dir}:/in:ro`], 'touch /in/x 2>/dev/null || echo ro'), 'ro');
  t.is(await inside(['-v', `${dir}/file:/etc/issue`], 'cat /etc/issue; echo changed > /etc/issue'), 'bound');
  t.is(readFileSync(join(dir, 'file'), 'utf8'), 'changed\n');
  await inside(['-v', `${base}/made/deep:/in`], 'true');
  t.is(statSync(join(base, 'made/deep')).mode & 0o777, 0o755);
  const nowhere = await tnet.run(['run', '--rm', '-v', '/proc/nosuch/x:/in', 'host', 'true']);
  t.regex(nowhere.stderr, /error while creating mount source path '\/proc\/nosuch\/x': ENOENT/);
  const refused = await tnet.run(['run', '--mount', `type=bind,src=${base}/nosuch,dst=/in`, 'host', 'true']);
  t.is(refused.code, 125);
  t.is(refused.stderr, `tnet: invalid mount config for type "bind": bind source path does not exist: ${base}/nosuch\n`);
  t.is(await inside(['-v', `${dir}:/etc/deep/er/new`], 'cat /etc/deep/er/new/file'), 'changed', 'targets are made');
  t.false(existsSync('/etc/deep'));
  t.regex(
    (await tnet.run(['run', '-v', `${dir}:/etc/passwd`, 'host', 'true'])).stderr,
    /\/etc\/passwd.*[Nn]ot a directory/,
  );
  t.regex((await tnet.run(['run', '-v', `${dir}:/proc/sys`, 'host', 'true'])).stderr, /"\/proc\/sys" is inside \/proc/);
  t.regex(
    (await tnet.run(['run', '-v', `${dir}:/x`, '-v', `data:/x`, 'host', 'true'])).stderr,
    /Duplicate mount point: \/x/,
  );
});

test.serial('a source is a path of the host, a target one of the container: links do not lead out', async t => {
  const dir = directory('links');
  symlinkSync('/etc/hostname', join(dir, 'out'));
  symlinkSync(dir, join(base, 'alias'));
  t.is(await inside(['-v', `${base}/alias:/in`], 'cat /in/file; readlink /in/out'), 'links\n/etc/hostname');
  const linked = '/etc/tnet-link-test';
  symlinkSync('../../../../../../../tmp/tnet-link-target', linked);
  try {
    t.is(await inside(['-v', `${dir}:${linked}`], 'cat /tmp/tnet-link-target/file'), 'links');
    t.false(existsSync('/tmp/tnet-link-target'));
  } finally {
    rmSync(linked);
  }
});

test.serial('recursive read-only, and how to do without', async t => {
  const dir = directory('tree');
  mkdirSync(join(dir, 'sub'));
  run(`mount -t tmpfs tmpfs ${dir}/sub && echo sub > ${dir}/sub/file`);
  const write =
    'for d in /in /in/sub; do touch $d/x 2>/dev/null && echo rw || echo ro; done; cat /in/sub/file 2>/dev/null; true';
  const mount = (options: string): string[] => ['--mount', `type=bind,src=${dir},dst=/in${options}`];
  t.is(await inside(mount(''), write), 'rw\nrw\nsub');
  t.is(await inside(mount(',readonly'), write), 'ro\nro\nsub');
  t.is(await inside(mount(',readonly,bind-recursive=writable'), write), 'ro\nrw\nsub');
  t.is(await inside(mount(',readonly,bind-recursive=readonly,bind-propagation=rprivate'), write), 'ro\nro\nsub');
  t.is(await inside(mount(',bind-recursive=disabled'), write), 'rw\nrw', 'what is mounted below is left out');
  run(`umount ${dir}/sub`);
});

test.serial(
  'propagation: mounts of the host arrive with rslave and rshared, and travel back with rshared alone',
  async t => {
    const dir = directory('spread');
    const slave = ['run', '--network', 'none', '-v', `${dir}:/in:rslave`, 'host', 'true'];
    t.regex(
      (await tnet.run(slave)).stderr,
      new RegExp(`path ${dir} is mounted on .* but it is not a shared or slave mount`),
    );
    // The daemon has the test's mount namespace, so that it sees this.
    run(`mount --bind ${dir} ${dir} && mount --make-rshared ${dir} && mkdir ${dir}/sub`);
    try {
      for (const mode of ['rslave', 'rprivate'])
        await tnet.ok(
          'run',
          '-d',
          '--name',
          mode,
          '--network',
          'none',
          '-v',
          `${dir}:/in:${mode}`,
          'host',
          'sleep',
          '1000',
        );
      run(`mount -t tmpfs tmpfs ${dir}/sub && touch ${dir}/sub/seen`);
      const see = async (name: string): Promise<string> => {
        const [{State}] = JSON.parse(await tnet.ok('inspect', name)) as [{State: {Pid: number}}];
        return run(`ls /proc/${State.Pid}/root/in/sub`).trim();
      };
      t.is(await see('rslave'), 'seen');
      t.is(await see('rprivate'), '');
      const {Mounts, HostConfig} = await inspect('rslave');
      t.like(Mounts[0], {Type: 'bind', Source: dir, Propagation: 'rslave', Mode: 'rslave'});
      t.deepEqual(HostConfig.Binds, [`${dir}:/in:rslave`]);
      await tnet.ok('rm', '-f', 'rslave', 'rprivate');
      run(`umount ${dir}/sub`);
    } finally {
      run(`umount -R ${dir}`);
    }
  },
);

test.serial('tmpfs: size, mode, owner, flags; the mode of what it covers', async t => {
  const show = (path: string): string =>
    `stat -c '%a %u:%g' ${path}; awk '$5=="${path}"{print $6, $NF}' /proc/self/mountinfo`;
  const options = 'size=1m,mode=700,uid=7,gid=8,exec';
  t.regex(
    await inside(['--tmpfs', `/x:${options}`], show('/x')),
    /^700 7:8\nrw,nosuid,nodev,relatime rw,size=1024k,mode=700,uid=7,gid=8/,
  );
  t.regex(await inside(['--tmpfs', '/new'], show('/new')), /^1777 0:0\nrw,nosuid,nodev,noexec/);
  t.regex(await inside(['--tmpfs', '/var/tmp'], show('/var/tmp')), /^1777 0:0/);
  t.regex(await inside(['--tmpfs', '/opt'], show('/opt')), /^755 0:0/);
  const mount = ['--mount', 'type=tmpfs,dst=/t,tmpfs-size=2m,tmpfs-mode=0750'];
  t.regex(await inside(mount, show('/t')), /^750 0:0\nrw,nosuid,nodev,noexec,relatime rw,size=2048k,mode=750/);
  t.is(
    await inside(['--tmpfs', '/x:size=64k'], 'dd if=/dev/zero of=/x/f bs=1k count=100 2>&1 | grep -c "No space"'),
    '1',
  );
  t.regex(
    (await tnet.run(['run', '--tmpfs', '/x:nonsense', 'host', 'true'])).stderr,
    /invalid tmpfs option \["nonsense"\]/,
  );
});

test.serial('mounts over mounts: what lies deeper comes later, whatever the order asked for', async t => {
  const [outer, inner] = [directory('outer'), directory('inner')];
  const mounts = ['-v', `${inner}:/a/b`, '--tmpfs', '/a/b/c', '-v', `${outer}:/a`, '-v', 'deepest:/a/b/c/d'];
  t.is(
    await inside(mounts, 'cat /a/file /a/b/file; awk \'$5 ~ "^/a"{print $5}\' /proc/self/mountinfo | sort'),
    'outer\ninner\n/a\n/a/b\n/a/b/c\n/a/b/c/d',
  );
  const etc = directory('etc', '');
  writeFileSync(join(etc, 'hosts'), '');
  t.regex(await inside(['-v', `${etc}:/etc`], 'cat /etc/hosts'), /localhost/, 'our files lie over it');
  writeFileSync(join(etc, 'mine'), 'my hosts\n');
  t.is(await inside(['-v', `${etc}/mine:/etc/hosts`], 'cat /etc/hosts'), 'my hosts', 'but not over what was asked for');
  await tnet.ok('volume', 'rm', 'deepest');
});

test.serial('a volume with options is mounted while it is used', async t => {
  const options = ['-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m,uid=5'];
  await tnet.ok('volume', 'create', ...options, 'memory');
  const data = join(tnet.root, 'volumes/memory/_data');
  const mounted = (): boolean => readFileSync('/proc/self/mountinfo', 'utf8').includes(data);
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'one',
    '--network',
    'none',
    '-v',
    'memory:/m',
    'host',
    'sh',
    '-c',
    'echo shared > /m/f; exec sleep 1000',
  );
  t.true(mounted());
  t.is(
    await inside(
      ['-v', 'memory:/m'],
      'until cat /m/f 2>/dev/null; do sleep 0.05; done; stat -f -c %T /m; stat -c %u /m',
    ),
    'shared\ntmpfs\n5',
  );
  t.true(mounted(), 'another one still has it');
  await tnet.ok('rm', '-f', 'one');
  t.false(mounted());
  await tnet.ok('volume', 'rm', 'memory');
  const dir = directory('device');
  const bind = `type=volume,src=bound,dst=/m,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${dir}`;
  t.is(await inside(['--mount', bind], 'cat /m/file'), 'device');
  t.is(await inside(['--mount', 'type=volume,src=bound,dst=/m,volume-subpath=file'], 'cat /m'), 'device');
  t.regex(
    (await tnet.run(['volume', 'create', '-o', 'type=tmpfs', 'bad'])).stderr,
    /missing required option: "device"/,
  );
  t.regex((await tnet.run(['volume', 'create', '-o', 'size=1', 'bad'])).stderr, /invalid option: "size"/);
  await tnet.ok('volume', 'create', '-o', 'type=nosuch', '-o', 'device=x', 'bad');
  const failed = await tnet.run(['run', '-v', 'bad:/m', 'host', 'true']);
  t.regex(failed.stderr, /error while mounting volume '.*bad\/_data': .*special device x/);
  await tnet.ok('volume', 'rm', 'bound', 'bad');
});

test.serial('a subpath is one directory of a volume, and no link leads out of it', async t => {
  await inside(['-v', 'whole:/w'], 'mkdir -p /w/logs/app; echo l > /w/logs/app/f; ln -s / /w/out');
  const at = (subpath: string): string[] => ['--mount', `type=volume,src=whole,dst=/in,volume-subpath=${subpath}`];
  t.is(await inside(at('logs/app'), 'ls /in'), 'f');
  t.regex(
    (await tnet.run(['run', ...at('out/etc'), 'host', 'true'])).stderr,
    /out\/etc.*[Tt]oo many levels of symbolic links/,
  );
  t.regex(
    (await tnet.run(['run', ...at('../x'), 'host', 'true'])).stderr,
    /subpath must be a relative path within the volume/,
  );
  await tnet.ok('volume', 'rm', 'whole');
});

test.serial('a development session: the source is bound, what is built stays outside of it', async t => {
  const src = directory('src', 'echo built > /build/out');
  await inside(['-v', `${src}:/src:ro`, '-v', 'build:/build', '-w', '/src'], 'sh ./file');
  t.is(await inside(['-v', 'build:/build'], 'cat /build/out'), 'built');
  await tnet.ok('volume', 'rm', 'build');
});
