import {type ChildProcess, spawn} from 'node:child_process';
import {PassThrough, Readable} from 'node:stream';
import {text} from 'node:stream/consumers';
import {fileURLToPath} from 'node:url';
import anyTest, {type TestFn} from 'ava';
import type {Output} from '../../src/cli/context.ts';
import {runCli} from '../../src/cli/run-cli.ts';
import {eventually, type FakeDaemon, serveFake} from '../daemon/serve-fake.ts';

const test = anyTest as TestFn<FakeDaemon>;
const main = fileURLToPath(new URL('../../src/cli/main.js', import.meta.url));

test.beforeEach(async t => {
  t.context = await serveFake();
});
test.afterEach.always(t => t.context.close());

interface Result {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

const roots = ({roots: {root, runRoot}}: FakeDaemon): readonly string[] => ['--root', root, '--run-root', runRoot];

/** In this process, with captured output. */
async function tnet(
  daemon: FakeDaemon,
  line: string | readonly string[],
  stdin = '',
  terminal: object = {},
): Promise<Result> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, err] = [text(stdout), text(stderr)];
  const args = typeof line === 'string' ? line.split(' ') : line;
  const io = {
    stdin: Readable.from([stdin]),
    stdout: Object.assign(stdout, terminal) as Output,
    stderr,
    env: {HOME: '/root'},
  };
  const code = await runCli([...roots(daemon), ...args], io);
  stdout.end();
  stderr.end();
  return {code, out: await out, err: await err};
}

