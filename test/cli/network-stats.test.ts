import {PassThrough} from 'node:stream';
import {text} from 'node:stream/consumers';
import {stripVTControlCharacters} from 'node:util';
import anyTest, {type TestFn} from 'ava';
import type {AttachmentStats} from '../../src/api/stats-types.ts';
import type {Output} from '../../src/cli/context.ts';
import {formatBytes, formatCount} from '../../src/cli/format-units.ts';
import {runCli} from '../../src/cli/run-cli.ts';
import {type FakeDaemon, serveFake} from '../daemon/serve-fake.ts';

const test = anyTest as TestFn<FakeDaemon>;

test.beforeEach(async t => {
  t.context = await serveFake();
  await tnet(t.context, 'run -d --name web -p 8080:80 host sleep');
  await tnet(t.context, 'network create lan');
  await tnet(t.context, 'run -d --name a-container-with-a-long-name --network lan host sleep');
});
test.afterEach.always(t => t.context.close());

interface Terminal {
  readonly isTTY: true;
  readonly columns: number;
}

function begin({roots: {root, runRoot}}: FakeDaemon, line: string, terminal?: Terminal) {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const io = {stdin: new PassThrough(), stdout: Object.assign(stdout, terminal) as Output, stderr, env: {}};
  const code = runCli(['--root', root, '--run-root', runRoot, ...line.split(' ')], io);
  return {stdout, stderr, code};
}

async function tnet(daemon: FakeDaemon, line: string, terminal?: Terminal) {
  const {stdout, stderr, code} = begin(daemon, line, terminal);
  const [out, err] = [text(stdout), text(stderr)];
  const ended = await code;
  stdout.end();
  stderr.end();
  return {code: ended, out: await out, err: await err};
}

/** In the fake, every reading finds 1.5 MB and 20 kB more. */
test('tnet network stats prints what attachments carry, once where there is no terminal', async t => {
  const {code, out, err} = await tnet(t.context, 'network stats');
  t.deepEqual([code, err], [0, '']);
  const [head, ...rows] = out.trimEnd().split('\n');
  t.is(head?.replace(/ +/g, ' '), 'NAME NETWORK IFACE RX TX RX/S TX/S PKTS DROPS');
  t.regex(rows[0]!, /^web +bridge +eth0 +3MB +40kB +1\.\d+MB +\d+(\.\d+)?kB +2\.47k +7$/);
  t.regex(rows[1]!, /^a-container-with-a-long-name +lan +eth0 /);
  t.is(rows.length, 2);
});

test('tnet network stats fits into 80 columns of a terminal', async t => {
  const {out} = await tnet(t.context, 'network stats --no-stream', {isTTY: true, columns: 80});
  const lines = stripVTControlCharacters(out).trimEnd().split('\n');
  t.true(
    lines.every(line => line.length <= 80),
    lines.join('\n'),
  );
  t.regex(lines[2]!, /^a-cont\S*… /);
});

test('tnet network stats redraws on a terminal every second', async t => {
  const {stdout} = begin(t.context, 'network stats web', {isTTY: true, columns: 80});
  const seen: string[] = [];
  for await (const chunk of stdout) {
    seen.push(String(chunk));
    if (seen.length === 3) break;
  }
  t.true(seen.every(screen => screen.startsWith('\x1b[H') && screen.endsWith('\x1b[K\n\x1b[J')));
  t.regex(seen[0]!, /1\.5MB +20kB +0B +0B/);
  t.regex(seen[2]!, /4\.5MB +60kB +1\.\d+MB/);
});

test('tnet network stats --ports has a row for each published port', async t => {
  const {out} = await tnet(t.context, 'network stats --ports --no-stream');
  const [head, ...rows] = out.trimEnd().split('\n');
  t.is(head?.replace(/ +/g, ' '), 'NAME PORT CONNS RX TX RX/S TX/S PKTS');
  t.deepEqual(
    rows.map(row => row.replace(/ +/g, ' ')),
    ['web 8080->80/tcp 7 5kB 600kB 0B 0B 150'],
  );
});

test('tnet network stats --json prints counters without waiting, of what is named', async t => {
  for (const [line, names] of [
    ['network stats --json lan', ['a-container-with-a-long-name']],
    ['network stats --format json web', ['web']],
    ['network stats --json web lan bridge', ['web', 'a-container-with-a-long-name']],
  ] as const) {
    const {out} = await tnet(t.context, line);
    const rows = out
      .trimEnd()
      .split('\n')
      .map(row => JSON.parse(row) as AttachmentStats);
    t.deepEqual(
      rows.map(({Name}) => Name),
      [...names],
    );
  }
  const [web] = (await tnet(t.context, 'network stats --json web')).out
    .split('\n')
    .map(row => JSON.parse(row || 'null'));
  t.like(web, {Network: 'bridge', Interface: 'eth0', HostInterface: 'veth0', Errors: 0, Drops: 7});
  t.like(web.Ports[0], {Proto: 'tcp', HostIp: '', HostPort: 8080, ContainerPort: 80, Connections: 7, RxPackets: 70});
});

test('tnet network stats names what is neither network nor container', async t => {
  const {code, err} = await tnet(t.context, 'network stats nosuch');
  t.deepEqual([code, err], [1, 'tnet: No such network or container: nosuch\n']);
});

test('formatBytes() and formatCount() have three digits', t => {
  t.deepEqual([0, 656, 999, 999.6, 1234, 45_600_000, 999_600, 1e15, 5e18].map(formatBytes), [
    '0B',
    '656B',
    '999B',
    '1kB',
    '1.23kB',
    '45.6MB',
    '1MB',
    '1PB',
    '5000PB',
  ]);
  t.is(formatCount(1500), '1.5k');
});
