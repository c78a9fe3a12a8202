import {execFileSync} from 'node:child_process';
import {existsSync, readdirSync} from 'node:fs';
import {join} from 'node:path';
import {setTimeout as sleep} from 'node:timers/promises';
import test from 'ava';
import {hasDocker} from './fixture/docker.ts';
import {dockerOnPty, type PtyResult, raw, type Step, tnetOnPty} from './fixture/pty.ts';
import type {Tnet} from './fixture/tnet.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Terminals, attach, exec and logs, through the commands a user types: ours, and the stock docker's on our socket. */
const tnet = useTnet();

test.before(async () => {
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'box',
    '-e',
    'COLOUR=red',
    '-w',
    '/srv',
    '--network',
    'none',
    'host',
    'sleep',
    '600',
  );
});

type Shell = (tnet: Tnet, args: readonly string[], steps: readonly Step[]) => Promise<PtyResult>;

const clients: readonly (readonly [string, Shell])[] = [
  ['tnet', tnetOnPty],
  ...(hasDocker ? ([['docker', dockerOnPty]] as const) : []),
];
const none = ['--network', 'none'] as const;
const detach = '\x10\x11';

for (const [name, shell] of clients) {
  test.serial(
    `${name} run -it: a terminal with our size, that follows ours; ctrl-c goes in; the exit code comes out`,
    async t => {
      const {
        code,
        output,
        raw: isRaw,
      } = await shell(
        tnet,
        [
          'run',
          '--rm',
          '-it',
          ...none,
          'host',
          'sh',
          '-c',
          'stty size; tty; trap "echo caught; exit 7" INT; trap "stty size" WINCH; echo ready; while :; do sleep 0.1; done',
        ],
        [
          {see: '24 80'},
          {see: '/dev/pts/0'},
          {see: 'ready'},
          {size: [30, 100], see: '30 100'},
          {type: '\x03'},
          {see: 'caught'},
        ],
      );
      t.is(code, 7, output);
      t.false(isRaw, 'the terminal is given back');
    },
  );

  test.serial(`${name} run -it, detach, attach, other keys`, async t => {
    const cat = `${name}-cat`;
    const first = await shell(
      tnet,
      ['run', '-it', '--name', cat, ...none, 'host', 'sh', '-c', 'stty -echo; echo ready; exec cat'],
      [{see: 'ready'}, {type: 'one\n'}, {see: 'one'}, {type: detach}],
    );
    t.is(first.code, 0, first.output);
    t.false(first.raw);
    const second = await shell(
      tnet,
      ['attach', '--detach-keys', 'ctrl-x,x', cat],
      [raw, {type: 'two\n'}, {see: 'two'}, {type: '\x18x'}],
    );
    t.is(second.code, name === 'docker' ? 1 : 0, second.output); // docker attach: "read escape sequence", and 1
    const third = await shell(tnet, ['attach', cat], [raw, {type: 'three\n'}, {see: 'three'}, {type: '\x04'}]);
    t.is(third.code, 0, third.output);
    t.is(await tnet.ok('logs', cat), 'ready\r\none\r\ntwo\r\nthree\r');
    await tnet.ok('rm', cat);
  });

  test.serial(`${name} exec -it: a terminal of its own in the container; detach leaves it running`, async t => {
    const {
      code,
      output,
      raw: isRaw,
    } = await shell(
      tnet,
      ['exec', '-it', 'box', 'sh', '-c', 'stty size; pwd; echo $COLOUR; read line; echo "got $line"; exit 3'],
      [{see: '24 80'}, {see: '/srv'}, {see: 'red'}, {type: 'hello\n'}, {see: 'got hello'}],
    );
    t.is(code, 3, output);
    t.false(isRaw);
    const left = await shell(tnet, ['exec', '-it', 'box', 'sleep', '501'], [raw, {type: detach}]);
    t.true(left.code === 0 || name === 'docker', left.output);
    t.regex(await tnet.ok('exec', 'box', 'sh', '-c', 'cat /proc/[0-9]*/cmdline | tr "\\0" " "'), /sleep 501/);
    await tnet.ok('exec', 'box', 'pkill', '-f', 'sleep 501');
  });
}

