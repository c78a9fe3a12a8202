import {existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Files go in and out of containers: by the stock docker command, and by ours. */
const noDocker = run('command -v docker || true') === '' ? ' (no docker command here)' : '';
const dockerTest = noDocker === '' ? test.serial : test.serial.skip;
const base = mkdtempSync(join(tmpdir(), 'tnet-cp-'));
const tnet = useTnet({
  closing: async () => {
    await tnet.ok('rm', '-fv', 'runs', 'stopped');
    await tnet.ok('volume', 'rm', 'vol');
  },
  closed: () => rmSync(base, {recursive: true, force: true}),
});

test.before(async () => {
  const script = `mkdir -p /data/deep/er && echo f > /data/file && ln -s file /data/link && ln -s /etc/hostname /data/out && ln -s deep /data/way &&
    chown 7:8 /data/file && chmod 4750 /data/file && ln /data/file /data/twin && echo mine > /tmpfs/seen && exec sleep 1000`;
  const options = ['--network', 'none', '-v', 'vol:/vol', '--tmpfs', '/tmpfs', '--hostname', 'box'];
  await tnet.ok('run', '-d', '--name', 'runs', ...options, 'host', 'sh', '-c', script);
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'stopped',
    ...options,
    'host',
    'sh',
    '-c',
    script.replace('exec sleep 1000', 'true'),
  );
  await tnet.ok('wait', 'stopped');
  for (let i = 0; i < 100 && docker('cp runs:/tmpfs/seen -').includes('Could not'); i++)
    await new Promise(resolve => setTimeout(resolve, 50));
});

/** Output, then the exit code when it is not 0. */
const docker = (args: string): string =>
  run(
    `cd ${base}; export DOCKER_HOST=unix://${tnet.socket} DOCKER_CONFIG=${tnet.runRoot}; { docker ${args}; } 2>&1 || echo "exit $?"`,
  ).trim();
const fresh = (): void => {
  rmSync(base, {recursive: true, force: true});
  mkdirSync(join(base, 'dir'), {recursive: true});
  writeFileSync(join(base, 'local'), 'local\n');
  writeFileSync(join(base, 'dir/inner'), 'inner\n');
};
const at = (path: string): string => readFileSync(join(base, path), 'utf8');

for (const name of ['runs', 'stopped'] as const) {
  dockerTest(`docker cp out of a container that ${name}${noDocker}`, t => {
    fresh();
    t.regex(docker(`cp ${name}:/data/file ./new`), /^(Successfully copied.*)?$/);
    t.is(at('new'), 'f\n');
    t.is(statSync(join(base, 'new')).mode & 0o7777, 0o4750);
    docker(`cp ${name}:/data/file ./dir`);
    t.is(at('dir/file'), 'f\n');
    docker(`cp ${name}:/data ./dir`);
    t.is(
      run(`cd ${base}/dir/data && ls -R1 . | tr '\\n' ' '; readlink link out`),
      '.: deep file link out twin way  ./deep: er  ./deep/er: file\n/etc/hostname\n',
    );
    docker(`cp ${name}:/data/. ./content`);
    t.is(at('content/file'), 'f\n');
    docker(`cp -L ${name}:/data/out ./hostname`);
    t.is(at('hostname'), name === 'runs' ? 'box\n' : readFileSync('/etc/hostname', 'utf8'));
    t.is(
      run(`export DOCKER_HOST=unix://${tnet.socket}; docker cp ${name}:/data/way/ - | tar t | tr '\\n' ' '`).trim(),
      'way/ way/er/',
    );
    t.regex(
      docker(`cp ${name}:/nosuch .`),
      new RegExp(`Could not find the file /nosuch in container ${name}\nexit 1$`),
    );
    t.regex(docker(`cp ${name}:/data/file/x .`), /Could not find the file \/data\/file\/x/);
  });

  dockerTest(`docker cp into a container that ${name}${noDocker}`, t => {
    fresh();
    docker(`cp ./local ${name}:/data/new`);
    docker(`cp ./local ${name}:/data/deep`);
    docker(`cp ./dir ${name}:/data/deep/er`);
    docker(`cp ./dir/. ${name}:/vol`);
    docker(`cp ./local ${name}:/data/way/`);
    const shown = run(
      `export DOCKER_HOST=unix://${tnet.socket}; for f in /data/new /data/deep/local /data/deep/er/dir/inner /vol/inner; do docker cp ${name}:$f - | tar xO; done`,
    );
    t.is(shown, 'local\nlocal\ninner\ninner\n');
    t.is(
      readFileSync(join(tnet.root, 'volumes/vol/_data/inner'), 'utf8'),
      'inner\n',
      'a volume is written, not what it covers',
    );
    t.regex(docker(`cp ./local ${name}:/nosuch/x`), /Could not find the file \/nosuch|no such directory/i);
    t.regex(docker(`cp ./dir ${name}:/data/file`), /cannot copy directory|extraction point is not a directory/);
    t.regex(docker(`cp ./local ${name}:/data/file/`), /not a directory|extraction point|no such directory/);
    run(`cd ${base} && tar cf - local | DOCKER_HOST=unix://${tnet.socket} docker cp - ${name}:/data/deep/er`);
    t.regex(docker(`cp ${name}:/data/deep/er - | tar t`), /er\/local/);
  });
}

