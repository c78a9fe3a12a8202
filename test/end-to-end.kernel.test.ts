import {existsSync, readFileSync, rmSync, writeFileSync} from 'node:fs';
import test from 'ava';
import {belongings, makeNeighbour, run, runIn} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** The session of the README, and what goes wrong around it, through the commands a user types. */
const server = 'require("http").createServer((q,s)=>s.end("hello from "+require("os").hostname()+"\\n")).listen(80)';
const neighbour = makeNeighbour();
const tnet = useTnet();

/** Waits for a server that is just starting; '' when nobody answers. */
const curl = (url: string, netns?: string): string => {
  const script = `for i in $(seq 40); do curl -s --max-time 5 ${url} && exit; sleep 0.05; done; true`;
  return netns === undefined ? run(script) : runIn(netns, script);
};

test.serial('a container is published to the host, to a neighbour and to another container', async t => {
  const id = await tnet.ok('run', '-d', '--name', 'web', '-p', '8080:80', 'host', 'node', '-e', server);
  t.regex(id, /^[0-9a-f]{64}$/);
  const hello = `hello from ${id.slice(0, 12)}\n`;
  t.is(curl('http://localhost:8080'), hello);
  t.is(curl('http://192.0.2.1:8080', neighbour.netns), hello);
  t.is(`${await tnet.ok('run', '--rm', 'host', 'curl', '-s', '--max-time', '5', 'http://192.0.2.1:8080')}\n`, hello);
  t.is(`${await tnet.ok('run', '--rm', 'host', 'curl', '-s', '--max-time', '5', 'http://172.17.0.2')}\n`, hello);
  t.regex(await tnet.ok('ps'), /web/);
  t.regex(await tnet.ok('port', 'web'), /80\/tcp -> 0\.0\.0\.0:8080/);
});

test.serial('a user network, and every kind of --network', async t => {
  await tnet.ok('network', 'create', 'lan');
  t.regex(await tnet.ok('network', 'ls'), /lan +bridge/);
  const show = 'ip -o -4 addr show scope global | cut -d" " -f2,7';
  t.is(await tnet.ok('run', '--rm', '--network', 'lan', 'host', 'sh', '-c', show), 'eth0 172.18.0.2/16');
  t.is(
    await tnet.ok('run', '--rm', '--network', 'lan', '--ip', '172.18.7.7', 'host', 'sh', '-c', show),
    'eth0 172.18.7.7/16',
  );
  t.is(
    await tnet.ok('run', '--rm', '--network', 'none', 'host', 'sh', '-c', `${show}; cat /sys/class/net/lo/operstate`),
    'unknown',
  );
  t.regex(await tnet.ok('run', '--rm', '--network', 'host', 'host', 'sh', '-c', show), /eth0 192\.0\.2\.1\/24/);
  t.is(
    `${await tnet.ok('run', '--rm', '--network', 'container:web', 'host', 'curl', '-s', 'http://127.0.0.1')}\n`,
    curl('http://localhost:8080'),
  );
  await tnet.ok('network', 'rm', 'lan');
});

test.serial('isolation: pid 1, own hostname, read-only /sys, masked secrets, Docker’s capabilities', async t => {
  const inside = (script: string): Promise<string> => tnet.ok('run', '--rm', 'host', 'sh', '-c', script);
  t.is(await inside('echo $$'), '1');
  t.regex(await inside('hostname'), /^[0-9a-f]{12}$/);
  t.is(
    await tnet.ok(
      'run',
      '--rm',
      '--hostname',
      'box',
      'host',
      'sh',
      '-c',
      'hostname; cat /etc/hostname; getent hosts box',
    ),
    `box\nbox\n172.17.0.3      box`,
  );
  t.is(await inside('cat /etc/shadow; ls -A /root/.ssh 2>/dev/null; echo end'), 'end');
  t.is(
    await inside('grep -E "CapEff|NoNewPrivs|Seccomp:" /proc/self/status | tr -d "\\t\\n"'),
    'CapEff:00000000a80425fbNoNewPrivs:0Seccomp:2',
  );
  t.is(await inside('touch /sys/x 2>/dev/null || echo ro'), 'ro');
  t.is(await inside(`ls -A ${tnet.root} ${tnet.runRoot} 2>/dev/null | grep -v -e : -e "^$"; true`), '');
});