test.serial('exec: the same identity, namespaces, cgroup and limits as the container’s first process', async t => {
  const inside = (script: string): Promise<string> => tnet.ok('exec', 'box', 'sh', '-c', script);
  const status = 'grep -E "^(Cap|NoNewPrivs|Seccomp|Uid|Gid|Groups)"';
  t.is(await inside(`${status} /proc/self/status`), await inside(`${status} /proc/1/status`));
  const namespaces = 'for n in pid mnt uts ipc net cgroup user; do readlink';
  t.is(await inside(`${namespaces} /proc/self/ns/$n; done`), await inside(`${namespaces} /proc/1/ns/$n; done`));
  t.is(await inside('cat /proc/self/cgroup'), await inside('cat /proc/1/cgroup'));
  t.is(await inside('cat /proc/self/limits'), await inside('cat /proc/1/limits'));
});

test.serial('exec leaks no descriptor of the host, and its launcher cannot be reached', async t => {
  const fds = await tnet.ok('exec', 'box', 'sh', '-c', 'ls -l /proc/self/fd | grep -v "proc/" | sed -n "s/.* -> //p"');
  t.deepEqual([...new Set(fds.split('\n').map(each => each.replace(/:\[\d+\]$/, '')))].sort(), ['/dev/null', 'pipe']);
  const {code, stderr} = await tnet.run(['exec', 'box', 'sh', '-c', 'exec 3>>/proc/self/exe; echo opened']);
  t.not(code, 0, stderr); // ETXTBSY of the shell itself: nothing of ours
});

for (const [what, args, code, message] of [
  ['a command that is not there', ['exec', 'box', 'nosuch'], 127, /executable file not found in \$PATH/],
  ['one that cannot be run', ['exec', 'box', '/etc/passwd'], 126, /permission denied/],
  ['a directory that is not there', ['exec', '-w', '/nosuch', 'box', 'true'], 128, /chdir to cwd \("\/nosuch"\)/],
  ['a container that is not there', ['exec', 'nobody', 'true'], 1, /No such container: nobody/],
  ['its exit code', ['exec', 'box', 'sh', '-c', 'exit 42'], 42, /^$/],
  ['a signal', ['exec', 'box', 'sh', '-c', 'kill -9 $$'], 137, /^$/],
] as const) {
  test.serial(`exec tells ${what}: ${code}`, async t => {
    const result = await tnet.run(args);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
  });
}

test.serial('exec refuses a container that does not run, and inspect lists what does', async t => {
  await tnet.ok('run', '-d', '--name', 'short', ...none, 'host', 'sleep', '600');
  await tnet.ok('exec', '-d', 'short', 'sleep', '500');
  const [{ExecIDs, Id}] = JSON.parse(await tnet.ok('inspect', 'short')) as [{ExecIDs: string[]; Id: string}];
  t.is(ExecIDs.length, 1);
  const exec = api<{Running: boolean; ContainerID: string}>(`/exec/${ExecIDs[0]}/json`);
  t.like(exec, {Running: true, ContainerID: Id});
  await tnet.ok('kill', 'short');
  await tnet.ok('wait', 'short');
  t.like(api(`/exec/${ExecIDs[0]}/json`), {Running: false, ExitCode: 137});
  const {code, stderr} = await tnet.run(['exec', 'short', 'true']);
  t.is(code, 1);
  t.regex(stderr, /container [0-9a-f]{64} is not running/);
  await tnet.ok('rm', 'short');
});

function api<T>(path: string): T {
  return JSON.parse(
    execFileSync('curl', ['-s', '--unix-socket', tnet.socket, `http://tnet${path}`], {encoding: 'utf8'}),
  ) as T;
}

test.serial(
  'exec: children that keep the output are heard for two seconds, and nobody waits for their end',
  async t => {
    t.timeout(60_000);
    const exec = async (script: string) => {
      const startedMs = Date.now();
      return {...(await tnet.run(['exec', 'box', 'sh', '-c', script])), tookMs: Date.now() - startedMs};
    };
    t.like(await exec('(sleep 1; echo late; echo bad >&2) & echo hi; exit 3'), {
      ...{code: 3, stdout: 'hi\nlate\n', stderr: 'bad\n'},
    });
    const held = await exec('sleep 500 & echo hi');
    t.like(held, {code: 0, stdout: 'hi\n'});
    t.true(held.tookMs >= 2000, `${held.tookMs} ms`);
    const tty = await tnetOnPty(
      tnet,
      ['exec', '-it', 'box', 'sh', '-c', 'trap "" HUP; (sleep 1; echo late) & echo hi'],
      [],
    );
    t.regex(tty.output, /hi\s+late/);
    const quick = await exec('sleep 500 > /dev/null 2>&1 & echo hi');
    t.like(quick, {code: 0, stdout: 'hi\n'});
  },
);

