import {mkdtempSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {run} from './fixture/host.ts';
import {cgroupParent} from './fixture/tnet.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** A container's life: made, started, ended, started again, by commands, by its policy, and across the ends of the daemon. */
const tnet = useTnet({
  closed: () => rmSync(dir, {recursive: true}),
});
let cgroup = '';
const dir = mkdtempSync(join(tmpdir(), 'tnet-life-'));

test.before(async () => {
  await tnet.ok('run', '-d', '--name', 'first', 'host', 'sleep', '1000');
  cgroup = await cgroupParent(tnet, 'first');
  await tnet.ok('rm', '-f', 'first');
});

const show = (name: string, template: string): Promise<string> => tnet.ok('inspect', '-f', template, name);
const state = (name: string): Promise<string> => show(name, '{{.State.Status}}');

/** Waits until `template` of the container is `wanted`. */
async function becomes(name: string, template: string, wanted: string): Promise<void> {
  let seen = '';
  for (let i = 0; i < 150; i++) {
    seen = await show(name, template).catch(String);
    if (seen === wanted) return;
    await sleep(50);
  }
  throw new Error(`${name}: ${template} is ${seen}, not ${wanted}`);
}

const killDaemon = async (): Promise<void> => {
  const pid = tnet.daemonPid();
  process.kill(pid, 'SIGKILL');
  while (run(`kill -0 ${pid} 2>/dev/null && echo alive; true`) !== '') await sleep(10);
};

const eventsOf = async (name: string): Promise<readonly string[]> =>
  (
    await tnet.ok(
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--filter',
      `container=${name}`,
      '--format',
      '{{.Action}}',
    )
  ).split('\n');

test.serial('create, start -a and restart; events tell each step', async t => {
  const cidfile = join(dir, 'cid');
  writeFileSync(join(dir, 'labels'), '# ours\ntier=front\n\nempty\n');
  writeFileSync(join(dir, 'variables'), '# ours\nDONE=all done\n');
  const id = await tnet.ok(
    'create',
    '--name',
    'job',
    '--env-file',
    join(dir, 'variables'),
    '--cidfile',
    cidfile,
    '--label-file',
    join(dir, 'labels'),
    'host',
    'sh',
    '-c',
    'echo $DONE; exit 3',
  );
  t.is(readFileSync(cidfile, 'utf8'), id);
  t.is(await show('job', '{{.State.Status}} {{.Config.Labels.tier}}'), 'created front');
  t.regex((await tnet.run(['create', '--cidfile', cidfile, 'host', 'true'])).stderr, /container ID file found/);
  const {code, stdout} = await tnet.run(['start', '-a', 'job']);
  t.deepEqual([code, stdout], [3, 'all done\n']);
  await tnet.ok('restart', 'job');
  await tnet.ok('wait', 'job');
  t.is((await tnet.run(['logs', 'job'])).stdout, 'all done\nall done\n');
  await tnet.ok('rm', 'job');
  // The second end may come before its start is told as a restart.
  t.deepEqual([...(await eventsOf('job'))].sort(), [
    'attach',
    'create',
    'destroy',
    'die',
    'die',
    'restart',
    'start',
    'start',
  ]);
});

test.serial(
  'stop takes its own signal and time; what has stopped says so; kill of one that does not run is refused',
  async t => {
    await tnet.ok(
      'run',
      '-d',
      '--name',
      'stubborn',
      'host',
      'sh',
      '-c',
      'trap "exit 7" USR1; trap "" TERM; while :; do sleep 0.05; done',
    );
    await sleep(200);
    await tnet.ok('stop', '-s', 'USR1', '-t', '20', 'stubborn');
    t.is(await show('stubborn', '{{.State.ExitCode}}'), '7');
    t.is(await tnet.ok('stop', 'stubborn'), 'stubborn');
    t.regex((await tnet.run(['kill', 'stubborn'])).stderr, /is not running/);
    await tnet.ok('start', 'stubborn');
    await tnet.ok('stop', '-t', '0', 'stubborn');
    t.is(await show('stubborn', '{{.State.ExitCode}}'), '137');
    await tnet.ok('rm', 'stubborn');
  },
);

test.serial('on-failure:2 runs it three times, and leaves it exited with its code', async t => {
  await tnet.ok('run', '-d', '--name', 'fails', '--restart', 'on-failure:2', 'host', 'sh', '-c', 'echo run; exit 3');
  await becomes('fails', '{{.State.Status}} {{.RestartCount}}', 'exited 2');
  t.is(await show('fails', '{{.State.ExitCode}} {{.HostConfig.RestartPolicy.Name}}'), '3 on-failure');
  t.is((await tnet.run(['logs', 'fails'])).stdout, 'run\nrun\nrun\n');
  t.is((await eventsOf('fails')).filter(action => action === 'die').length, 3);
  await tnet.ok('start', 'fails');
  await becomes('fails', '{{.State.Status}} {{.RestartCount}}', 'exited 2');
  await tnet.ok('rm', 'fails');
});

test.serial('always runs it again whatever its code; a stop, also while it waits, ends that', async t => {
  await tnet.ok('run', '-d', '--name', 'again', '--restart', 'always', 'host', 'true');
  await becomes('again', '{{.State.Restarting}}', 'true');
  t.regex(
    await tnet.ok('ps', '--filter', 'status=restarting', '--format', '{{.Names}} {{.Status}}'),
    /^again Restarting \(0\)|^$/,
  );
  await tnet.ok('stop', 'again');
  t.is(await state('again'), 'exited');
  const count = await show('again', '{{.RestartCount}}');
  await sleep(700);
  t.is(await show('again', '{{.State.Status}} {{.RestartCount}}'), `exited ${count}`);
  await tnet.ok('start', 'again');
  await becomes('again', '{{gt .RestartCount 0}}', 'true');
  await tnet.ok('rm', '-f', 'again');
  t.regex(
    (await tnet.run(['run', '--rm', '--restart', 'always', 'host', 'true'])).stderr,
    /can't create 'AutoRemove' container with restart policy/,
  );
  t.regex((await tnet.run(['run', '--restart', 'sometimes', 'host', 'true'])).stderr, /unknown policy 'sometimes'/);
});

test.serial('restart keeps a container of --rm; its end removes it', async t => {
  const id = await tnet.ok('run', '-d', '--rm', '--name', 'brief', 'host', 'sleep', '1000');
  await tnet.ok('restart', '-t', '0', 'brief');
  t.is(await show('brief', '{{.Id}} {{.State.Status}}'), `${id} running`);
  await tnet.ok('stop', '-t', '0', 'brief');
  t.is(await tnet.ok('ps', '-aq'), '');
});

test.serial('rename: commands and names on its networks follow', async t => {
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('run', '-d', '--name', 'old', '--network', 'lan', 'host', 'sleep', '1000');
  await tnet.ok('run', '-d', '--name', 'other', '--network', 'lan', 'host', 'sleep', '1000');
  t.regex((await tnet.run(['rename', 'old', 'other'])).stderr, /is already in use by container/);
  t.regex((await tnet.run(['rename', 'old', 'b@d'])).stderr, /Invalid container name/);
  await tnet.ok('rename', 'old', 'new');
  t.is(await state('new'), 'running');
  const look = (name: string): Promise<string> =>
    tnet.ok('run', '--rm', '--network', 'lan', 'host', 'sh', '-c', `getent hosts ${name} | cut -d" " -f1`);
  t.is(await look('new'), await show('new', '{{.NetworkSettings.Networks.lan.IPAddress}}'));
  t.is(await look('old'), '');
  await tnet.ok('rm', '-f', 'new', 'other');
  await tnet.ok('network', 'rm', 'lan');
});

test.serial(
  'ps finds by state, name, label, network, port, age and code; formats; prune removes what does not run',
  async t => {
    await tnet.ok('run', '-d', '--name', 'web1', '-l', 'tier=front', '-p', '18080:80', 'host', 'sleep', '1000');
    await tnet.ok('create', '--name', 'web2', 'host', 'true');
    await tnet.run(['run', '--name', 'failed', 'host', 'sh', '-c', 'exit 5']);
    const names = async (...args: string[]): Promise<string> =>
      (await tnet.ok('ps', '--format', '{{.Names}}', ...args)).replaceAll('\n', ' ');
    for (const [args, expected] of [
      [['--filter', 'status=created'], 'web2'],
      [['-a', '--filter', 'name=^web'], 'web2 web1'],
      [['-a', '--filter', 'exited=5'], 'failed'],
      [['--filter', 'label=tier=front'], 'web1'],
      [['--filter', 'publish=18080'], 'web1'],
      [['--filter', 'publish=18081-18090/tcp'], ''],
      [['--filter', 'network=bridge'], 'web1'],
      [['-a', '--filter', 'before=failed'], 'web2 web1'],
      [['-a', '--filter', 'since=web2'], 'failed'],
      [['-l'], 'failed'],
      [['-n', '2'], 'failed web2'],
    ] as const)
      t.is(await names(...args), expected, args.join(' '));
    t.regex(await tnet.ok('ps', '--format', 'table {{.Names}}\\t{{.Ports}}'), /^NAMES +PORTS\nweb1 +\S*18080->80\/tcp/);
    for (const [filter, message] of [
      ['status=asleep', /Unrecognised filter value for status: asleep/],
      ['name=(a+)+', /groups and backslashes are not supported/],
      ['publish=x', /invalid port filter/],
      ['before=nosuch', /No such container: nosuch/],
      ['colour=red', /invalid filter 'colour'/],
    ] as const)
      t.regex((await tnet.run(['ps', '--filter', filter])).stderr, message);
    t.is((await tnet.ok('container', 'prune', '--filter', 'until=1h')).length, 0);
    t.is((await tnet.ok('container', 'prune')).split('\n').length, 2);
    t.is(await names('-a'), 'web1');
    await tnet.ok('rm', '-f', 'web1');
  },
);

test.serial(
  'a daemon that was killed: containers go on; who ended meanwhile is known, and runs again by its policy',
  async t => {
    await tnet.ok('run', '-d', '--name', 'steady', 'host', 'sh', '-c', 'while :; do echo tick; sleep 0.1; done');
    await tnet.ok(
      'run',
      '-d',
      '--name',
      'ended',
      'host',
      'sh',
      '-c',
      `while [ ! -e ${dir}/go ]; do sleep 0.05; done; exit 4`,
    );
    const go = (name: string): Promise<string> =>
      tnet.ok('run', '-d', '--name', name, '--restart', 'always', 'host', 'sleep', '1000');
    await go('looping');
    await go('stopped');
    const pid = Number(await show('looping', '{{.State.Pid}}'));
    const steady = await show('steady', '{{.State.Pid}} {{.State.StartedAt}}');
    const endedPid = Number(await show('ended', '{{.State.Pid}}'));
    await killDaemon();
    process.kill(pid, 'SIGKILL');
    process.kill(endedPid, 'SIGTERM');
    process.kill(endedPid, 'SIGKILL');
    t.is(await tnet.ok('wait', 'ended'), '137');
    t.is(await show('steady', '{{.State.Pid}} {{.State.StartedAt}}'), steady);
    await becomes('looping', '{{.State.Status}}', 'running');
    t.not(Number(await show('looping', '{{.State.Pid}}')), pid);
    t.true((await eventsOf('ended')).includes('die'));
    const before = (await tnet.run(['logs', 'steady'])).stdout.length;
    await sleep(300);
    t.true((await tnet.run(['logs', 'steady'])).stdout.length > before);
    await tnet.ok('stop', '-t', '0', 'stopped', 'steady', 'looping');
    await tnet.ok('rm', '-f', 'steady', 'ended', 'looping', 'stopped');
  },
);

/** What a reboot leaves: the state root, and nothing else. */
async function reboot(names: readonly string[]): Promise<void> {
  const pids = await Promise.all(names.map(name => show(name, '{{.State.Pid}}')));
  await killDaemon();
  const shims = run(`pgrep -f '^[^ ]*tnet-shim ${tnet.runRoot}/' || true`).split('\n').filter(Boolean);
  for (const pid of [...shims, ...pids]) run(`kill -9 ${pid} 2>/dev/null; true`);
  run(`for n in ${tnet.runRoot}/netns/*; do umount $n; done; rm -rf ${tnet.runRoot}`);
  run(
    'nft flush ruleset; for l in $(ip -o link show type veth | cut -d: -f2 | cut -d@ -f1) docker0; do ip link del $l 2>/dev/null; done; true',
  );
  run(`for d in $(find /sys/fs/cgroup -depth -type d -path '*${cgroup}/*'); do rmdir $d; done 2>/dev/null; true`);
}

test.serial(
  'a reboot: always and unless-stopped run again, whoever joins a sandbox after its owner; the others are exited',
  async t => {
    const go = (name: string, ...flags: string[]): Promise<string> =>
      tnet.ok('run', '-d', '--name', name, ...flags, 'host', 'sleep', '1000');
    await go('always', '--restart', 'always', '-p', '18081:80');
    await go('joins', '--restart', 'always', '--network', 'container:always');
    await go('unless', '--restart', 'unless-stopped');
    await go('halted', '--restart', 'unless-stopped');
    await go('plain');
    await go('brief', '--rm');
    await tnet.ok('stop', '-t', '0', 'halted');
    await reboot(['always', 'joins', 'unless', 'plain', 'brief']);
    for (const name of ['always', 'joins', 'unless']) await becomes(name, '{{.State.Status}}', 'running');
    t.is(await state('plain'), 'exited');
    t.is(await show('plain', '{{.State.ExitCode}}'), '255');
    t.is(await state('halted'), 'exited');
    t.regex((await tnet.run(['inspect', 'brief'])).stderr, /No such/);
    t.is(run(`ls ${tnet.runRoot}/netns`).trim().split('\n').length, 2);
    t.regex(await tnet.ok('port', 'always'), /18081/);
    t.regex(run('ip -o link show type veth'), /docker0/);
    await tnet.ok('rm', '-f', 'always', 'joins', 'unless', 'halted', 'plain');
  },
);

test.serial(
  'a restart of x leaves whoever joined its sandbox undisturbed: same addresses, ports, traffic all the while',
  async t => {
    await tnet.ok('network', 'create', 'lan');
    await tnet.ok('run', '-d', '--name', 'box', '--network', 'lan', '-p', '18082:80', 'host', 'sleep', '1000');
    const server =
      'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 99, LocalPort => 80, ReuseAddr => 1) or die; while (my $c = $s->accept) { my $q = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\njoiner\\n"; close $c }';
    await tnet.ok('run', '-d', '--name', 'mate', '--network', 'container:box', 'host', 'perl', '-e', server);
    await tnet.ok('run', '-d', '--name', 'peer', '--network', 'lan', 'host', 'sleep', '1000');
    const ask = (): string =>
      run('curl -s --retry 20 --retry-connrefused --retry-delay 0 --max-time 5 http://localhost:18082');
    t.is(ask(), 'joiner\n');
    t.true(
      (await show('box', '{{.NetworkSettings.SandboxKey}}')).endsWith(
        await show('box', '/netns/{{.NetworkSettings.SandboxID}}'),
      ),
    );
    const facts =
      '{{.NetworkSettings.Networks.lan.IPAddress}} {{.NetworkSettings.Networks.lan.MacAddress}} {{.NetworkSettings.SandboxKey}}';
    const [was, joiner, pid] = [
      await show('box', facts),
      await show('mate', '{{.State.Pid}}'),
      await show('box', '{{.State.Pid}}'),
    ];
    const probing = probe();
    await tnet.ok('restart', '-t', '0', 'box');
    await tnet.ok('stop', '-t', '0', 'box');
    t.is(ask(), 'joiner\n', 'while x is down');
    await tnet.ok('start', 'box');
    const {asked, failed} = await probing();
    t.true(asked > 3);
    t.is(failed, 0);
    t.is(await show('box', facts), was);
    t.is(await show('mate', '{{.State.Pid}}'), joiner);
    t.not(await show('box', '{{.State.Pid}}'), pid);
    const resolve = (name: string): string =>
      run(`nsenter -t ${joiner} -n -m getent hosts ${name} | cut -d' ' -f1`).trim();
    t.is(resolve('peer'), await show('peer', '{{.NetworkSettings.Networks.lan.IPAddress}}'), 'names are served on');
    t.is(run(`readlink /proc/${joiner}/ns/net`), run(`readlink /proc/${await show('box', '{{.State.Pid}}')}/ns/net`));
    await killDaemon();
    await tnet.ok('stop', '-t', '0', 'box');
    await killDaemon();
    t.is(await state('box'), 'exited');
    t.is(ask(), 'joiner\n', 'and across the ends of daemons');
    t.is(resolve('peer'), await show('peer', '{{.NetworkSettings.Networks.lan.IPAddress}}'));
    await tnet.ok('rm', 'box');
    t.is(run(`nsenter -t ${joiner} -n ip -o link | cut -d: -f2`).trim(), 'lo');
    t.is(await state('mate'), 'running');
    t.regex((await tnet.run(['restart', '-t', '0', 'mate'])).stderr, /No such container/);
    t.is(run(`ls ${tnet.runRoot}/netns`).trim().split('\n').length, 1);
    await tnet.ok('rm', '-f', 'mate', 'peer');
    await tnet.ok('network', 'rm', 'lan');
  },
);

test.serial('the sandbox of x goes with the last who lives in it', async t => {
  await tnet.ok('run', '-d', '--name', 'box', 'host', 'sleep', '1000');
  await tnet.ok('run', '-d', '--name', 'mate', '--network', 'container:box', 'host', 'sleep', '1000');
  await tnet.ok('rename', 'box', 'chest');
  t.is(await show('mate', '{{.HostConfig.NetworkMode}}'), `container:${await show('chest', '{{.Id}}')}`);
  await tnet.ok('stop', '-t', '0', 'chest');
  t.is(run(`ls ${tnet.runRoot}/netns`).trim().split('\n').length, 1);
  await tnet.ok('stop', '-t', '0', 'mate');
  t.is(run(`ls ${tnet.runRoot}/netns`).trim(), '');
  t.regex((await tnet.run(['start', 'mate'])).stderr, /cannot join network of a non running container/);
  await tnet.ok('start', 'chest');
  await tnet.ok('start', 'mate');
  await tnet.ok('rm', '-f', 'chest', 'mate');
});

/** Asks the joiner's server again and again until the returned function is called. */
function probe(): () => Promise<{asked: number; failed: number}> {
  let [going, asked, failed] = [true, 0, 0];
  const loop = async (): Promise<void> => {
    while (going) {
      asked++;
      const answer = await fetch('http://127.0.0.1:18082', {headers: {connection: 'close'}}).then(
        response => response.text(),
        () => '',
      );
      if (answer !== 'joiner\n') failed++;
      await sleep(10);
    }
  };
  const done = loop();
  return async () => {
    going = false;
    await done;
    return {asked, failed};
  };
}