test.serial('the container writes to a copy: the machine’s files stay', async t => {
  const file = `/tmp/tnet-e2e-${process.pid}`; // /tmp is everybody's
  writeFileSync(file, 'mine\n');
  t.is(
    await tnet.ok(
      'run',
      '--rm',
      'host',
      'sh',
      '-c',
      `echo theirs > ${file}; touch /tnet-e2e-new; rm -r /etc/alternatives; cat ${file}`,
    ),
    'theirs',
  );
  t.is(readFileSync(file, 'utf8'), 'mine\n');
  t.false(existsSync('/tnet-e2e-new'));
  t.true(existsSync('/etc/alternatives'));
  rmSync(file);
});

for (const [what, args, expected] of [
  ['its own', ['sh', '-c', 'exit 42'], 42],
  ['128 + n after signal n', ['sh', '-c', 'sh -c "kill -9 \\$\\$"; exit $?'], 137],
  ['127 for a command that is not there', ['nosuchcommand'], 127],
  ['126 for one that cannot be run', ['/etc/passwd'], 126],
] as const) {
  test.serial(`the exit code is ${what}`, async t => {
    const {code} = await tnet.run(['run', '--rm', 'host', ...args]);
    t.is(code, expected);
  });
}

test.serial('logs keep both streams; start, stop, wait and kill', async t => {
  await tnet.ok('run', '-d', '--name', 'talk', 'host', 'sh', '-c', 'echo out; echo err >&2; exec sleep 60');
  for (let i = 0; i < 50 && !(await tnet.run(['logs', 'talk'])).stderr.includes('err'); i++)
    await new Promise(resolve => setTimeout(resolve, 20));
  const {stdout, stderr} = await tnet.run(['logs', 'talk']);
  t.deepEqual([stdout, stderr], ['out\n', 'err\n']);
  await tnet.ok('stop', '-t', '0', 'talk');
  t.is(await tnet.ok('wait', 'talk'), '137');
  await tnet.ok('start', 'talk');
  await tnet.ok('kill', '-s', 'KILL', 'talk');
  t.is(await tnet.ok('wait', 'talk'), '137');
  t.is(
    (await tnet.run(['logs', '--tail', '1', 'talk'])).stdout + (await tnet.run(['logs', '--tail', '1', 'talk'])).stderr,
    'err\n',
  );
  await tnet.ok('rm', 'talk');
});

test.serial('stdin reaches the container with -i, and its end does', async t => {
  const {stdout, code} = await tnet.run(['run', '--rm', '-i', 'host', 'sort'], {input: 'b\na\n'});
  t.deepEqual([stdout, code], ['a\nb\n', 0]);
});