test.serial('exec -d: what it leaves goes on after its end, and may write', async t => {
  const script =
    '(read x < /tmp/go; ls -l /proc/self/fd/2 > /tmp/here; echo heard by nobody; echo nor this >&2; echo still >> /tmp/here) & exit 3';
  await tnet.ok('exec', 'box', 'mkfifo', '/tmp/go');
  await tnet.ok('exec', '-d', 'box', 'sh', '-c', script);
  const [{ExecIDs}] = JSON.parse(await tnet.ok('inspect', 'box')) as [{ExecIDs: string[] | null}];
  for (const id of ExecIDs ?? []) while (api<{Running: boolean}>(`/exec/${id}/json`).Running) await sleep(10);
  await tnet.ok(
    'exec',
    'box',
    'sh',
    '-c',
    'echo > /tmp/go; until grep -q still /tmp/here; do sleep 0.05; done; rm /tmp/go',
  );
  t.is(await tnet.ok('exec', 'box', 'cat', '/tmp/here').then(text => text.replace(/^.* -> /, '')), '/dev/null\nstill');
});

test.serial('half-close: the end of our input reaches the process, its output goes on', async t => {
  t.deepEqual(await tnet.run(['run', '--rm', '-i', ...none, 'host', 'cat'], {input: 'x\n'}), {
    code: 0,
    stdout: 'x\n',
    stderr: '',
  });
  t.deepEqual(await tnet.run(['exec', '-i', 'box', 'sh', '-c', 'cat; echo after; echo bad >&2'], {input: 'y\n'}), {
    code: 0,
    stdout: 'y\nafter\n',
    stderr: 'bad\n',
  });
});

test.serial('-t without -i needs no terminal of ours; -it does', async t => {
  t.is(
    (await tnet.run(['run', '--rm', '-t', ...none, 'host', 'sh', '-c', 'echo out; echo err >&2'])).stdout,
    'out\r\nerr\r\n',
  );
  const {code, stderr} = await tnet.run(['run', '--rm', '-it', ...none, 'host', 'true']);
  t.not(code, 0);
  t.regex(stderr, /the input device is not a TTY/);
});

test.serial('the console is the terminal, and nothing of the host', async t => {
  const {stdout} = await tnet.run([
    'run',
    '--rm',
    '-t',
    ...none,
    'host',
    'sh',
    '-c',
    'ls -1 /dev/pts | cat; echo hi > /dev/console; ls -l /proc/self/fd/0 | grep -o "/dev/pts/0"',
  ]);
  t.is(stdout.replaceAll('\r', ''), '0\nptmx\nhi\n/dev/pts/0\n');
});

test.serial('several clients of one terminal see the same', async t => {
  await tnet.ok('run', '-dit', '--name', 'shared', ...none, 'host', 'sh', '-c', 'stty -echo; exec cat');
  const watcher = tnetOnPty(tnet, ['attach', '--no-stdin', 'shared'], [{see: 'both'}, {see: 'end'}]);
  const typist = await tnetOnPty(tnet, ['attach', 'shared'], [raw, {type: 'both\n'}, {see: 'both'}, {type: detach}]);
  t.is(typist.code, 0);
  await tnetOnPty(tnet, ['attach', 'shared'], [raw, {type: 'both\nend\n'}, {see: 'end'}, {type: '\x04'}]);
  t.is((await watcher).code, 0);
  await tnet.ok('rm', '-f', 'shared');
});

