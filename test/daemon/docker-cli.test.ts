import {type ExecFileException, execFile, spawn} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {text} from 'node:stream/consumers';
import anyTest, {type TestFn} from 'ava';
import {eventually, type FakeDaemon, serveFake} from './serve-fake.ts';

// The stock docker CLI proves the wire. Without one the tests are skipped, and say so.
const docker = (process.env.PATH ?? '')
  .split(':')
  .map(folder => join(folder, 'docker'))
  .find(path => existsSync(path));
const base = anyTest as TestFn<FakeDaemon>;
const test = docker === undefined ? base.skip : base;
if (docker === undefined) base('the docker CLI is not installed: its tests are left out', t => t.pass());

base.beforeEach(async t => {
  t.context = await serveFake();
});
base.afterEach.always(t => t.context.close());

const config = mkdtempSync(join(tmpdir(), 'tnet-docker-'));
base.after.always(() => rmSync(config, {recursive: true, force: true}));

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const environment = (daemon: FakeDaemon): NodeJS.ProcessEnv => ({
  ...process.env,
  DOCKER_HOST: `unix://${daemon.socket}`,
  DOCKER_CONFIG: config,
});

function cli(daemon: FakeDaemon, ...args: readonly string[]): Promise<Result> {
  return new Promise(resolve => {
    execFile(docker!, args, {env: environment(daemon), timeout: 20_000}, (error: ExecFileException | null, out, err) =>
      resolve({code: error === null ? 0 : Number(error.code ?? 255), out, err}),
    );
  });
}

test('docker run -d, ps, inspect, logs, port, stop, start, kill, wait, rm', async t => {
  const daemon = t.context;
  const run = await cli(
    daemon,
    'run',
    '-d',
    '--name',
    'web',
    '-p',
    '8080:80',
    '-p',
    '127.0.0.1:5353:53/udp',
    '-e',
    'A=b',
    '-m',
    '64m',
    '--cpus',
    '0.5',
    'host',
    'sleep',
  );
  t.is(run.err, '');
  t.regex(run.out, /^[0-9a-f]{64}\n$/);
  t.like(daemon.engine.get('web').config, {
    env: ['A=b'],
    limits: {
      cpuShares: null,
      cpuPeriodUs: 100_000,
      cpuQuotaUs: 50_000,
      memoryBytes: 67_108_864,
      memorySwapBytes: 134_217_728,
      pidsLimit: null,
    },
  });
  const ps = await cli(
    daemon,
    'ps',
    '--format',
    '{{.Names}} {{.Image}} {{.Command}} {{.State}} {{.Ports}} {{.Networks}}',
  );
  t.is(ps.out, 'web host "sleep" running 127.0.0.1:5353->53/udp, 0.0.0.0:8080->80/tcp bridge\n');
  t.is((await cli(daemon, 'ps', '-s', '--format', '{{.Size}}')).out, '12B (virtual 4.2MB)\n');
  t.is((await cli(daemon, 'inspect', '-s', '-f', '{{.SizeRw}} {{.SizeRootFs}}', 'web')).out, '12 4200012\n');
  t.is((await cli(daemon, 'inspect', '-f', '{{.SizeRw}}', 'web')).out, '<nil>\n');
  t.is((await cli(daemon, 'port', 'web', '80')).out, '0.0.0.0:8080\n');
  const ip = '{{.NetworkSettings.Networks.bridge.IPAddress}} {{.State.Status}} {{.HostConfig.NetworkMode}}';
  t.is((await cli(daemon, 'inspect', '-f', ip, 'web')).out, '172.17.0.2 running bridge\n');
  t.is((await cli(daemon, 'stop', '-t', '1', 'web')).out, 'web\n');
  t.is((await cli(daemon, 'wait', 'web')).out, '143\n');
  t.is((await cli(daemon, 'stop', 'web')).code, 0, 'stopped already');
  t.is((await cli(daemon, 'start', 'web')).out, 'web\n');
  await eventually(() => daemon.engine.get('web').state.status === 'running');
  t.like(await cli(daemon, 'rm', 'web'), {code: 1});
  t.is((await cli(daemon, 'kill', 'web')).out, 'web\n');
  t.regex((await cli(daemon, 'kill', 'web')).err, /cannot kill container: web: container [0-9a-f]+ is not running/);
  t.regex((await cli(daemon, 'ps', '-a')).out, /Exited \(137\) Less than a second ago/);
  t.is((await cli(daemon, 'rm', 'web')).out, 'web\n');
  t.like(await cli(daemon, 'rm', 'web'), {code: 1, err: 'Error response from daemon: No such container: web\n'});
  t.like(await cli(daemon, 'inspect', 'web'), {code: 1, err: 'Error: No such object: web\n'});
});

