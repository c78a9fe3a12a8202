import {mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {run} from './fixture/host.ts';
import {hostImageLacks, mappedTest} from './fixture/id-map-guard.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** `tnet run --userns auto`, `--uidmap`, through the commands a user types; "containers" has room for three of 1000. */
const first = 700_000;
const base = mkdtempSync(join(tmpdir(), 'tnet-userns-run-'));
const ranges = join(base, 'ranges');
const tnet = useTnet({
  closed: () => {
    run('umount /etc/subuid /etc/subgid');
    rmSync(base, {recursive: true, force: true});
  },
});

test.before(async () => {
  writeFileSync(ranges, `containers:${first}:3000\n`);
  for (const file of ['/etc/subuid', '/etc/subgid']) run(`touch ${file} && mount --bind ${ranges} ${file}`);
  if (hostImageLacks !== '') return;
  await tnet.ok('run', '-d', '--name', 'box', '--userns', 'auto:size=1000', 'host', 'sleep', '1000');
});

const none = ['--rm', '--network', 'none'];
const auto = ['--userns', 'auto:size=1000'];
const map = 'tr -s " " </proc/self/uid_map; tr -s " " </proc/self/gid_map';
const shell = (script: string, ...options: readonly string[]): Promise<string> =>
  tnet.ok('run', ...none, ...options, 'host', 'sh', '-c', script);
const owners = (path: string): readonly number[] => [statSync(path).uid, statSync(path).gid];

mappedTest('--userns auto gives ids that nobody else has, and keeps them', async t => {
  t.is(await tnet.ok('exec', 'box', 'sh', '-c', map), ` 0 ${first} 1000\n 0 ${first} 1000`);
  t.is(await shell(map, ...auto), ` 0 ${first + 1000} 1000\n 0 ${first + 1000} 1000`);
  t.is(statSync(`/proc/${await tnet.ok('inspect', '-f', '{{.State.Pid}}', 'box')}`).uid, first);
  await tnet.ok('restart', '-t', '0', 'box');
  t.is(await tnet.ok('exec', 'box', 'sh', '-c', map), ` 0 ${first} 1000\n 0 ${first} 1000`);
  const format = '{{.HostConfig.UsernsMode}} {{.HostConfig.UIDMap}}';
  t.is(await tnet.ok('inspect', '-f', format, 'box'), `auto:size=1000 [0:${first}:1000]`);
});

mappedTest('two at once get different ids; none are left for more; rm gives them back', async t => {
  const create = (name: string) => tnet.run(['create', '--name', name, ...auto, 'host', 'true']);
  const made = await Promise.all(['one', 'two', 'six'].map(create));
  const refused = made.filter(({code}) => code !== 0);
  t.is(refused.length, 1);
  t.regex(
    refused[0]!.stderr,
    /--userns auto: no 1000 ids in a row are free of the 3000 that "containers" has in \/etc\/subuid/,
  );
  const names = ['one', 'two', 'six'].filter((_, at) => made[at]!.code === 0);
  const maps = await Promise.all(names.map(name => tnet.ok('inspect', '-f', '{{.HostConfig.UIDMap}}', name)));
  t.deepEqual(maps.sort(), [`[0:${first + 1000}:1000]`, `[0:${first + 2000}:1000]`]);
  await tnet.ok('rm', ...names);
  t.is((await tnet.ok('ps', '-aq')).split('\n').length, 1);
  t.is(await shell('id -u', ...auto), '0');
});

mappedTest('--uidmap and --gidmap are what it gets', async t => {
  const maps = ['--uidmap', '0:800000:5', '--uidmap', '5:900000:5', '--gidmap', '0:810000:7'];
  t.is(await shell(map, ...maps), ' 0 800000 5\n 5 900000 5\n 0 810000 7');
  t.is(await shell(map, '--userns', 'private', '--uidmap', '0:800000:5'), ' 0 800000 5\n 0 800000 5');
  t.is(await shell('touch /x && chown 6 /x && stat -c %u /x', ...maps), '6');
});

mappedTest('volumes keep plain ids on the disk, whoever writes: they are id-mapped mounts', async t => {
  await shell('touch /v/root /v/seven && chown 7:8 /v/seven', '-v', 'data:/v', ...auto);
  const data = join(tnet.root, 'volumes/data/_data');
  t.deepEqual([data, join(data, 'root'), join(data, 'seven')].map(owners), [
    [0, 0],
    [0, 0],
    [7, 8],
  ]);
  t.is(await shell('stat -c %u:%g /v/root /v/seven', '-v', 'data:/v', '--uidmap', '0:800000:100'), '0:0\n7:8');
  t.is(await shell('stat -c %u:%g /v/root /v/seven', '-v', 'data:/v'), '0:0\n7:8');
  await shell('stat /etc/passwd', '-v', 'filled:/etc', ...auto);
  t.deepEqual(owners(join(tnet.root, 'volumes/filled/_data/passwd')), [0, 0]);
  await tnet.ok('create', '--name', 'still', '-v', 'data:/v', ...auto, 'host', 'true');
  const listed = (await tnet.run(['cp', 'still:/v/seven', '-'])).stdout;
  t.is(parseInt(listed.slice(108, 116), 8), 7);
  await tnet.ok('rm', 'still');
  await tnet.ok('volume', 'rm', 'data', 'filled');
});

mappedTest("a bind keeps the machine's owners; who joins its network is in its user namespace", async t => {
  mkdirSync(join(base, 'bound'));
  t.is(await shell('stat -c %u /b', '-v', `${join(base, 'bound')}:/b`, ...auto), '65534');
  t.is(
    await tnet.ok('run', '--rm', '--network', 'container:box', 'host', 'sh', '-c', map),
    ` 0 ${first} 1000\n 0 ${first} 1000`,
  );
});

mappedTest('a file system that has no id-mapped mounts is named, and nothing is left', async t => {
  const lower = join(base, 'lower');
  const merged = join(base, 'merged');
  for (const dir of [lower, merged, `${merged}-up`, `${merged}-work`]) mkdirSync(dir);
  const layers = `lowerdir=${lower},upperdir=${merged}-up,workdir=${merged}-work`;
  await tnet.ok('volume', 'create', '-o', 'type=overlay', '-o', 'device=overlay', '-o', `o=${layers}`, 'layered');
  const containers = await tnet.ok('ps', '-aq');
  const {code, stderr} = await tnet.run(['run', ...none, ...auto, '-v', 'layered:/v', 'host', 'true']);
  t.is(code, 125);
  t.regex(
    stderr,
    /cannot map the ids of ".*volumes\/layered\/_data": its file system has no id-mapped mounts .*or use --userns host/,
  );
  t.is(stderr.trim().split('\n').length, 1);
  t.is(await tnet.ok('ps', '-aq'), containers);
  t.false(run('cat /proc/mounts').includes('volumes/layered'));
  t.is(await shell('touch /v/x && stat -c %u /v/x', '-v', 'layered:/v', '--userns', 'host'), '0');
  await tnet.ok('volume', 'rm', 'layered');
});

for (const [options, message] of [
  [['--userns', 'auto', '--privileged'], /privileged mode is incompatible with user namespaces/],
  [['--userns', 'auto', '--network', 'host'], /cannot share the host's network namespace/],
  [
    ['--userns', 'auto:size=1', '--network', 'container:box'],
    /conflicting options: --network container:box and a user/,
  ],
  [['--userns', 'auto:size=2001'], /no 2001 ids in a row are free of the 3000/],
  [['--uidmap', '1:2:3'], /invalid --uidmap: no id for root inside/],
] as const)
  mappedTest(`${options.join(' ')} is refused, and nothing is left`, async t => {
    const containers = await tnet.ok('ps', '-aq');
    const {code, stderr} = await tnet.run(['run', '--rm', ...options, 'host', 'true']);
    t.is(code, 125);
    t.regex(stderr, message);
    t.is(await tnet.ok('ps', '-aq'), containers);
  });