for (const [what, args, code, message] of [
  ['an unknown network', ['run', '--network', 'nosuch', 'host', 'true'], 125, /network nosuch not found/],
  ['a taken port', ['run', '-p', '8080:80', 'host', 'true'], 125, /port is already allocated/],
  ['a port of the host', ['run', '-p', '192.0.2.99:8099:80', 'host', 'true'], 125, /cannot assign requested address/],
  [
    'a used address',
    ['run', '--network', 'bridge', '--ip', '172.17.0.2', 'host', 'true'],
    125,
    /Address already in use|user specified IP address/i,
  ],
  ['a name in use', ['run', '--name', 'web', 'host', 'true'], 125, /name "\/web" is already in use/],
  ['a missing image', ['run', 'nosuch', 'true'], 125, /No such image: nosuch:latest|Unable to find image/],
  ['a command not found', ['run', 'host', 'nosuchcommand'], 127, /executable file not found in \$PATH/],
  ['a full subnet', ['run', '--network', 'tiny', 'host', 'true'], 125, /no available IPv4 addresses/],
  ['too little memory', ['run', '-m', '1m', 'host', 'true'], 125, /Minimum memory limit allowed is 6MB/],
  ['a bad port', ['run', '-p', '99999:80', 'host', 'true'], 125, /invalid port "99999"|Invalid hostPort/],
  ['an unknown option', ['run', '--nosuch', 'host', 'true'], 125, /unknown option '--nosuch'/],
] as const) {
  test.serial(`bad input, ${what}: one clear line, exit ${code}, nothing left`, async t => {
    if (what === 'a full subnet') {
      await tnet.ok('network', 'create', '--subnet', '10.9.9.0/30', 'tiny');
      await tnet.ok('run', '-d', '--name', 'last', '--network', 'tiny', 'host', 'sleep', '60');
    }
    const [links, containers] = [belongings(), await tnet.ok('ps', '-aq')];
    const result = await tnet.run(args);
    t.is(result.code, code, result.stderr);
    t.regex(result.stderr, message);
    t.true(result.stderr.trim().split('\n').length <= 3, result.stderr);
    t.deepEqual(belongings(), links);
    t.is(await tnet.ok('ps', '-aq'), containers);
    if (what === 'a full subnet') {
      await tnet.ok('rm', '-f', 'last');
      await tnet.ok('network', 'rm', 'tiny');
    }
  });
}

test.serial('limits hold: memory is killed and says so, processes are refused', async t => {
  const eat = 'my $x = "x" x (256 << 20); print length $x';
  t.is((await tnet.run(['run', '--name', 'eater', '-m', '64m', 'host', 'perl', '-e', eat])).code, 137);
  const [{State}] = JSON.parse(await tnet.ok('inspect', 'eater')) as [{State: {OOMKilled: boolean; ExitCode: number}}];
  t.deepEqual([State.OOMKilled, State.ExitCode], [true, 137]);
  await tnet.ok('rm', 'eater');
  const {stderr} = await tnet.run([
    'run',
    '--rm',
    '--pids-limit',
    '5',
    'host',
    'sh',
    '-c',
    'for i in 1 2 3 4 5 6 7 8; do sleep 1 & done',
  ]);
  t.regex(stderr, /Cannot fork|Resource temporarily unavailable/);
});

const hasDocker = run('command -v docker || true') !== '';
(hasDocker ? test.serial : test.serial.skip)(
  `the stock docker command drives it${hasDocker ? '' : ' (no docker command here)'}`,
  t => {
    const docker = (args: string): string =>
      run(`DOCKER_HOST=unix://${tnet.socket} DOCKER_CONFIG=${tnet.runRoot} docker ${args}`).trim();
    const id = docker(`run -d --name dock -p 8089:80 host node -e '${server}'`);
    t.is(curl('http://localhost:8089'), `hello from ${id.slice(0, 12)}\n`);
    t.regex(docker('ps'), /dock.*|0\.0\.0\.0:8089->80\/tcp/);
    t.is(docker("run --rm host sh -c 'echo out; echo err >&2' 2>/dev/null"), 'out');
    t.is(docker('run --rm host nosuch 2>&1 || echo $?').split('\n').at(-1), '127');
    docker('network create docknet');
    t.regex(docker('network ls'), /docknet +bridge +local/);
    t.is(docker('network inspect -f "{{(index .IPAM.Config 0).Subnet}}" docknet'), '172.18.0.0/16');
    t.is(docker('inspect -f "{{.State.Running}} {{.NetworkSettings.IPAddress}}" dock'), 'true 172.17.0.3');
    t.is(docker('logs dock'), '');
    t.is(docker('stop -t 0 dock'), 'dock');
    t.is(docker('wait dock'), '137');
    t.is(docker('rm dock && true'), 'dock');
    docker('network rm docknet');
  },
);

