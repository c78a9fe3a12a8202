import {type ChildProcess, spawn} from 'node:child_process';
import {once} from 'node:events';
import {existsSync, readdirSync, readFileSync} from 'node:fs';
import {text} from 'node:stream/consumers';
import {setTimeout as sleep} from 'node:timers/promises';
import test, {type ExecutionContext} from 'ava';
import {createBlockCutter, decodeBlock} from '../src/api/pcapng-decode.ts';
import {run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** `tnet capture` and `tnet topology` as a user types them. */
const tnet = useTnet();

test.before(async () => {
  await tnet.ok('network', 'create', 'lan');
  for (const name of ['web', 'peer'])
    await tnet.ok('run', '-d', '--name', name, '--network', 'lan', 'host', 'sleep', '600');
});

const inside = async (name: string, script: string): Promise<string> => {
  const [{State}] = JSON.parse(await tnet.ok('inspect', name)) as [{State: {Pid: number}}];
  return run(`nsenter -n -t ${State.Pid} bash -c '${script}'`);
};

interface Running {
  readonly child: ChildProcess;
  /** When it has ended. */
  readonly result: Promise<{code: number; stdout: string; stderr: string}>;
}

/** Started, and capturing. */
async function start(t: ExecutionContext, ...args: readonly string[]): Promise<Running> {
  const child = tnet.start('capture', ...args);
  t.teardown(() => void child.kill('SIGKILL'));
  const [stdout, stderr] = [text(child.stdout!), text(child.stderr!)];
  const exit = once(child, 'exit') as Promise<[number]>;
  const result = (async () => ({code: (await exit)[0], stdout: await stdout, stderr: await stderr}))();
  await Promise.race([once(child.stderr!, 'data'), exit]);
  return {child, result};
}

const hasTcpdump = existsSync('/usr/bin/tcpdump') || existsSync('/usr/sbin/tcpdump');
const tcpdump = (file: string): readonly string[] => run(`tcpdump -ntr ${file} 2>/dev/null`).trim().split('\n');

test.serial('tnet capture -w makes a file that tcpdump reads, and ends at SIGINT with the counts and 0', async t => {
  const file = `${tnet.runRoot}/web.pcapng`;
  const {child, result} = await start(t, 'web', '-w', file, 'udp', 'port', '9', 'or', 'icmp');
  await inside('web', 'echo hello > /dev/udp/172.18.0.3/9; echo hello > /dev/udp/172.18.0.3/10');
  child.kill('SIGINT');
  const {code, stderr} = await result;
  t.is(code, 0, stderr);
  t.regex(stderr, /^tnet: capturing container "web" \([0-9a-f]{12}\), tnet \S+ on lo, eth0\n/);
  t.regex(stderr, /\ntnet: 3 packets captured, 0 dropped by the kernel\n$/);
  const blocks = createBlockCutter()(readFileSync(file)).map(decodeBlock);
  t.like(blocks[0], {kind: 'section'});
  t.deepEqual(
    blocks.flatMap(block => (block.kind === 'interface' ? [block.name, block.description] : [])),
    ['lo', 'container web', 'eth0', 'container web'],
  );
  if (!hasTcpdump) return t.log('no tcpdump here');
  const lines = tcpdump(file);
  t.regex(lines[0] ?? '', /^IP 172\.18\.0\.2\.\d+ > 172\.18\.0\.3\.9: UDP, length 6$/);
  t.is(lines.length, 3);
  return undefined;
});

test.serial('tnet capture into a pipe is pcapng, of a network: each frame once, named by its container', async t => {
  const {child, result} = await start(t, 'lan', 'udp', 'port', '9');
  await inside('web', 'echo hello > /dev/udp/172.18.0.3/9');
  await inside('peer', 'echo hello > /dev/udp/172.18.0.1/9');
  child.kill('SIGTERM');
  const {code, stdout, stderr} = await result;
  t.is(code, 0, stderr);
  t.true(stdout.startsWith('\n\r\r\n'), 'a section header block');
  for (const interfaceName of ['container web', 'container peer', "network lan, the host's frames"])
    t.true(stdout.includes(interfaceName));
  t.regex(stderr, /network "lan" .*, device br-[0-9a-f]{12}; each frame once, where it enters, tnet \S+ on br-/);
  t.regex(stderr, /\ntnet: 2 packets captured, 0 dropped/);
});

test.serial('tnet capture --print prints lines, -c ends it, and so does --duration', async t => {
  const {result} = await start(t, '--print', '-c', '2', 'web', 'udp', 'and', 'dst', 'port', '9');
  await inside('web', 'for i in 1 2 3; do echo hello > /dev/udp/172.18.0.3/9; done');
  const {code, stdout, stderr} = await result;
  t.is(code, 0, stderr);
  t.regex(stdout, /^(\d\d:\d\d:\d\d\.\d{6} eth0 Out IP 172\.18\.0\.2\.\d+ > 172\.18\.0\.3\.9: UDP, length 6\n){2}$/);
  const begin = performance.now();
  const timed = await (await start(t, 'web', '--print', '--duration', '0.3')).result;
  t.is(timed.code, 0);
  t.true(performance.now() - begin > 300);
});

test.serial('a capture ends with its container', async t => {
  await tnet.ok('run', '-d', '--name', 'short', '--network', 'lan', 'host', 'sleep', '600');
  const {result} = await start(t, 'short', '--print');
  await tnet.ok('rm', '-f', 'short');
  const {code, stderr} = await result;
  t.is(code, 0, stderr);
  t.regex(stderr, /packets captured, 0 dropped by the kernel\n$/);
});

const descriptors = (): number => readdirSync(`/proc/${tnet.daemonPid()}/fd`).length;

test.serial('a client that is killed leaves no socket in the daemon', async t => {
  const open = descriptors();
  for (let i = 0; i < 5; i++) {
    const {child, result} = await start(t, 'web', '--print');
    t.true(descriptors() > open);
    child.kill('SIGKILL');
    await result;
  }
  for (let i = 0; i < 100 && descriptors() > open; i++) await sleep(20);
  t.true(descriptors() <= open, `${descriptors()} > ${open}`);
});

test.serial(
  'a reader that stands still costs the daemon no memory, and its packets are counted as dropped',
  async t => {
    const rss = (): number =>
      Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${tnet.daemonPid()}/status`, 'utf8'))?.[1]);
    const child = tnet.start('capture', 'web', '-i', 'lo', 'udp');
    t.teardown(() => void child.kill('SIGKILL'));
    const stderr = text(child.stderr!);
    await once(child.stderr!, 'data');
    const kib = rss();
    const [{State}] = JSON.parse(await tnet.ok('inspect', 'web')) as [{State: {Pid: number}}];
    const flood =
      'const s = require("dgram").createSocket("udp4"), b = Buffer.alloc(1400); let n = 0; (function go() { for (let i = 0; i < 100; i++) s.send(b, 9, "127.0.0.1"); if ((n += 100) < 100000) setImmediate(go); else s.close(); })()';
    await once(spawn('nsenter', ['-n', '-t', String(State.Pid), 'node', '-e', flood]), 'exit');
    t.true(rss() - kib < 64 * 1024, `${rss() - kib} KiB for 140 MB`);
    child.kill('SIGINT');
    child.stdout!.resume();
    t.deepEqual(await once(child, 'exit'), [0, null]);
    t.regex(await stderr, /\ntnet: \d{4,} packets captured, [1-9]\d* dropped by the kernel\n$/);
  },
);

test.serial('a second signal ends a client whose reader stands still', async t => {
  const child = tnet.start('capture', 'web', '-i', 'lo', 'udp');
  t.teardown(() => void child.kill('SIGKILL'));
  const stderr = text(child.stderr!);
  await once(child.stderr!, 'data');
  await inside('web', 'for i in {1..200}; do head -c 20000 /dev/zero > /dev/udp/127.0.0.1/9; done 2> /dev/null; true');
  child.kill('SIGINT');
  await sleep(100);
  t.is(child.exitCode, null);
  child.kill('SIGINT');
  t.deepEqual(await once(child, 'exit'), [1, null]);
  t.regex(await stderr, /\ntnet: \d+ packets captured, then it broke off\n$/);
});

for (const [what, args, message] of [
  ['an unknown target', ['nosuch'], 'No such container or network: nosuch'],
  [
    'a wrong filter',
    ['web', 'port', 'htp'],
    'invalid filter at character 6, "htp": want a port, 0 to 65535, after "port"',
  ],
  [
    'a network without a device',
    ['host'],
    'Cannot capture network "host": it has no device of its own; capture a container on it',
  ],
  [
    'an unknown interface',
    ['web', '-i', 'eth7'],
    'Cannot capture on interface "eth7": there is none of that name that is up; there are lo, eth0',
  ],
  [
    'two ways out',
    ['web', '--print', '-w', 'x'],
    '--print and -w exclude each other: write a file, then tcpdump -r it',
  ],
  ['a folder that is not there', ['web', '-w', '/nosuch/x'], "ENOENT: no such file or directory, open '/nosuch/x'"],
] as const) {
  test.serial(`bad input, ${what}: one clear line, nothing left`, async t => {
    const open = descriptors();
    const {code, stdout, stderr} = await tnet.run(['capture', ...args]);
    t.deepEqual([code, stdout, stderr], [1, '', `tnet: ${message}\n`]);
    for (let i = 0; i < 100 && descriptors() > open; i++) await sleep(20);
    t.true(descriptors() <= open);
  });
}

test.serial('a name that is a container and a network has to be told apart', async t => {
  await tnet.ok('network', 'create', 'web');
  const {stderr} = await tnet.run(['capture', 'web']);
  t.is(stderr, 'tnet: "web" is a container and a network: say which with --type container or --type network\n');
  const {code} = await tnet.run(['capture', '--type', 'container', '--duration', '0.1', '--print', 'web']);
  t.is(code, 0);
  await tnet.ok('network', 'rm', 'web');
});

test.serial('tnet topology shows what there is', async t => {
  const {stdout} = await tnet.run(['topology'], {env: {LC_ALL: 'C.UTF-8'}});
  const lan = stdout.split(/^(?=\w)/m).find(part => part.startsWith('lan '));
  t.regex(
    lan ?? '',
    /^lan \(bridge, br-[0-9a-f]{12}\)\n│ {2}172\.18\.0\.0\/16, gateway 172\.18\.0\.1\n├─ peer {2}[0-9a-f]{12}\n│ {5}eth0 {2}172\.18\.0\.3\/16 {2}02:42:ac:12:00:03 {2}veth\w+\n└─ web {2}[0-9a-f]{12}\n {6}eth0 {2}172\.18\.0\.2\/16/,
    stdout,
  );
  t.regex((await tnet.run(['topology'], {env: {LC_ALL: 'C'}})).stdout, /^\|- peer/m);
  const {networks} = JSON.parse(await tnet.ok('topology', '--format', 'json')) as {
    networks: {name: string; members: unknown[]}[];
  };
  t.deepEqual(
    networks.map(({name, members}) => [name, members.length]),
    [
      ['bridge', 0],
      ['host', 0],
      ['none', 0],
      ['lan', 2],
    ],
  );
  t.regex(await tnet.ok('topology', '--format', 'mermaid'), /^graph LR\n/);
  t.regex(await tnet.ok('topology', '--format', 'dot'), /^graph tnet \{\n/);
});
