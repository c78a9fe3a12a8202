import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {useTnet} from './fixture/use-tnet.ts';

/** Isolation through the commands a user types. */
const tnet = useTnet({
  closed: t => t.notRegex(readFileSync('/proc/self/mountinfo', 'utf8'), new RegExp(tnet.runRoot)),
});

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'donor', '--ipc', 'shareable', '--network', 'none', 'host', 'sleep', '1000');
});

const shell = (options: readonly string[], script: string): Promise<string> =>
  tnet.ok('run', '--rm', '--network', 'none', ...options, 'host', 'sh', '-c', script);

test.serial('--pid and --ipc container: see its processes and its /dev/shm', async t => {
  t.is(await shell(['--pid', 'container:donor'], 'cat /proc/1/comm'), 'sleep');
  await shell(['--ipc', 'container:donor'], 'echo hello > /dev/shm/note');
  t.is(await shell(['--ipc', 'container:donor'], 'cat /dev/shm/note'), 'hello');
  t.is(await shell([], 'ls /dev/shm'), '');
});

test.serial('inspect shows what was asked for', async t => {
  const [{HostConfig}] = JSON.parse(await tnet.ok('inspect', 'donor')) as [{HostConfig: Record<string, unknown>}];
  t.like(HostConfig, {IpcMode: 'shareable', PidMode: '', Privileged: false, CapAdd: null, ReadonlyRootfs: false});
});

test.serial('capabilities are added and dropped', async t => {
  const effective = 'grep CapEff /proc/self/status | cut -f2';
  t.is(await shell(['--cap-drop', 'ALL', '--cap-add', 'net_admin'], effective), '0000000000001000');
  t.is(await shell(['--cap-drop', 'CAP_KILL'], effective), '00000000a80425db');
});

for (const [what, options, message] of [
  ['a container that is not there', ['--pid', 'container:nosuch'], /No such container: nosuch/],
  ['a container that does not share its ipc', ['--ipc', 'container:closed'], /closed: non-shareable IPC \(hint: use/],
  ['a container that does not run', ['--pid', 'container:idle'], /PID namespace: container idle is not running/],
  ['a mode that is none', ['--pid', 'own'], /invalid PID mode: own/],
  ['an unknown capability', ['--cap-add', 'FLY'], /invalid CapAdd: unknown capability: "CAP_FLY"/],
] as const)
  test.serial(`${what} is refused, and nothing is left`, async t => {
    await tnet.ok('run', '-d', '--name', 'closed', '--network', 'none', 'host', 'sleep', '1000');
    await tnet.ok('run', '--name', 'idle', '--network', 'none', 'host', 'true');
    const containers = await tnet.ok('ps', '-aq');
    const {code, stderr} = await tnet.run(['run', '--rm', ...options, 'host', 'true']);
    t.is(code, 125);
    t.regex(stderr, message);
    t.is(await tnet.ok('ps', '-aq'), containers);
    await tnet.ok('rm', '-f', 'closed', 'idle');
  });

test.serial('with --pid host, stop ends everything of the container and gives its exit code', async t => {
  const script = '(trap "" TERM; sleep 100 & wait) & trap "exit 7" TERM; while :; do sleep 0.05; done';
  await tnet.ok('run', '-d', '--name', 'wide', '--pid', 'host', '--network', 'none', 'host', 'sh', '-c', script);
  await tnet.ok('stop', '-t', '5', 'wide');
  t.is(await tnet.ok('wait', 'wide'), '7');
  await tnet.ok('rm', 'wide');
});

test.serial(
  'a killed daemon: the next one still joins, and takes the shared memory away with its container',
  async t => {
    process.kill(tnet.daemonPid(), 'SIGKILL');
    t.is(await shell(['--ipc', 'container:donor'], 'cat /dev/shm/note'), 'hello');
    t.is(await shell(['--pid', 'container:donor'], 'cat /proc/1/comm'), 'sleep');
    await tnet.ok('rm', '-f', 'donor');
    t.deepEqual(existsSync(join(tnet.runRoot, 'shm')) ? readdirSync(join(tnet.runRoot, 'shm')) : [], []);
  },
);