test.serial('logs: since, until, tail and follow over rotated files, none lost and none twice', async t => {
  const lines = 3000;
  const script = `i=0; while [ $i -lt ${lines} ]; do echo "line $i"; i=$((i+1)); done`;
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'chatty',
    ...none,
    '--log-opt',
    'max-size=20k',
    '--log-opt',
    'max-file=30',
    'host',
    'sh',
    '-c',
    `read x </dev/null; sleep 0.3; ${script}`,
  );
  const followed = await tnet.ok('logs', '-f', 'chatty');
  const wanted = Array.from({length: lines}, (_, i) => `line ${i}`).join('\n');
  t.is(followed, wanted);
  t.is(await tnet.ok('logs', 'chatty'), wanted);
  t.is(await tnet.ok('logs', '--tail', '700', 'chatty'), wanted.split('\n').slice(-700).join('\n'));
  const stamped = (await tnet.ok('logs', '-t', 'chatty')).split('\n');
  const middle = stamped[1500]!.split(' ')[0]!;
  const seconds = `${Math.floor(Date.parse(middle) / 1000)}.${/\.(\d+)Z/.exec(middle)![1]}`;
  const later = (await tnet.ok('logs', '--since', seconds, 'chatty')).split('\n').length;
  const earlier = (await tnet.ok('logs', '--until', seconds, 'chatty')).split('\n').length;
  const isThen = (line: string): boolean => line.startsWith(middle); // a piece of output has one time
  const [first, last] = [stamped.findIndex(isThen), stamped.findLastIndex(isThen)];
  t.deepEqual([later, earlier], [lines - first, last + 1]);
  const [{Id}] = JSON.parse(await tnet.ok('inspect', 'chatty')) as [{Id: string}];
  const files = readdirSync(join(tnet.root, 'containers', Id)).filter(name => name.startsWith('container.log'));
  t.true(files.length > 5 && files.length <= 30, files.join());
  await tnet.ok('rm', 'chatty');
});

test.serial('log drivers and options are checked as Docker’s', async t => {
  await tnet.ok('run', '--name', 'quiet', ...none, '--log-driver', 'none', 'host', 'echo', 'x');
  t.regex((await tnet.run(['logs', 'quiet'])).stderr, /configured logging driver does not support reading/);
  await tnet.ok('rm', 'quiet');
  for (const [option, message] of [
    ['max-size=0', /max-size must be a positive number/],
    ['max-file=0', /max-file cannot be less than 1/],
    ['nosuch=1', /unknown log opt 'nosuch' for json-file log driver/],
    ['tag=x', /not supported/],
  ] as const) {
    const {code, stderr} = await tnet.run(['run', ...none, '--log-opt', option, 'host', 'true']);
    t.is(code, 125);
    t.regex(stderr, message);
  }
});

test.serial('a killed daemon: attach, logs and exec work again, and what was executed runs on', async t => {
  await tnet.ok('run', '-dit', '--name', 'survivor', ...none, 'host', 'sh', '-c', 'stty -echo; exec cat');
  await tnet.ok('exec', 'survivor', 'mkfifo', '/tmp/fifo');
  await tnet.ok('exec', '-d', 'survivor', 'sh', '-c', 'read x < /tmp/fifo; exit 9');
  const ids = (JSON.parse(await tnet.ok('inspect', 'survivor')) as [{ExecIDs: string[]}])[0].ExecIDs;
  process.kill(tnet.daemonPid(), 'SIGKILL');
  const after = (JSON.parse(await tnet.ok('inspect', 'survivor')) as [{ExecIDs: string[]}])[0].ExecIDs;
  t.deepEqual(after, ids);
  await tnet.ok('exec', 'survivor', 'sh', '-c', 'echo > /tmp/fifo');
  let exec: {Running: boolean; ExitCode: number | null};
  do exec = api(`/exec/${ids.at(-1)}/json`);
  while (exec.Running);
  t.is(exec.ExitCode, 9);
  const {code, output} = await tnetOnPty(
    tnet,
    ['attach', 'survivor'],
    [raw, {type: 'again\n'}, {see: 'again'}, {type: '\x04'}],
  );
  t.is(code, 0, output);
  t.is(await tnet.ok('logs', 'survivor'), 'again\r');
  await tnet.ok('rm', 'survivor');
  t.false(existsSync(join(tnet.runRoot, 'exec')) && readdirSync(join(tnet.runRoot, 'exec')).length > 0);
});
