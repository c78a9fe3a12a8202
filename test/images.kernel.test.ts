import {existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Images made of archives: a small root file system with this machine's own shell. */
const base = mkdtempSync(join(tmpdir(), 'tnet-images-'));
const root = join(base, 'rootfs');
const tnet = useTnet({
  closed: () => rmSync(base, {recursive: true, force: true}),
});

test.before(async () => {
  const tools = 'sh cat ls stat mkdir touch sleep';
  run(`mkdir -p ${root}/bin ${root}/srv ${root}/data ${root}/etc && cd ${root} && for t in ${tools}; do cp $(command -v $t) bin/; done
    for l in $(ldd bin/* | grep -o '/[^ :]*\\.so[^ ]*' | sort -u); do mkdir -p .$(dirname $l) && cp -L $l .$l; done
    echo kept > data/file && chown 7:8 data/file && chmod 4755 data/file && ln data/file data/twin && ln -s file data/link && tar cf ../rootfs.tar .`);
  await tnet.ok('ps');
});

const at = (name: string): string => join(base, name);
const layers = (): readonly string[] => readdirSync(join(tnet.root, 'images'));
const until = async (holds: () => Promise<boolean>): Promise<void> => {
  for (let i = 0; i < 200; i++) if (await holds()) return;
  throw new Error('it never came');
};
const none = ['--network', 'none'] as const;

test.serial('an archive becomes an image, its config a container’s; the same archive is one layer', async t => {
  const changes = [
    'CMD ["cat", "file"]',
    'ENV A=b C="d e"',
    'WORKDIR /data',
    'EXPOSE 80 53/udp',
    'VOLUME /data',
    'LABEL k=v',
    'STOPSIGNAL SIGINT',
  ];
  const id = await tnet.ok('image', 'import', ...changes.flatMap(each => ['-c', each]), at('rootfs.tar'), 'base:1');
  t.regex(id, /^sha256:[0-9a-f]{64}$/);
  t.is(await tnet.ok('run', '--rm', ...none, 'base:1'), 'kept');
  t.is(
    await tnet.ok('run', '--rm', ...none, 'base:1', 'sh', '-c', 'echo $A $C; stat -c "%a %u:%g %h" file twin; ls -A /'),
    `b d e\n4755 7:8 2\n4755 7:8 2\n${await tnet.ok('run', '--rm', ...none, 'base:1', 'ls', '-A', '/')}`,
  );
  t.is(await tnet.ok('volume', 'ls', '-q'), '', 'its volume went with --rm');
  const [image] = JSON.parse(await tnet.ok('image', 'inspect', 'base:1')) as [
    {Config: Record<string, unknown>; RootFS: {Layers: string[]}},
  ];
  t.like(image.Config, {
    Cmd: ['cat', 'file'],
    Env: ['A=b', 'C=d e'],
    WorkingDir: '/data',
    Labels: {k: 'v'},
    StopSignal: 'SIGINT',
  });
  t.deepEqual(image.RootFS.Layers, [`sha256:${run(`sha256sum < ${at('rootfs.tar')}`).slice(0, 64)}`]);
  for (const tool of ['gzip', 'xz', 'zstd', 'bzip2'].filter(each => run(`command -v ${each} || true`) !== '')) {
    run(`${tool} -c ${at('rootfs.tar')} > ${at('packed')}`);
    await tnet.ok('image', 'import', at('packed'), `packed:${tool}`);
  }
  await tnet.ok('image', 'import', '-c', 'ENTRYPOINT ["cat"]', at('rootfs.tar'), 'entry');
  t.is(await tnet.ok('run', '--rm', ...none, 'entry', '/data/file'), 'kept');
  t.is(layers().length, 1);
  t.regex(await tnet.ok('images'), /base:1 +[0-9a-f]{12} +0/);
  t.regex(
    (await tnet.run(['image', 'import', '-c', 'RUN x', at('rootfs.tar')])).stderr,
    /RUN is not a valid change command/,
  );
});

test.serial('what was asked for wins over the image, also when it is a default', async t => {
  const changes = ['ENTRYPOINT ["sh", "-c"]', 'CMD ["pwd"]', 'WORKDIR /data', 'STOPSIGNAL SIGINT', 'USER 7:8'];
  changes.push('HEALTHCHECK --interval=100ms --retries=1 CMD ["ls", "/alive"]');
  await tnet.ok('image', 'import', ...changes.flatMap(each => ['-c', each]), at('rootfs.tar'), 'says');
  const inspect = async (name: string) => JSON.parse(await tnet.ok('inspect', name))[0];
  t.is(await tnet.ok('run', '--rm', ...none, 'says'), '/data');
  t.is(await tnet.ok('run', '--rm', ...none, '-w', '/', 'says'), '/');
  t.is(await tnet.ok('run', '--rm', ...none, 'says', 'stat -c %u:%g /proc/self/'), '7:8');
  t.is(await tnet.ok('run', '--rm', ...none, '-u', '0', 'says', 'stat -c %u:%g /proc/self/'), '0:0');
  const wait = 'exec sleep 1000';
  await tnet.ok('run', '-d', '--name', 'ill', ...none, '--stop-signal', 'SIGTERM', 'says', wait);
  t.like(await inspect('ill'), {
    Path: 'sh',
    Args: ['-c', wait],
    Config: {
      ...{Entrypoint: ['sh', '-c'], Cmd: [wait], WorkingDir: '/data', StopSignal: 'SIGTERM', User: '7:8'},
      Healthcheck: {Test: ['CMD', 'ls', '/alive'], Interval: 1e8, Retries: 1},
    },
  });
  await until(async () => (await inspect('ill')).State.Health.Status === 'unhealthy');
  await tnet.ok('rm', '-f', 'ill');
  await tnet.ok('create', '--name', 'quiet', ...none, '--no-healthcheck', 'says', wait);
  t.deepEqual((await inspect('quiet')).Config.Healthcheck.Test, ['NONE']);
  await tnet.ok('create', '--name', 'other', ...none, '--health-interval', '9s', 'says', wait);
  t.deepEqual((await inspect('other')).Config.Healthcheck, {Test: ['CMD', 'ls', '/alive'], Interval: 9e9, Retries: 1});
  await tnet.ok('rm', 'quiet', 'other');
  await tnet.ok('image', 'rm', 'says');
});

test.serial('an image is not removed while a container has it; its layer goes with the last', async t => {
  await tnet.ok('run', '--name', 'user', ...none, 'base:1', 'sh', '-c', 'touch /new');
  const [{Id, Image}] = JSON.parse(await tnet.ok('inspect', 'user')) as [{Id: string; Image: string}];
  const refused = await tnet.run(['image', 'rm', 'base:1']);
  t.is(
    refused.stderr,
    `tnet: conflict: unable to remove repository reference "base:1" (cannot be forced) - container ${Id.slice(0, 12)} is using its referenced image ${Image.slice(7, 19)}\n`,
  );
  t.is(await tnet.ok('diff', 'user'), 'A /new');
  await tnet.ok('image', 'import', at('rootfs.tar'), 'base:1');
  await tnet.ok('start', 'user');
  await tnet.ok('wait', 'user');
  t.regex(
    (await tnet.run(['image', 'rm', Image])).stderr,
    /cannot be forced/,
    'the name went to another image, the container did not',
  );
  await tnet.ok('rm', '-v', 'user');
  t.is(await tnet.ok('image', 'rm', Image), `Deleted: ${Image}`);
  t.is(layers().length, 1);
  t.regex(await tnet.ok('image', 'prune', '-a'), /untagged: base:1\ndeleted: sha256:[\s\S]*Total reclaimed space/);
  t.deepEqual(layers(), []);
  t.regex((await tnet.run(['image', 'rm', 'host'])).stderr, /this machine's own root file system/);
  t.regex((await tnet.run(['run', 'base:1'])).stderr, /No such image: base:1/);
});

test.serial('what is no archive, or a hostile one, leaves nothing', async t => {
  const victim = at('victim');
  mkdirSync(victim);
  writeFileSync(at('evil.py'), evil(victim));
  for (const kind of ['dotdot', 'absolute', 'through', 'hardlink', 'whiteout', 'overlay', 'torn', 'node']) {
    run(`python3 ${at('evil.py')} ${kind} > ${at('evil.tar')}`);
    const {code, stderr} = await tnet.run(['image', 'import', at('evil.tar'), `evil:${kind}`]);
    t.deepEqual(readdirSync(victim), [], kind);
    if (['dotdot', 'hardlink', 'torn', 'node'].includes(kind)) {
      t.is(code, 1, kind);
      t.regex(stderr, /invalid archive|Cannot unpack image/, kind);
    } else t.is(code, 0, stderr);
  }
  t.false(
    run(`getfattr -d -m - -R ${tnet.root}/images 2>/dev/null || true`).includes('overlay'),
    'no attribute that overlayfs obeys',
  );
  t.is((await tnet.run(['image', 'import', at('evil.py'), 'x'])).code, 1);
  t.is((await tnet.run(['image', 'import', '-', 'x'], {input: ''})).code, 1);
  await tnet.ok('image', 'prune', '-a');
  t.deepEqual(layers(), []);
});

const evil = (victim: string): string => `
import sys, tarfile, io
out = tarfile.open(fileobj=sys.stdout.buffer, mode='w|', format=tarfile.PAX_FORMAT)
def add(name, type=tarfile.REGTYPE, link='', data=b'evil', pax={}):
    info = tarfile.TarInfo(name); info.type = type; info.linkname = link; info.pax_headers = pax
    info.size = len(data) if type == tarfile.REGTYPE else 0
    out.addfile(info, io.BytesIO(data) if info.size else None)
kind = sys.argv[1]
if kind == 'dotdot': add('a/../../../../../..${victim}/new')
if kind == 'absolute': add('${victim}/new')
if kind == 'through': add('way', tarfile.SYMTYPE, '${victim}'); add('way/new')
if kind == 'hardlink': add('hard', tarfile.LNKTYPE, '/etc/hostname')
if kind == 'whiteout': add('a/b'); add('a/.wh.b'); add('.wh..wh..opq'); add('.wh.nosuch')
if kind == 'overlay': add('x', pax={'SCHILY.xattr.trusted.overlay.redirect': '/etc'})
if kind == 'node': add('n', tarfile.CHRTYPE)
if kind != 'torn': out.close()
else:
    info = tarfile.TarInfo('big'); info.size = 1 << 20
    sys.stdout.buffer.write(info.tobuf() + b'x' * 1000)
`;

test.serial('a kill in the middle of an import leaves nothing that can be seen', async t => {
  const client = tnet.start('image', 'import', '-', 'half:1');
  client.stdin!.on('error', () => {}); // it is killed below
  client.stdin!.write(readFileSync(at('rootfs.tar')).subarray(0, 1 << 19));
  for (let i = 0; i < 200 && !existsSync(join(tnet.root, 'images')); i++)
    await new Promise(resolve => setTimeout(resolve, 20));
  for (let i = 0; i < 200 && layers().length === 0; i++) await new Promise(resolve => setTimeout(resolve, 20));
  t.regex(layers()[0] ?? '', /^#/);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  client.kill('SIGKILL');
  await new Promise(resolve => client.once('exit', resolve));
  t.notRegex(await tnet.ok('images'), /half/);
  t.deepEqual(layers(), []);
});

const docker = (args: string): string =>
  run(
    `export DOCKER_HOST=unix://${tnet.socket} DOCKER_CONFIG=${tnet.runRoot}; cd ${base}; { docker ${args}; } 2>&1 || echo "exit $?"`,
  ).trim();
const noDocker = run('command -v docker || true') === '' ? ' (no docker command here)' : '';
(noDocker === '' ? test.serial : test.serial.skip)(`docker import, images, run, inspect, rmi, volume${noDocker}`, t => {
  t.regex(docker(`import -c 'CMD ["cat","/data/file"]' -m note rootfs.tar mine:2`), /^sha256:[0-9a-f]{64}$/);
  t.deepEqual(docker("images --format '{{.Repository}}:{{.Tag}}'").split('\n').sort(), ['host:latest', 'mine:2']);
  t.is(docker('run --rm --network none mine:2'), 'kept');
  t.is(docker("image inspect -f '{{.Comment}} {{.Config.Cmd}}' mine:2"), 'note [cat /data/file]');
  t.regex(docker('pull nosuch'), /No such image: nosuch:latest. Pulling is not supported[\s\S]*exit 1$/);
  t.is(docker('volume create --label a=b dv'), 'dv');
  t.is(docker('run --rm --network none -v dv:/data --mount type=tmpfs,dst=/t mine:2'), 'kept');
  t.is(docker("volume inspect -f '{{.Name}} {{.Labels.a}}' dv"), 'dv b');
  t.is(docker('volume ls -q --filter label=a=b'), 'dv');
  t.is(docker('volume rm dv'), 'dv');
  t.regex(docker('rmi mine:2'), /Untagged: mine:2\nDeleted: sha256:/);
});

test.serial('ps -s and inspect -s tell what a container has written, and with its image', async t => {
  await tnet.ok('image', 'import', at('rootfs.tar'), 'sized');
  const fill = 'mkdir /srv/new; cd /srv/new; cat /bin/ls > copy; : > empty; stat -c %s copy; cat /data/file > file';
  const copied = Number(await tnet.ok('run', '--name', 'writer', ...none, 'sized', '/bin/sh', '-c', fill));
  const [{SizeRw, SizeRootFs}] = JSON.parse(await tnet.ok('inspect', '-s', 'writer')) as [
    {SizeRw: number; SizeRootFs: number},
  ];
  t.is(SizeRw, copied + 'kept\n'.length);
  const [image] = JSON.parse(await tnet.ok('image', 'inspect', 'sized')) as [{Size: number}];
  t.is(SizeRootFs, SizeRw + image.Size);
  const size = await tnet.ok('ps', '-a', '--format', '{{.Size}}');
  t.regex(size, /^[\d.]+kB \(virtual [\d.]+MB\)$/);
  t.regex(await tnet.ok('ps', '-as'), /SIZE\n.*kB \(virtual [\d.]+MB\)$/);
  t.notRegex(await tnet.ok('ps', '-a'), /SIZE|virtual/);
  t.notRegex(await tnet.ok('inspect', 'writer'), /SizeRw/);
  await tnet.ok('rm', 'writer');
  await tnet.ok('image', 'rm', 'sized');
});