dockerTest(`docker diff tells what is new, changed and gone${noDocker}`, async t => {
  await tnet.ok(
    'run',
    '--name',
    'changed',
    '--network',
    'none',
    'host',
    'sh',
    '-c',
    'echo x > /etc/tnet-new; echo y >> /etc/issue; rm -r /etc/alternatives /etc/motd; rm -r /etc/skel; mkdir /etc/skel; touch /etc/skel/mine',
  );
  const lines = docker('diff changed').split('\n').sort();
  const hidden = run("ls -A /etc/skel | sed 's|^|D /etc/skel/|'").split('\n').filter(Boolean);
  t.deepEqual(
    lines,
    [
      'A /etc/skel/mine',
      'A /etc/tnet-new',
      'C /etc',
      'C /etc/issue',
      'C /etc/skel',
      'D /etc/alternatives',
      'D /etc/motd',
      ...hidden,
    ].sort(),
  );
  t.deepEqual((await tnet.ok('diff', 'changed')).split('\n').sort(), lines);
  await tnet.ok('rm', 'changed');
});

test.serial('links of a container, and of an archive, lead nowhere outside of it', async t => {
  mkdirSync(base, {recursive: true});
  const victim = join(base, 'victim');
  mkdirSync(victim, {recursive: true});
  // A file system of its own: the image host shows what is on the machine's root file system, this it does not.
  run(`mount -t tmpfs tmpfs ${victim}`);
  t.teardown(() => run(`umount ${victim}`));
  writeFileSync(join(victim, 'secret'), 'secret of the host\n');
  await tnet.ok(
    'run',
    '--name',
    'sly',
    '--network',
    'none',
    '-v',
    'slyvol:/vol',
    'host',
    'sh',
    '-c',
    `ln -s ${victim} /trap; ln -s ../../../../../../../..${victim} /vol/trap; ln -s ${victim}/secret /leak`,
  );
  const raw = (method: string, path: string, more = ''): string =>
    run(`curl -s -X ${method} --unix-socket ${tnet.socket} ${more} 'http://x/containers/sly/archive?path=${path}'`);
  t.false(raw('GET', '/trap/.').includes('secret'), 'a directory of the image, not of the host');
  for (const path of ['/trap/secret', '/vol/trap/secret', '/leak/'])
    t.regex(raw('GET', path), /Could not find the file/, path);
  writeFileSync(join(base, 'evil.py'), evil(victim));
  for (const kind of ['dotdot', 'absolute', 'through', 'hardlink']) {
    run(`python3 ${base}/evil.py ${kind} > ${base}/evil.tar`);
    raw('PUT', '/vol', `-T ${base}/evil.tar`);
    t.deepEqual(run(`ls ${victim}`), 'secret\n', kind);
    t.is(readFileSync(join(victim, 'secret'), 'utf8'), 'secret of the host\n', kind);
  }
  t.regex(
    run(
      `python3 ${base}/evil.py dotdot | curl -s -X PUT --unix-socket ${tnet.socket} -T - 'http://x/containers/sly/archive?path=/vol'`,
    ),
    /invalid archive: \\"\.\.\//,
  );
  t.regex(
    run(
      `head -c 2000 /dev/urandom | curl -s -X PUT --unix-socket ${tnet.socket} -T - 'http://x/containers/sly/archive?path=/vol'`,
    ),
    /invalid archive: invalid tar header/,
  );
  t.false(existsSync('/vol'));
  await tnet.ok('rm', '-v', 'sly');
  await tnet.ok('volume', 'rm', 'slyvol');
});