/** As a process. */
function start(daemon: FakeDaemon, ...args: readonly string[]): ChildProcess {
  return spawn(process.execPath.replace(/.*node-in-host\.sh$/, 'node'), [main, ...roots(daemon), ...args], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
}

async function ended(child: ChildProcess): Promise<Result> {
  const code = new Promise<number>(resolve =>
    child.once('exit', (exit, signal) => resolve(exit ?? (signal ? 255 : 0))),
  );
  const [out, err] = await Promise.all([text(child.stdout!), text(child.stderr!)]);
  return {code: await code, out, err};
}

test('tnet run -d prints the id; ps, port, inspect, stop, start, kill, wait, rm', async t => {
  const daemon = t.context;
  const run = await tnet(daemon, 'run -d --name web -p 8080:80 -e HOME -l a=b -m 64m --cpus 0.5 host sleep -x --rm');
  t.like(run, {code: 0, err: ''});
  t.regex(run.out, /^[0-9a-f]{64}\n$/);
  const {config} = daemon.engine.get('web');
  t.like(
    config,
    {args: ['sleep', '-x', '--rm'], env: ['HOME=/root'], labels: {a: 'b'}, autoRemove: false},
    "options after the image are the command's",
  );
  t.like(config.limits, {memoryBytes: 67_108_864, cpuQuotaUs: 50_000});
  const ps = await tnet(daemon, 'ps');
  t.regex(
    ps.out,
    /^CONTAINER ID {3}NAME {3}IMAGE {3}COMMAND +STATUS +PORTS\n[0-9a-f]{12} {3}web {4}host {4}sleep -x --rm +Up .* 0\.0\.0\.0:8080->80\/tcp\n$/,
  );
  t.is((await tnet(daemon, 'ps -q')).out, `${run.out.slice(0, 12)}\n`);
  t.is((await tnet(daemon, 'ps -q --no-trunc')).out, run.out);
  t.is((JSON.parse((await tnet(daemon, 'ps --format json')).out) as {Image: string}).Image, 'host');
  t.is((await tnet(daemon, 'port web')).out, '80/tcp -> 0.0.0.0:8080\n');
  t.is((await tnet(daemon, 'port web 80')).out, '0.0.0.0:8080\n');
  t.deepEqual(await tnet(daemon, 'port web 81/udp'), {
    code: 1,
    out: '',
    err: "tnet: No public port '81/udp' published for web\n",
  });
  t.is((JSON.parse((await tnet(daemon, 'inspect web')).out) as {Name: string}[])[0]?.Name, '/web');
  t.is((await tnet(daemon, 'stop -t 1 web')).out, 'web\n');
  t.is((await tnet(daemon, 'wait web')).out, '143\n');
  t.is((await tnet(daemon, 'start web')).out, 'web\n');
  await eventually(() => daemon.engine.get('web').state.status === 'running');
  t.like(await tnet(daemon, 'rm web'), {
    code: 1,
    out: '',
    err: 'tnet: cannot remove container "/web": container is running: stop the container before removing or force remove\n',
  });
  t.is((await tnet(daemon, 'kill -s HUP web')).out, 'web\n');
  t.is((await tnet(daemon, 'ps -aq')).out, `${run.out.slice(0, 12)}\n`);
  t.is((await tnet(daemon, 'rm web')).out, 'web\n');
});

test('tnet run in the foreground is the container: output, input, exit code', async t => {
  const daemon = t.context;
  t.deepEqual(await tnet(daemon, 'run --rm host echo a b'), {code: 0, out: 'a b\n', err: ''});
  t.deepEqual(await tnet(daemon, 'run --rm host warn careful'), {code: 1, out: '', err: 'careful\n'});
  t.is((await tnet(daemon, 'run --rm host exit 42')).code, 42);
  t.is((await tnet(daemon, 'run --rm -i host cat', 'from stdin')).out, 'from stdin');
  t.deepEqual(daemon.engine.list(), []);
  t.is(
    (await tnet(daemon, 'run --network host -p 1:1 host echo x')).err,
    'tnet: warning: Published ports are discarded when using host network mode\n',
  );
});

test('tnet run fails with one line and the exit codes of Docker, and leaves nothing with --rm', async t => {
  const daemon = t.context;
  const rows: readonly (readonly [string, number, RegExp])[] = [
    ['run --rm host nosuch', 127, /^tnet: exec: "nosuch": executable file not found in \$PATH\n$/],
    ['run --rm host /etc/hosts', 126, /^tnet: .*permission denied\n$/],
    ['run --rm nosuch true', 125, /^tnet: No such image: nosuch\n$/],
    ['run --rm --network nosuch host true', 125, /^tnet: network nosuch not found\n$/],
    ['run --rm -p 1:2:3:4 host true', 125, /^tnet: invalid port mapping "1:2:3:4": want .*\n$/],
    [
      'run --rm -m 1x host true',
      125,
      /^tnet: option '-m, --memory <size>' argument '1x' is invalid. Want a size like 512m or 1g.\nSee 'tnet run --help'.\n$/,
    ],
    ['run --nosuch host true', 125, /^tnet: unknown option '--nosuch'\nSee 'tnet run --help'.\n$/],
    ['run', 125, /^tnet: 'tnet run' needs at least one image, none was given\nSee/],
    ['run --rm -d host nosuch', 127, /executable file not found/],
    ['run --env-file /nosuch host true', 125, /^tnet: ENOENT.*\n$/],
  ];
  for (const [line, code, message] of rows) {
    const result = await tnet(daemon, line);
    t.is(result.code, code, line);
    t.regex(result.err, message);
  }
  t.deepEqual(daemon.engine.list(), []);
});

test('tnet forwards its signals to the container, and ends with its exit code', async t => {
  const daemon = t.context;
  const child = start(daemon, 'run', '--rm', '--name', 'web', 'host', 'sleep');
  await eventually(() => daemon.engine.list()[0]?.state.status === 'running');
  child.kill('SIGINT');
  t.like(await ended(child), {code: 130, err: ''});
  t.deepEqual(daemon.engine.list(), []);
});

test('tnet run -i ends though its stdin stays open', async t => {
  const child = start(t.context, 'run', '--rm', '-i', 'host', 'echo', 'done');
  t.like(await ended(child), {code: 0, out: 'done\n'});
});

test('tnet run says that the container goes on when the daemon goes away', async t => {
  const daemon = t.context;
  const child = start(daemon, 'run', '--name', 'web', 'host', 'sleep');
  await eventually(() => daemon.engine.waiting() === 1 && daemon.engine.get('web').state.status === 'running');
  const result = ended(child);
  await daemon.close();
  t.like(await result, {
    code: 125,
    err: `tnet: the daemon went away; the container goes on: tnet logs -f ${daemon.engine.get('web').id.slice(0, 12)}\n`,
  });
});

test('tnet logs prints both streams, and ends quietly when its reader leaves', async t => {
  const daemon = t.context;
  await tnet(daemon, 'run --name err host warn oh');
  t.deepEqual(await tnet(daemon, 'logs err'), {code: 0, out: '', err: 'oh\n'});
  t.regex((await tnet(daemon, 'logs -t -n 1 err')).err, /^\d{4}-.*Z oh\n$/);
  t.like(await tnet(daemon, 'logs nosuch'), {code: 1, err: 'tnet: No such container: nosuch\n'});
  await tnet(daemon, 'run -d --name tick host tick');
  const child = start(daemon, 'logs', '-f', 'tick');
  child.stdout?.once('data', () => child.stdout?.destroy());
  const code = new Promise(resolve => child.once('exit', resolve));
  t.is(await text(child.stderr!), '');
  t.is(await code, 0);
  await eventually(() => daemon.engine.followers() === 0);
});

test('tnet with several names goes on after a failure, tells each, and ends with 1', async t => {
  const daemon = t.context;
  await tnet(daemon, 'run -d --name x1 host sleep');
  await tnet(daemon, 'run -d --name x3 host sleep');
  t.deepEqual(await tnet(daemon, 'rm -f x1 x2 x3'), {code: 1, out: 'x1\nx3\n', err: 'tnet: No such container: x2\n'});
  t.deepEqual(await tnet(daemon, 'rm -f'), {
    code: 1,
    out: '',
    err: "tnet: 'tnet rm' needs at least one container, none was given\nSee 'tnet rm --help'.\n",
  });
  const inspect = await tnet(daemon, 'inspect bridge nosuch');
  t.like(inspect, {code: 1, err: 'tnet: No such object: nosuch\n'});
  t.like((JSON.parse(inspect.out) as object[])[0], {Name: 'bridge', Driver: 'bridge'});
});

test('tnet network create, ls, inspect, rm', async t => {
  const daemon = t.context;
  t.regex(
    (await tnet(daemon, 'network create --subnet 10.5.0.0/24 --gateway 10.5.0.9 --internal --label a=b -o x=y blue'))
      .out,
    /^[0-9a-f]{64}\n$/,
  );
  t.like(daemon.controller.get('blue'), {internal: true, labels: {a: 'b'}, options: {x: 'y'}});
  t.regex(
    (await tnet(daemon, 'network ls')).out,
    /^NETWORK ID {5}NAME +DRIVER +SUBNET\n[\s\S]*blue +bridge +10\.5\.0\.0\/24 \(internal\)\n$/,
  );
  t.is((JSON.parse((await tnet(daemon, 'network inspect blue')).out) as {Name: string}[])[0]?.Name, 'blue');
  t.like(await tnet(daemon, 'network create blue'), {code: 1, err: 'tnet: network with name blue already exists\n'});
  t.like(await tnet(daemon, 'network create --gateway 10.0.0.1 red'), {
    code: 1,
    err: 'tnet: no matching subnet for gateway 10.0.0.1\n',
  });
  t.is((await tnet(daemon, 'network rm blue')).out, 'blue\n');
  t.like(await tnet(daemon, 'network rm blue host'), {
    code: 1,
    err: 'tnet: network blue not found\ntnet: host is a pre-defined network and cannot be removed\n',
  });
});

test('tnet images, system info, version, help', async t => {
  const daemon = t.context;
  t.regex((await tnet(daemon, 'images')).out, /^IMAGE +IMAGE ID +CONTAINERS\nhost:latest +d8387cdcb73c +0\n$/);
  t.regex(
    (await tnet(daemon, 'system info')).out,
    new RegExp(`Containers: +0 \\(0 running, 0 stopped\\)[\\s\\S]*Socket: +${daemon.socket}`),
  );
  t.regex(
    (await tnet(daemon, 'version')).out,
    /^Client: tnet 0\.1\.0, API 1\.48, node v[\d.]+\nServer: tnet 0\.1\.0, API 1\.48, linux\/amd64, kernel 6\.1\.0\n$/,
  );
  const help = await tnet(daemon, '--help');
  for (const name of [
    'run',
    'ps',
    'logs',
    'start',
    'stop',
    'kill',
    'rm',
    'wait',
    'inspect',
    'port',
    'network',
    'images',
    'system',
    'version',
    'daemon',
  ]) {
    t.regex(help.out, new RegExp(`^  ${name} `, 'm'));
    const own = await tnet(daemon, [name, '--help']);
    t.is(own.code, 0);
    if (!['network', 'system'].includes(name)) t.regex(own.out, /\nExamples?:\n {2}(echo hello \| )?tnet /, name);
    t.true(
      own.out.split('\n').every(line => line.length <= 80),
      `help of ${name} fits 80 columns`,
    );
  }
  t.like(await tnet(daemon, 'pss'), {
    code: 1,
    err: "tnet: unknown command 'pss'. Did you mean ps?\nSee 'tnet --help'.\n",
  });
});

test('tnet ps fits 80 columns of a terminal', async t => {
  const daemon = t.context;
  await tnet(daemon, [
    'run',
    '-d',
    '--name',
    'a-rather-long-name-of-a-container',
    '-p',
    '127.0.0.1:8080:80',
    '-p',
    '9000-9010:9000-9010',
    'host',
    'sleep',
    'for a long while',
  ]);
  const {out} = await tnet(daemon, 'ps', '', {isTTY: true, columns: 80});
  const row = out.split('\n')[1] ?? '';
  t.true(row.length <= 80, row);
  t.regex(row, /^[0-9a-f]{12} {3}a-rather/);
});

test('tnet daemon stop asks the daemon; without one it says so', async t => {
  const daemon = t.context;
  t.like(await tnet(daemon, 'daemon stop'), {code: 0, err: ''});
  t.is(daemon.shutdowns(), 1);
  await daemon.close();
  t.like(await tnet(daemon, 'daemon stop'), {code: 0, err: `tnet: no daemon runs on "${daemon.roots.runRoot}"\n`});
  t.regex((await tnet(daemon, 'version')).out, /\nServer: not running/);
});
