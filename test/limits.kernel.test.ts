import {readFileSync} from 'node:fs';
import {setTimeout} from 'node:timers/promises';
import test from 'ava';
import {createClient} from '../src/api/client.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Limits, pause, update, stats and top through the commands a user types. */
const tnet = useTnet();

interface Inspected {
  readonly State: {
    readonly Status: string;
    readonly Running: boolean;
    readonly OOMKilled: boolean;
    readonly Pid: number;
  };
  readonly HostConfig: Readonly<Record<string, unknown>>;
}

const inspect = async (name: string): Promise<Inspected> =>
  (JSON.parse(await tnet.ok('inspect', name)) as [Inspected])[0];
const until = async (condition: () => Promise<boolean>): Promise<void> => {
  while (!(await condition())) await setTimeout(50);
};
const loop = ['host', 'sh', '-c', 'trap "exit 7" TERM; while :; do :; done'] as const;

test.serial('limits are told by inspect, changed while it runs, and stay for its next start', async t => {
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'busy',
    '--cpus',
    '0.5',
    '-m',
    '64m',
    '--cpuset-cpus',
    '0',
    '--pids-limit',
    '40',
    ...loop,
  );
  t.like((await inspect('busy')).HostConfig, {NanoCpus: 5e8, Memory: 64 * 2 ** 20, CpusetCpus: '0', PidsLimit: 40});
  t.is(await tnet.ok('update', '--cpus', '0.2', '-m', '96m', '--pids-limit', '-1', 'busy'), 'busy');
  t.like((await inspect('busy')).HostConfig, {NanoCpus: 2e8, Memory: 96 * 2 ** 20, PidsLimit: -1});
  const refused = await tnet.run(['update', '--pids-limit', '7', '--cpuset-cpus', '4000', 'busy']);
  t.regex(refused.stderr, /^tnet: Requested CPUs are not available - requested 4000, available: 0/);
  t.like((await inspect('busy')).HostConfig, {PidsLimit: -1, CpusetCpus: '0'});
  await tnet.ok('kill', 'busy');
  await tnet.ok('wait', 'busy');
  await tnet.ok('start', 'busy');
  const [row] = (await tnet.ok('stats', '--json', 'busy'))
    .split('\n')
    .map(line => JSON.parse(line) as {CPUPerc: string; MemUsage: string});
  t.log(row?.CPUPerc);
  t.true(Math.abs(Number.parseFloat(row?.CPUPerc ?? '') - 20) < 6, row?.CPUPerc);
  t.regex(row?.MemUsage ?? '', / \/ 96MiB$/);
});

test.serial('a paused container shows it, refuses attach, survives the daemon and can be stopped', async t => {
  t.is(await tnet.ok('pause', 'busy'), 'busy');
  t.like((await inspect('busy')).State, {Status: 'paused', Running: true});
  t.regex(await tnet.ok('ps'), /Up .* \(Paused\)/);
  t.regex((await tnet.run(['pause', 'busy'])).stderr, /is already paused/);
  await t.throwsAsync(createClient(tnet.socket).upgrade('/containers/busy/attach'), {
    message: /is paused, unpause the container before attach/,
  });
  process.kill(tnet.daemonPid(), 'SIGKILL');
  t.regex(await tnet.ok('ps'), /\(Paused\)/);
  await tnet.ok('unpause', 'busy');
  t.regex((await tnet.run(['unpause', 'busy'])).stderr, /is not paused/);
  await tnet.ok('pause', 'busy');
  await tnet.ok('stop', '-t', '20', 'busy');
  t.is(await tnet.ok('wait', 'busy'), '7', 'it was thawed, and heard the signal');
  await tnet.ok('start', 'busy');
  await tnet.ok('pause', 'busy');
  await tnet.ok('rm', '-f', 'busy');
});

test.serial('a killed child is OOMKilled and an event while its parent lives; the next start forgets it', async t => {
  const hog = 'dd if=/dev/zero of=/dev/null bs=280M count=1; sleep 1000';
  await tnet.ok('run', '-d', '--name', 'hog', '-m', '200m', '--memory-swap', '200m', 'host', 'sh', '-c', hog);
  await until(async () => (await inspect('hog')).State.OOMKilled);
  t.is((await inspect('hog')).State.Status, 'running');
  const since = await createClient(tnet.socket).stream('GET', '/events', {
    query: {since: '1', until: String(Date.now() / 1000)},
  });
  let events = '';
  for await (const chunk of since) events += String(chunk);
  t.is([...events.matchAll(/"Action":"oom"/g)].length, 1);
  await tnet.ok('rm', '-f', 'hog');
});

test.serial('top shows its processes with pids of the host, stats what a stopped one uses not', async t => {
  await tnet.ok('run', '-d', '--name', 'nap', 'host', 'sh', '-c', 'sleep 1000 & wait');
  const {Pid} = (await inspect('nap')).State;
  await until(async () => readFileSync(`/proc/${Pid}/task/${Pid}/children`, 'utf8') !== '');
  const lines = (await tnet.ok('top', 'nap', '-o', 'pid,args')).split('\n');
  t.is(lines.length, 3);
  t.regex(lines[0]!, /^PID +COMMAND$/);
  t.true(lines.some(line => line.startsWith(`${Pid} `)));
  t.is(await tnet.ok('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}'), 'nap 2');
  await tnet.ok('kill', 'nap');
  await tnet.ok('wait', 'nap');
  t.is(await tnet.ok('stats', '--no-stream', '--format', '{{.Name}} {{.PIDs}}'), '');
  t.is(await tnet.ok('stats', '-a', '--no-stream', '--format', '{{.Name}} {{.PIDs}}'), 'nap --');
  t.regex((await tnet.run(['top', 'nap'])).stderr, /is not running/);
  await tnet.ok('rm', 'nap');
});
