import {chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {createInterface} from 'node:readline';
import test from 'ava';
import {run} from './fixture/host.ts';
import {hostImageLacks, mappedTest} from './fixture/id-map-guard.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** `tnet daemon --userns-remap default`, through the commands a user types. */
const first = 100_000;
const base = mkdtempSync(join(tmpdir(), 'tnet-userns-'));
const tnet = useTnet({
  closed: () => {
    run('umount /etc/subuid /etc/subgid');
    rmSync(base, {recursive: true, force: true});
  },
});

/** Resolves when it serves: a client must not start another one meanwhile. */
async function startDaemon(...flags: readonly string[]): Promise<void> {
  const daemon = tnet.start('daemon', ...flags);
  const said: string[] = [];
  for await (const line of createInterface({input: daemon.stderr!})) {
    said.push(line);
    if (line.includes('listening on')) return void daemon.stderr!.resume();
  }
  throw new Error(`the daemon did not start: ${said.join('\n')}`);
}

test.before(async () => {
  writeFileSync(join(base, 'ranges'), `dockremap:${first}:65536\n`);
  for (const file of ['/etc/subuid', '/etc/subgid']) run(`touch ${file} && mount --bind ${base}/ranges ${file}`);
  await startDaemon('--userns-remap', 'default');
  if (hostImageLacks !== '') return;
  await tnet.ok('run', '-d', '--name', 'box', '-p', '8080:80', 'host', 'node', '-e', server);
});

const server = 'require("http").createServer((q,s)=>s.end("hello\\n")).listen(80)';
const shell = (script: string, ...options: readonly string[]): Promise<string> =>
  tnet.ok('run', '--rm', '--network', 'none', ...options, 'host', 'sh', '-c', script);
const pidOf = async (name: string): Promise<number> => Number(await tnet.ok('inspect', '-f', '{{.State.Pid}}', name));
const ids = (path: string): readonly number[] => [statSync(path).uid, statSync(path).gid];

mappedTest('root inside is an ordinary id on the machine', async t => {
  t.is(await shell('id -u; id -g; cat /proc/self/uid_map | tr -s " "'), `0\n0\n 0 ${first} 65536`);
  const status = readFileSync(`/proc/${await pidOf('box')}/status`, 'utf8');
  t.regex(status, new RegExp(`^Uid:(\\t${first}){4}$`, 'm'));
  t.regex(status, new RegExp(`^Gid:(\\t${first}){4}$`, 'm'));
  t.regex(status, new RegExp(`^Groups:\\s*(${first} )?$`, 'm'));
  t.regex(run(`curl -s --unix-socket ${tnet.socket} http://tnet/info`), /"SecurityOptions":\["name=userns"/);
});

mappedTest('its files are its own, and ids within the range can be given away', async t => {
  const owners = 'stat -c "%n %u %g" / /etc /etc/hosts /etc/resolv.conf /etc/hostname /run /dev/shm';
  for (const line of (await shell(owners)).split('\n')) t.regex(line, / 0 0$/);
  t.is(await shell('touch /x && chown 7:8 /x && stat -c "%u %g" /x'), '7 8');
  t.is(await shell('touch /x && chown 65536 /x 2>/dev/null || echo refused'), 'refused');
  t.is(await shell('stat -c "%u %g" /t', '--tmpfs', '/t:uid=7,gid=70000'), '7 0');
});

mappedTest('on the disk they are as without a map, and another map finds them', async t => {
  await tnet.ok('run', '--name', 'kept', '--network', 'none', 'host', 'sh', '-c', 'touch /srv/x && chown 7 /srv/x');
  const id = await tnet.ok('inspect', '-f', '{{.Id}}', 'kept');
  t.deepEqual(ids(join(tnet.root, 'containers', id, 'upper/srv/x')), [7, 0]);
  await tnet.ok('rm', 'kept');
});

test.serial("a directory of the machine as the root keeps root's ids on the disk", async t => {
  const dir = join(base, 'root');
  run(`mkdir -p ${dir}/bin ${dir}/proc && cp /bin/sh $(command -v touch) $(command -v stat) ${dir}/bin
    for l in $(ldd ${dir}/bin/* | grep -o '/[^ :]*\\.so[^ ]*' | sort -u); do mkdir -p ${dir}$(dirname $l) && cp -L $l ${dir}$l; done`);
  const args = [
    'run',
    '--rm',
    '--network',
    'none',
    '--rootfs',
    dir,
    'sh',
    '-c',
    'touch /made && stat -c %u /made /bin/sh',
  ];
  const {code, stdout, stderr} = await tnet.run(args);
  if (/mount_setattr/.test(stderr)) return t.log(`the file system of ${dir} cannot be id-mapped: ${stderr}`);
  t.is(`${code} ${stdout}${stderr}`, '0 0\n0\n');
  t.deepEqual(ids(join(dir, 'made')), [0, 0]);
});

mappedTest('cp sees the ids inside, whether it runs or not', async t => {
  writeFileSync(join(base, 'in'), 'hello\n');
  await tnet.ok('cp', join(base, 'in'), 'box:/srv/in');
  t.is(await tnet.ok('exec', 'box', 'stat', '-c', '%u', '/srv/in'), '0');
  await tnet.ok('exec', 'box', 'chown', '7', '/srv/in');
  t.regex(await tnet.ok('exec', '-u', '7', 'box', 'sh', '-c', 'id -u; echo x > /dev/stdout'), /^7\nx$/);
  const listed = (await tnet.run(['cp', 'box:/srv/in', '-'])).stdout;
  t.is(parseInt(listed.slice(108, 116), 8), 7);
});

mappedTest("what is bound keeps the machine's owners, and root's secrets", async t => {
  const folder = join(base, 'bound');
  mkdirSync(folder);
  writeFileSync(join(folder, 'secret'), 'root only\n', {mode: 0o600});
  chmodSync(folder, 0o755);
  t.is(await shell('cat /b/secret 2>/dev/null || echo refused', '-v', `${folder}:/b`), 'refused');
  t.is(await shell('touch /b/new 2>/dev/null || echo refused', '-v', `${folder}:/b`), 'refused');
  t.is(await shell('stat -c %u /b/secret', '-v', `${folder}:/b`), '65534');
  t.is(await shell('cat /b/secret', '-v', `${folder}:/b`, '--userns', 'host'), 'root only');
});

mappedTest('a volume is for root inside, and holds its ids', async t => {
  await shell('touch /v/file && chown 5 /v/file', '-v', 'data:/v');
  const data = join(tnet.root, 'volumes/data/_data');
  t.deepEqual(ids(data), [first, first]);
  t.deepEqual(ids(join(data, 'file')), [first + 5, first]);
  await shell('stat -c %u /etc/passwd', '-v', 'filled:/etc');
  t.deepEqual(ids(join(tnet.root, 'volumes/filled/_data/passwd')), [first, first]);
  await tnet.ok('volume', 'rm', 'data', 'filled');
});

mappedTest('no capability inside reaches the machine: sysctls, masks, mounts, the clock, the host name', async t => {
  const attempts = [
    'cat /proc/sys/kernel/panic > /proc/sys/kernel/panic',
    'mount -o remount,rw /proc/sys',
    'umount /proc/kcore',
    'umount /proc/sys',
    'mount -t tmpfs none /mnt && mount -o remount,dev / && mknod /sda b 8 0',
    'mount -t ext4 -o ro /dev/vda /mnt',
    'date -s "$(date)"',
    'nsenter --target 1 --net=/proc/1/ns/net mount --bind /proc/sys /proc/sys -o remount,rw',
  ];
  const script = attempts.map(attempt => `(${attempt}) >/dev/null 2>&1 && echo '${attempt}'`).join('; ');
  t.is(await shell(`${script}; true`, '--cap-add', 'ALL'), '');
  t.is(await shell('hostname other && hostname', '--cap-add', 'SYS_ADMIN'), 'other');
  t.is(await shell('mount -t tmpfs none /mnt && echo mounted', '--cap-add', 'SYS_ADMIN'), 'mounted');
  t.is(await shell('ip link set lo mtu 1400 && cat /sys/class/net/lo/mtu', '--cap-add', 'NET_ADMIN'), '1400');
});

mappedTest('published ports, names and pings work', async t => {
  t.is(run('curl -s --max-time 5 http://localhost:8080'), 'hello\n');
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('run', '-d', '--name', 'web', '--network', 'lan', 'host', 'node', '-e', server);
  const curl = ['curl', '-s', '--max-time', '5', '--retry', '20', '--retry-connrefused', '--retry-delay', '0'];
  t.is(await tnet.ok('run', '--rm', '--network', 'lan', 'host', ...curl, 'http://web'), 'hello');
  await tnet.ok('rm', '-f', 'web');
  await tnet.ok('network', 'rm', 'lan');
});

mappedTest('exec enters it, who joins its network is in it too, --userns host is not', async t => {
  const mine = 'readlink /proc/self/ns/user';
  const box = await tnet.ok('exec', 'box', 'readlink', '/proc/self/ns/user');
  t.not(box, run(mine).trim());
  t.is(await tnet.ok('exec', 'box', 'id', '-u'), '0');
  t.is(await tnet.ok('exec', '--privileged', 'box', 'readlink', '/proc/self/ns/user'), box);
  t.is(await tnet.ok('run', '--rm', '--network', 'container:box', 'host', 'readlink', '/proc/self/ns/user'), box);
  t.is(await shell('cat /proc/1/comm', '--pid', 'container:box'), 'node');
  t.is(await shell(mine, '--userns', 'host'), run(mine).trim());
  t.not(await shell(mine), box);
});

mappedTest("the machine's namespaces are refused, and nothing is left", async t => {
  await tnet.ok('run', '-d', '--name', 'open', '--userns', 'host', 'host', 'sleep', '1000');
  t.is(await tnet.ok('inspect', '-f', '{{.HostConfig.UsernsMode}}', 'open'), 'host');
  const containers = await tnet.ok('ps', '-aq');
  for (const [options, message] of [
    [['--privileged'], /privileged mode is incompatible with user namespaces/],
    [['--network', 'host'], /cannot share the host's network namespace when user namespaces are enabled/],
    [['--pid', 'host'], /cannot share the host PID namespace when user namespaces are enabled/],
    [['--network', 'container:open'], /container open: it runs in the host's user namespace, .* --userns host/],
    [['--userns', 'keep-id'], /invalid USER mode: keep-id/],
  ] as const) {
    const {code, stderr} = await tnet.run(['run', '--rm', ...options, 'host', 'true']);
    t.is(code, 125);
    t.regex(stderr, message);
  }
  t.is(await tnet.ok('ps', '-aq'), containers);
  t.is(await tnet.ok('run', '--rm', '--privileged', '--userns', 'host', 'host', 'id', '-u'), '0');
  await tnet.ok('rm', '-f', 'open');
});

test.serial('a daemon without ranges does not start, and says what to write', async t => {
  const {code, stderr} = await tnet.run(['--root', join(base, 'other'), 'daemon', '--userns-remap', 'nobody']);
  t.is(code, 1);
  t.regex(stderr, /--userns-remap: no range for "nobody" in \/etc\/subuid; .* "nobody:100000:65536"/);
});

mappedTest('the next daemon, which maps nothing, still enters what runs; stop ends it', async t => {
  const box = await tnet.ok('exec', 'box', 'readlink', '/proc/self/ns/user');
  const daemon = tnet.daemonPid();
  process.kill(daemon, 'SIGKILL');
  await startDaemon();
  t.is(await tnet.ok('exec', 'box', 'readlink', '/proc/self/ns/user'), box);
  t.is(run('curl -s --max-time 5 http://localhost:8080'), 'hello\n');
  await tnet.ok('stop', '-t', '1', 'box');
  await tnet.ok('start', 'box');
  t.is(await tnet.ok('exec', 'box', 'readlink', '/proc/self/ns/user'), run('readlink /proc/self/ns/user').trim());
  await tnet.ok('stop', '-t', '0', 'box');
  await tnet.ok('daemon', 'stop');
  await startDaemon('--userns-remap', 'default');
  await tnet.ok('start', 'box');
  t.is(await tnet.ok('exec', 'box', 'sh', '-c', 'tr -s " " </proc/self/uid_map'), ` 0 ${first} 65536`);
});