test('docker run in the foreground: output of both streams, stdin, exit code, --rm', async t => {
  const daemon = t.context;
  t.deepEqual(await cli(daemon, 'run', '--rm', 'host', 'echo', 'a', 'b'), {code: 0, out: 'a b\n', err: ''});
  t.deepEqual(await cli(daemon, 'run', '--rm', 'host', 'warn', 'careful'), {code: 1, out: '', err: 'careful\n'});
  t.is((await cli(daemon, 'run', '--rm', '--network', 'none', 'host', 'exit', '42')).code, 42);
  const cat = spawn(docker!, ['run', '--rm', '-i', 'host', 'cat'], {
    env: environment(daemon),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  cat.stdin.end('from stdin');
  t.is(await text(cat.stdout), 'from stdin');
  await eventually(() => daemon.engine.list().length === 0);
});

test("docker run fails in Docker's words, with its exit codes", async t => {
  const daemon = t.context;
  const rows: readonly (readonly [readonly string[], number, RegExp])[] = [
    [['host', 'nosuch'], 127, /exec: "nosuch": executable file not found in \$PATH/],
    [['host', '/etc/hosts'], 126, /permission denied/],
    [['nosuch', 'echo'], 125, /No such image: nosuch:latest.*Pulling is not supported/],
    [['--network', 'nosuch', 'host', 'echo'], 125, /network nosuch not found/],
    [
      ['--network', 'container:x', '--hostname', 'h', 'host', 'echo'],
      125,
      /conflicting options: hostname and the network mode/,
    ],
    [
      ['--network', 'container:x', '-p', '1:1', 'host', 'echo'],
      125,
      /conflicting options: port publishing and the container type network mode/,
    ],
    [['--ip', '1.2.3.4', 'host', 'echo'], 125, /user specified IP address is supported on user defined networks only/],
    [['-v', '/tmp:/', 'host', 'echo'], 125, /invalid specification: destination can't be '\/'/],
    [['-v', '/tmp:/tmp:rx', 'host', 'echo'], 125, /invalid mode: rx/],
    [['--log-driver', 'syslog', 'host', 'echo'], 125, /logging driver "syslog" is not supported/],
    [['--cap-add', 'FLY', 'host', 'echo'], 125, /invalid CapAdd: unknown capability: "CAP_FLY"/],
    [['--restart', 'always', '--rm', 'host', 'echo'], 125, /cannot specify both --restart and --rm/],
    [['--link', 'x:y', '--network', 'bridge', 'host', 'echo'], 125, /Links \["x:y"\] is not supported/],
    [['-m', '1m', 'host', 'echo'], 125, /Minimum memory limit allowed is 6MB/],
    [
      ['-w', 'relative', 'host', 'echo'],
      125,
      /the working directory 'relative' is invalid, it needs to be an absolute path/,
    ],
  ];
  for (const [args, code, message] of rows) {
    const result = await cli(daemon, 'run', ...args);
    t.is(result.code, code, args.join(' '));
    t.regex(result.err, message);
  }
  const host = await cli(daemon, 'run', '--network', 'host', '-p', '80:80', 'host', 'echo', 'x');
  t.like(host, {code: 0, out: 'x\n', err: 'WARNING: Published ports are discarded when using host network mode\n'});
});

test('docker run --name twice tells who has the name', async t => {
  const daemon = t.context;
  await cli(daemon, 'run', '-d', '--name', 'web', 'host', 'sleep');
  const again = await cli(daemon, 'run', '-d', '--name', 'web', 'host', 'sleep');
  t.is(again.code, 125);
  t.regex(again.err, /Conflict. The container name "\/web" is already in use by container "[0-9a-f]{64}"/);
});

test('docker logs, logs -t --tail, logs -f', async t => {
  const daemon = t.context;
  await cli(daemon, 'run', '--name', 'out', 'host', 'echo', 'line');
  t.like(await cli(daemon, 'logs', 'out'), {code: 0, out: 'line\n', err: ''});
  t.regex((await cli(daemon, 'logs', '-t', '--tail', '1', 'out')).out, /^\d{4}-.*Z line\n$/);
  await cli(daemon, 'run', '-d', '--name', 'tick', 'host', 'tick');
  const follow = spawn(docker!, ['logs', '-f', 'tick'], {
    env: environment(daemon),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await eventually(() => daemon.engine.followers() === 1);
  setTimeout(() => void daemon.engine.kill('tick', 'SIGKILL'), 50);
  t.regex(await text(follow.stdout), /^(tick\n)+$/);
  t.is(daemon.engine.followers(), 0);
});

test('docker network ls, create, inspect, rm', async t => {
  const daemon = t.context;
  t.is(
    (await cli(daemon, 'network', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}}')).out,
    'bridge bridge local\nhost host local\nnone null local\n',
  );
  const create = await cli(
    daemon,
    'network',
    'create',
    '--subnet',
    '10.5.0.0/24',
    '--gateway',
    '10.5.0.1',
    '--ip-range',
    '10.5.0.128/25',
    '--label',
    'a=b',
    '-o',
    'x=y',
    'blue',
  );
  t.regex(create.out, /^[0-9a-f]{64}\n$/);
  const format =
    '{{.Name}} {{.Driver}} {{(index .IPAM.Config 0).Subnet}} {{(index .IPAM.Config 0).IPRange}} {{.Labels}} {{.Options}} {{.Internal}}';
  t.is(
    (await cli(daemon, 'network', 'inspect', '-f', format, 'blue')).out,
    'blue bridge 10.5.0.0/24 10.5.0.128/25 map[a:b] map[x:y] false\n',
  );
  t.is(
    (await cli(daemon, 'run', '-d', '--network', 'blue', '--ip', '10.5.0.7', '--name', 'web', 'host', 'sleep')).err,
    '',
  );
  t.is((await cli(daemon, 'inspect', '-f', '{{.NetworkSettings.Networks.blue.IPAddress}}', 'web')).out, '10.5.0.7\n');
  t.regex((await cli(daemon, 'network', 'rm', 'blue')).err, /has active endpoints/);
  await cli(daemon, 'rm', '-f', 'web');
  t.is((await cli(daemon, 'network', 'rm', 'blue')).out, 'blue\n');
  t.regex((await cli(daemon, 'network', 'inspect', 'blue')).err, /network blue not found/);
  t.regex((await cli(daemon, 'network', 'create', '--scope', 'swarm', 'six')).err, /Scope "swarm" is not supported/);
});

test('docker version, info, images', async t => {
  const daemon = t.context;
  t.is(
    (await cli(daemon, 'version', '-f', '{{.Server.Version}} {{.Server.APIVersion}} {{.Client.APIVersion}}')).out,
    '0.1.0 1.48 1.48\n',
  );
  t.regex((await cli(daemon, 'version')).out, /Server: tnet\n Engine:\n {2}Version: +0\.1\.0/);
  const info = await cli(daemon, 'info');
  t.is(info.err, '');
  t.regex(info.out, /Server Version: 0\.1\.0[\s\S]*Operating System: Debian GNU\/Linux 12/);
  t.regex((await cli(daemon, 'images')).out, /host +latest +d8387cdcb73c/);
});