/** Writes one hostile archive of the kind asked for. */
const evil = (victim: string): string => `
import sys, tarfile, io
out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|')
def add(name, type=tarfile.REGTYPE, link='', data=b'evil'):
    info = tarfile.TarInfo(name); info.type = type; info.linkname = link
    info.size = len(data) if type == tarfile.REGTYPE else 0
    out.addfile(info, io.BytesIO(data) if info.size else None)
kind = sys.argv[1]
if kind == 'dotdot': add('../../../../../../..${victim}/new')
if kind == 'absolute': add('${victim}/new')
if kind == 'through':
    add('way', tarfile.SYMTYPE, '${victim}'); add('way/new')
    add('up', tarfile.SYMTYPE, '../../../../../../..${victim}'); add('up/new2')
if kind == 'hardlink':
    add('hard', tarfile.LNKTYPE, '${victim}/secret'); add('hard')
    add('hard2', tarfile.LNKTYPE, '../../../../../../..${victim}/secret'); add('hard2')
out.close()
`;

test.serial('who leaves in the middle of an archive ends its packing, and disturbs nobody', async t => {
  const daemon = tnet.daemonPid();
  for (const name of ['runs', 'stopped'])
    run(
      `curl -s --unix-socket ${tnet.socket} 'http://tnet/containers/${name}/archive?path=/usr' | head -c 100000 | wc -c`,
    );
  t.is(await tnet.ok('inspect', '-f', '{{.State.Status}}', 'stopped'), 'exited');
  t.is((await tnet.run(['cp', 'stopped:/data/file', '-'])).code, 0, 'what looked at it before lets it go');
  t.is(tnet.daemonPid(), daemon);
});

test.serial('tnet cp: both ways, streams, and what is wrong', async t => {
  fresh();
  const cp = (...args: string[]): Promise<string> => tnet.ok('cp', ...args);
  const from = (path: string): string => join(base, path);
  await cp('runs:/data/file', from('out'));
  t.is(at('out'), 'f\n');
  await cp('runs:/data', from('whole'));
  t.is(at('whole/file'), 'f\n');
  await cp('runs:/data/.', from('dir'));
  t.is(at('dir/file'), 'f\n');
  await cp(from('local'), 'runs:/data/renamed');
  await cp(from('dir'), 'runs:/data/renamed-dir');
  await cp(`${from('dir')}/.`, 'runs:/vol');
  symlinkSync('local', from('alias'));
  await cp('-L', from('alias'), 'runs:/data/followed');
  const stream = (await tnet.run(['cp', 'runs:/data', '-'])).stdout;
  for (const name of ['renamed', 'renamed-dir/inner', 'followed']) t.true(stream.includes(`data/${name}\0`), name);
  run(`cd ${base} && tar cf stream.tar local`);
  t.is((await tnet.run(['cp', '-', 'runs:/vol'], {input: readFileSync(from('stream.tar'), 'latin1')})).code, 0);
  await cp('runs:/vol/local', from('again'));
  t.is(at('again'), 'local\n');
  for (const [args, message] of [
    [['runs:/nosuch', base], /Could not find the file \/nosuch in container runs/],
    [[from('nosuch'), 'runs:/'], /no such file or directory/i],
    [[from('dir'), 'runs:/data/file'], /cannot copy directory/],
    [['runs:/a', 'runs:/b'], /copying between containers is not supported/],
    [[base, base], /must specify at least one container source/],
    [[from('local'), 'runs:/data/nosuch/'], /no such directory|Could not find the file/],
  ] as const) {
    const {code, stderr} = await tnet.run(['cp', ...args]);
    t.is(code, 1, args.join(' '));
    t.regex(stderr, message);
  }
});
