import {execFileSync} from 'node:child_process';
import {mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {type Duplex, Readable} from 'node:stream';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {createClient} from '../src/api/client.ts';
import {demultiplex} from '../src/api/stdcopy.ts';
import {docker as dockerOn, dockerTest, hasDocker} from './fixture/docker.ts';
import {run} from './fixture/host.ts';
import {dockerOnPty, type PtyResult, raw, type Step, tnetOnPty} from './fixture/pty.ts';
import type {Tnet} from './fixture/tnet.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** What clients see of a container's streams when they come late, together, again, or without signals. */
const tnet = useTnet({
  closed: () => rmSync(base, {recursive: true, force: true}),
});
const base = mkdtempSync(join(tmpdir(), 'tnet-streams-'));
const none = ['--network', 'none'] as const;
const detach = '\x10\x11';

test.before(async () => {
  await tnet.ok('ps');
});

type Shell = (tnet: Tnet, args: readonly string[], steps: readonly Step[]) => Promise<PtyResult>;
const clients: readonly (readonly [string, Shell])[] = [
  ['tnet', tnetOnPty],
  ...(hasDocker ? ([['docker', dockerOnPty]] as const) : []),
];

const docker = (args: string): string => dockerOn(tnet, args);

/** Each piece of output with its stream. */
async function said(streams: Duplex): Promise<readonly string[]> {
  const chunks: Buffer[] = [];
  streams.on('data', chunk => chunks.push(chunk));
  await new Promise(resolve => streams.once('end', resolve));
  const all: string[] = [];
  for await (const {stream, payload} of demultiplex(Readable.from(chunks)))
    all.push(`${stream} ${payload.toString().trimEnd()}`);
  return all;
}

/** Within 20 s. */
async function eventually(
  t: ExecutionContext,
  condition: () => boolean | Promise<boolean>,
  what: string,
): Promise<void> {
  for (const end = Date.now() + 20_000; Date.now() < end; await sleep(20)) if (await condition()) return;
  t.fail(`never: ${what}`);
}

for (const [name, shell] of clients) {
  test.serial(`${name} attach: who comes back gets the screen drawn again, at his size`, async t => {
    const draw = 'trap "stty size" WINCH; echo ready; while :; do sleep 0.1; done';
    await tnet.ok('run', '-dit', '--name', 'screen', ...none, 'host', 'sh', '-c', draw);
    for (const _ of [1, 2]) {
      const {output} = await shell(tnet, ['attach', 'screen'], [raw, {see: '24 80'}, {type: detach}]);
      t.regex(output, /24 80/);
    }
    await tnet.ok('rm', '-f', 'screen');
  });
}

test.serial('attach with logs=1&stream=1: what was written, then what is', async t => {
  const script = 'echo past; echo bad >&2; read line; echo "now $line"';
  await tnet.ok('run', '-di', '--name', 'late', ...none, 'host', 'sh', '-c', script);
  await eventually(t, async () => (await tnet.ok('logs', 'late')).includes('past'), 'its first output');
  const query = {logs: true, stream: true, stdin: true, stdout: true, stderr: true};
  const streams = await createClient(tnet.socket).upgrade('/containers/late/attach', {query});
  streams.end('typed\n');
  t.deepEqual(await said(streams), ['stdout past', 'stderr bad', 'stdout now typed']);
  await tnet.ok('rm', '-f', 'late');
});

test.serial('logs --details: a blank for the attributes, of which there are none', async t => {
  await tnet.ok('run', '--name', 'plain', ...none, 'host', 'echo', 'x');
  t.is(await tnet.ok('logs', '--details', 'plain'), ' x');
  if (hasDocker) t.regex(docker('logs --details -t plain'), /^\S+Z {1,2}x$/);
  await tnet.ok('rm', 'plain');
});

for (const proxied of [true, false]) {
  test.serial(
    `run and attach --sig-proxy=${proxied}: a signal ends ${proxied ? 'the container' : 'the client alone'}`,
    async t => {
      const flag = `--sig-proxy=${proxied}`;
      const script = 'trap "exit 5" TERM; echo ready; while :; do sleep 0.05; done';
      const runs = tnet.start('run', flag, '--name', 'target', ...none, 'host', 'sh', '-c', script);
      await new Promise(resolve => runs.stdout!.once('data', resolve));
      runs.kill('SIGTERM');
      const [code, signal] = await new Promise<readonly unknown[]>(resolve =>
        runs.once('exit', (...end) => resolve(end)),
      );
      t.deepEqual([code, signal], proxied ? [5, null] : [null, 'SIGTERM']);
      t.is(await tnet.ok('inspect', '-f', '{{.State.Running}}', 'target'), String(!proxied));
      if (proxied) await tnet.ok('start', 'target');
      const attaches = tnet.start('attach', flag, '--no-stdin', 'target');
      const count = async (): Promise<number> =>
        (
          await tnet.ok(
            'events',
            '--since',
            '1h',
            '--until',
            '0s',
            '--filter',
            'event=attach',
            '--filter',
            'container=target',
          )
        ).split('\n').length;
      await eventually(t, async () => (await count()) > 1, 'the attach');
      await sleep(100); // its handlers are there when it has its streams
      attaches.kill('SIGTERM');
      const [attachCode] = await new Promise<readonly unknown[]>(resolve =>
        attaches.once('exit', (...end) => resolve(end)),
      );
      t.is(attachCode, proxied ? 5 : null);
      t.is(await tnet.ok('inspect', '-f', '{{.State.Running}}', 'target'), String(!proxied));
      await tnet.ok('rm', '-f', 'target');
    },
  );
}

test.serial('exec --env-file and --privileged', async t => {
  const file = join(base, 'env');
  writeFileSync(file, '# one a line\nCOLOUR=blue sky\nHOME\n');
  await tnet.ok('run', '-d', '--name', 'box', '-e', 'COLOUR=red', ...none, 'host', 'sleep', '600');
  t.is(await tnet.ok('exec', '--env-file', file, 'box', 'sh', '-c', 'echo $COLOUR'), 'blue sky');
  t.is(await tnet.ok('exec', '--env-file', file, '-e', 'COLOUR=x', 'box', 'sh', '-c', 'echo $COLOUR'), 'x');
  const caps = ['box', 'sh', '-c', 'grep -E "^(CapEff|Seccomp:)" /proc/self/status'];
  const [plain, privileged] = [await tnet.ok('exec', ...caps), await tnet.ok('exec', '--privileged', ...caps)];
  const mask = (status: string): bigint => BigInt(`0x${/CapEff:\s+([0-9a-f]+)/.exec(status)![1]}`);
  t.is(mask(plain) & mask(privileged), mask(plain));
  t.true(mask(privileged) > mask(plain), privileged);
  t.not((await tnet.run(['exec', '--env-file', '/nope', 'box', 'true'])).code, 0);
  await tnet.ok('rm', '-f', 'box');
});

test.serial(
  'a full disk under the log: the container ends by itself, what fits is whole, and the daemon says so once',
  async t => {
    const log = ['--log-opt', 'max-size=60k', '--log-opt', 'max-file=50'];
    const script =
      'i=0; while [ $i -lt 3000 ]; do echo "line $i ............................................"; i=$((i+1)); done; exit 3';
    const id = await tnet.ok('create', '--name', 'loud', ...none, ...log, 'host', 'sh', '-c', script);
    const folder = join(tnet.root, 'containers', id);
    mkdirSync(folder, {recursive: true});
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=300k,mode=711', 'tmpfs', folder]);
    t.teardown(() => void run(`umount -l ${folder} 2>/dev/null || true`));
    await tnet.ok('start', 'loud');
    t.is(await tnet.ok('wait', 'loud'), '3');
    const files = readdirSync(folder).filter(name => name.startsWith('container.log'));
    t.true(files.length > 1, files.join());
    for (const line of files.flatMap(name => readFileSync(join(folder, name), 'utf8').split('\n').filter(Boolean)))
      t.notThrows(() => JSON.parse(line), line);
    t.regex(await tnet.ok('logs', 'loud'), /^line 0 /);
    const told =
      readFileSync(join(tnet.root, 'daemon.log'), 'utf8').match(/loses records.*No space left on device/g) ?? [];
    t.is(told.length, 1);
    run(`umount -l ${folder}`);
    await tnet.ok('rm', 'loud');
  },
);

test.serial('clients that attach and leave at once, many times, disturb nobody', async t => {
  await tnet.ok('run', '-dit', '--name', 'busy', ...none, 'host', 'sh', '-c', 'stty -echo; exec cat');
  const come = (): Promise<PtyResult> => tnetOnPty(tnet, ['attach', 'busy'], [raw, {type: detach}]);
  for (const results of [await Promise.all([come(), come(), come()]), await Promise.all([come(), come()])])
    for (const {code, output} of results) t.is(code, 0, output);
  const last = await tnetOnPty(tnet, ['attach', 'busy'], [raw, {type: 'alive\n'}, {see: 'alive'}, {type: '\x04'}]);
  t.is(last.code, 0, last.output);
  await tnet.ok('rm', 'busy');
});

test.serial('stats: one JSON object a second, each with the one before it', async t => {
  await tnet.ok('run', '-d', '--name', 'spin', ...none, 'host', 'sh', '-c', 'while :; do :; done');
  const stream = await createClient(tnet.socket).stream('GET', '/containers/spin/stats');
  const lines: string[] = [];
  let rest = '';
  for await (const chunk of stream) {
    rest += chunk;
    const whole = rest.split('\n');
    rest = whole.pop()!;
    lines.push(...whole);
    if (lines.length >= 3) break;
  }
  const read = lines.map(line => JSON.parse(line) as {read: string; preread: string});
  t.is(read[1]!.preread, read[0]!.read);
  t.is(read[2]!.preread, read[1]!.read);
  t.true(Date.parse(read[1]!.read) - Date.parse(read[0]!.read) >= 990);
});

test.serial('stats, live on a terminal: one frame after the other, until ctrl-c', async t => {
  const frame = [{see: 'CPU %'}, {see: 'spin'}];
  const {code, output} = await tnetOnPty(tnet, ['stats', 'spin'], [...frame, ...frame, ...frame, {type: '\x03'}]);
  t.not(code, -1, output);
});

dockerTest('docker stats, live on a terminal: one frame after the other', async t => {
  const {output} = await dockerOnPty(
    tnet,
    ['stats'],
    [
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {see: 'CPU %'},
      {see: 'spin'},
      {type: '\x03'},
    ],
  );
  const rows = new Set(output.match(/spin\s+[\d.]+%[^\r\n]*/g));
  t.true(rows.size >= 2, output);
  await tnet.ok('rm', '-f', 'spin');
});
