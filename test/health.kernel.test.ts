import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Probes of containers: what they find, when they count, and that they end with what they probe. */
const tnet = useTnet();

test.before(async () => {
  await start('first');
  await tnet.ok('rm', '-f', 'first');
});

function start(name: string, ...flags: readonly string[]): Promise<string> {
  return tnet.ok('run', '-d', '--network', 'none', '--name', name, ...flags, 'host', 'sleep', '1000');
}

const show = (name: string, template: string): Promise<string> => tnet.ok('inspect', '-f', template, name);
const health = '{{.State.Health.Status}}';

async function becomes(name: string, template: string, wanted: string): Promise<void> {
  let seen = '';
  for (let i = 0; i < 200; i++) {
    seen = await show(name, template).catch(String);
    if (seen === wanted) return;
    await sleep(50);
  }
  throw new Error(`${name}: ${template} is ${seen}, not ${wanted}`);
}

const events = async (name: string, event: string): Promise<readonly string[]> =>
  (
    await tnet.ok(
      ...['events', '--since', '1h', '--until', '0s', '--filter', `container=${name}`],
      ...['--filter', `event=${event}`, '--format', '{{.Action}}'],
    )
  )
    .split('\n')
    .filter(Boolean);

test.serial('healthy, unhealthy when its file is gone, healthy again; ps, filters and events tell', async t => {
  const probe = ['--health-cmd', 'cat /alive', '--health-interval', '100ms', '--health-retries', '2'];
  await start('web', ...probe);
  await becomes('web', health, 'unhealthy');
  await tnet.ok('exec', 'web', 'sh', '-c', 'echo yes > /alive');
  await becomes('web', health, 'healthy');
  t.regex(await tnet.ok('ps', '--filter', 'health=healthy'), /web .*Up .*\(healthy\)/);
  const [{State, Config}] = JSON.parse(await tnet.ok('inspect', 'web'));
  t.is(State.Health.FailingStreak, 0);
  t.true(State.Health.Log.length <= 5);
  t.like(State.Health.Log.at(-1), {ExitCode: 0, Output: 'yes\n'});
  t.deepEqual(Config.Healthcheck, {Test: ['CMD-SHELL', 'cat /alive'], Interval: 100_000_000, Retries: 2});
  await tnet.ok('exec', 'web', 'rm', '/alive');
  await becomes('web', health, 'unhealthy');
  t.regex(await tnet.ok('ps', '--filter', 'health=unhealthy'), /web .*\(unhealthy\)/);
  t.notRegex(await tnet.ok('ps', '--filter', 'health=none'), /web/);
  t.regex((await tnet.run(['ps', '--filter', 'health=well'])).stderr, /Unrecognised filter value for health: well/);
  t.deepEqual(await events('web', 'health_status'), [
    'health_status: unhealthy',
    'health_status: healthy',
    'health_status: unhealthy',
  ]);
  t.is((await events('web', 'exec_create'))[0], 'exec_create: /bin/sh -c cat /alive');
  await tnet.ok('stop', '-t', '0', 'web');
  const probes = (await events('web', 'exec_start')).length;
  await sleep(300);
  t.is((await events('web', 'exec_start')).length, probes, 'nobody probes what does not run');
  await tnet.ok('start', 'web');
  await becomes('web', health, 'unhealthy');
  await tnet.ok('rm', '-f', 'web');
});

test.serial(
  'a probe that takes too long is killed, with what it has said; one that cannot start has failed',
  async t => {
    const quick = ['--health-interval', '50ms', '--health-timeout', '200ms', '--health-retries', '1'];
    await start('slow', ...quick, '--health-cmd', 'echo begun; exec sleep 777');
    await becomes('slow', health, 'unhealthy');
    const [{State}] = JSON.parse(await tnet.ok('inspect', 'slow'));
    t.like(State.Health.Log[0], {ExitCode: -1, Output: 'Health check exceeded timeout (200ms): begun\n'});
    const sleeping = (await tnet.ok('top', 'slow')).split('\n').filter(line => line.includes('sleep 777'));
    t.true(sleeping.length <= 1, 'no two at once');
    await tnet.ok('rm', '-f', 'slow');
  },
);

test.serial('in the start period no failure counts', async t => {
  const eager = ['--health-interval', '50ms', '--health-retries', '1', '--health-start-interval', '50ms'];
  await start('late', ...eager, '--health-start-period', '1h', '--health-cmd', 'exit 1');
  await becomes('late', '{{len .State.Health.Log}}', '5');
  t.is(await show('late', '{{.State.Health.Status}} {{.State.Health.FailingStreak}}'), 'starting 0');
  t.regex(await tnet.ok('ps'), /late .*\(health: starting\)/);
  await tnet.ok('rm', '-f', 'late');
});

test.serial('a paused container is not probed', async t => {
  await start('ice', '--health-interval', '50ms', '--health-cmd', 'true');
  await becomes('ice', health, 'healthy');
  await tnet.ok('pause', 'ice');
  const probes = (await events('ice', 'exec_start')).length;
  await sleep(300);
  t.is((await events('ice', 'exec_start')).length, probes);
  await tnet.ok('unpause', 'ice');
  await tnet.ok('exec', 'ice', 'true');
  await becomes('ice', '{{.State.Health.FailingStreak}}', '0');
  t.is(await show('ice', health), 'healthy');
  await tnet.ok('rm', '-f', 'ice');
});

test.serial('after kill -9 of the daemon it is probed again, and the probe of the last daemon is killed', async t => {
  const probe = ['--health-interval', '50ms', '--health-timeout', '1h', '--health-cmd'];
  await start('web', '--health-interval', '50ms', '--health-cmd', 'true');
  await start('stuck', ...probe, '[ -e /once ] && exit 0; touch /once; exec sleep 888');
  await becomes('web', health, 'healthy');
  const hung = async (): Promise<boolean> => (await tnet.ok('top', 'stuck')).includes('sleep 888');
  for (let i = 0; i < 100 && !(await hung()); i++) await sleep(50);
  t.true(await hung());
  const pid = tnet.daemonPid();
  process.kill(pid, 'SIGKILL');
  while (run(`kill -0 ${pid} 2>/dev/null && echo alive; true`) !== '') await sleep(10);
  await becomes('web', health, 'healthy');
  await becomes('stuck', health, 'healthy');
  t.false(await hung());
  await tnet.ok('daemon', 'stop'); // no timer keeps it
  t.regex(await tnet.ok('ps'), /web/);
  await tnet.ok('rm', '-f', 'web', 'stuck');
});

test.serial('flags that do not fit are refused', async t => {
  const refused = async (...flags: readonly string[]): Promise<string> =>
    (await tnet.run(['create', ...flags, 'host', 'true'])).stderr;
  t.regex(await refused('--no-healthcheck', '--health-cmd', 'true'), /--no-healthcheck conflicts with --health-\*/);
  t.regex(await refused('--health-interval', '1ns'), /Interval in Healthcheck cannot be less than 1ms/);
  t.regex(await refused('--health-interval', '-1s'), /--health-interval cannot be negative/);
  t.regex(await refused('--health-interval', '5'), /Want a duration/);
  const id = await tnet.ok('create', '--no-healthcheck', 'host', 'true');
  t.is(await show(id, '{{index .Config.Healthcheck.Test 0}}'), 'NONE');
  await tnet.ok('rm', id);
});