test.serial('ports of a running container are added and taken back, and a restart keeps them', async t => {
  const hello = curl('http://localhost:8080');
  await tnet.ok('port', 'add', 'web', '8090:80', '127.0.0.1:8091:80');
  t.is(await tnet.ok('port', 'web', '80'), '0.0.0.0:8080\n0.0.0.0:8090\n127.0.0.1:8091');
  t.is(curl('http://localhost:8090'), hello);
  t.is(curl('http://192.0.2.1:8090', neighbour.netns), hello);
  t.is(curl('http://localhost:8091'), hello);
  t.regex((await tnet.run(['port', 'add', 'web', '8090:81'])).stderr, /port is already allocated/);
  await tnet.ok('port', 'rm', 'web', '8090:80');
  t.is(curl('http://192.0.2.1:8090', neighbour.netns), '');
  t.regex((await tnet.run(['port', 'rm', 'web', '8090:80'])).stderr, /not published/);
  await tnet.ok('stop', '-t', '0', 'web');
  await tnet.ok('start', 'web');
  t.is(await tnet.ok('port', 'web', '80'), '0.0.0.0:8080\n127.0.0.1:8091');
  t.is(curl('http://localhost:8091'), hello);
  await tnet.ok('port', 'rm', 'web', '127.0.0.1:8091:80');
  t.regex((await tnet.run(['port', 'add', 'web', '99999:80'])).stderr, /invalid port "99999"/);
});

test.serial('network ls filters, and prune removes what nothing is attached to', async t => {
  await tnet.ok('network', 'create', '--label', 'test=1', 'empty');
  await tnet.ok('network', 'create', 'kept');
  await tnet.ok('network', 'create', 'busy');
  await tnet.ok('run', '-d', '--name', 'tenant', '--network', 'busy', 'host', 'sleep', '60');
  const names = async (...args: readonly string[]): Promise<string[]> =>
    (await tnet.ok('network', 'ls', '--json', ...args))
      .split('\n')
      .filter(Boolean)
      .map(line => (JSON.parse(line) as {Name: string}).Name);
  t.deepEqual(await names('--filter', 'type=custom', '--filter', 'name=e'), ['empty', 'kept']);
  t.is(await tnet.ok('network', 'prune', '--filter', 'label=test'), 'empty');
  t.is(await tnet.ok('network', 'prune', '--filter', 'label!=test'), 'kept');
  t.deepEqual(await names('--filter', 'type=custom'), ['busy']);
  t.regex((await tnet.run(['network', 'prune', '--filter', 'colour=red'])).stderr, /invalid filter 'colour'/);
  t.regex((await tnet.run(['network', 'ls', '--filter', 'name'])).stderr, /invalid filter "name": want name=value/);
  await tnet.ok('rm', '-f', 'tenant');
  await tnet.ok('network', 'rm', 'busy');
});

test.serial('a client in another network namespace is told so, and nothing is changed', t => {
  const script = `TNET_ROOT=${tnet.root} TNET_RUN_ROOT=${tnet.runRoot} unshare --net node dist/bin/tnet.cjs ps 2>&1 || true`;
  t.regex(run(script), /network namespace/);
});

test.serial('a killed daemon disturbs nothing: the next one knows and serves what runs', async t => {
  const hello = curl('http://localhost:8080');
  process.kill(tnet.daemonPid(), 'SIGKILL');
  t.is(curl('http://localhost:8080'), hello);
  t.is(curl('http://192.0.2.1:8080', neighbour.netns), hello);
  t.regex(await tnet.ok('ps'), /web/);
  t.is(curl('http://localhost:8080'), hello);
  t.is(await tnet.ok('run', '--rm', 'host', 'echo', 'next'), 'next');
  await tnet.ok('stop', '-t', '1', 'web');
  t.is(curl('http://localhost:8080'), '');
});
