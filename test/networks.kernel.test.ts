import test from 'ava';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** Several networks a container, live changes of them, both families and names, through the commands a user types. */
const neighbour = makeNeighbour();
const tnet = useTnet();

test.before(async () => {
  await tnet.ok('network', 'create', '--ipv6', '--subnet', '10.8.1.0/24', '--subnet', 'fd08:1::/64', 'lan');
  await tnet.ok('network', 'create', '--ipv6', '--subnet', '10.8.2.0/24', '--subnet', 'fd08:2::/64', 'dmz');
  await tnet.ok('network', 'create', '--internal', '--subnet', '10.8.3.0/24', 'vault');
});

const server = 'require("http").createServer((q,s)=>s.end("web\\n")).listen(80,"::")';
const get = (url: string, netns?: string): string => {
  const script = `for i in $(seq 40); do curl -gs --max-time 5 '${url}' && exit; sleep 0.05; done; true`;
  return netns === undefined ? run(script) : runIn(netns, script);
};
/** What the container sees: its addresses and its default routes. */
const inside = async (name: string, script: string): Promise<string> => {
  const {Pid} = (JSON.parse(await tnet.ok('inspect', name)) as {State: {Pid: number}}[])[0]!.State;
  return run(`nsenter --target ${Pid} --net --mount --uts sh -c '${script}'`);
};
const addresses = "ip -o addr show scope global | awk '\\''{print $2, $4}'\\''";
const gateways = "ip -4 route show default | cut -d' ' -f3,5; ip -6 route show default | cut -d' ' -f3,5".replaceAll(
  "'",
  "'\\''",
);

test.serial('a container on a dual-stack network is published in both families', async t => {
  await tnet.ok('run', '-d', '--name', 'web', '--network', 'lan', '-p', '8080:80', 'host', 'node', '-e', server);
  t.is(await inside('web', addresses), 'eth0 10.8.1.2/24\neth0 fd08:1::2/64\n');
  t.is(await inside('web', gateways), '10.8.1.1 eth0\nfd08:1::1 eth0\n');
  t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
  t.is(get('http://[2001:db8:1::1]:8080', neighbour.netns), 'web\n');
  t.is(await tnet.ok('port', 'web'), '80/tcp -> 0.0.0.0:8080\n80/tcp -> [::]:8080');
  t.regex(await tnet.ok('ps'), /0\.0\.0\.0:8080->80\/tcp, \[::\]:8080->80\/tcp/);
});

test.serial(
  'connect gives a running container another network, disconnect takes it; ports follow the gateway',
  async t => {
    await tnet.ok('network', 'connect', '--gw-priority', '5', '--ip', '10.8.2.9', '--alias', 'www', 'dmz', 'web');
    t.is(await inside('web', addresses), 'eth0 10.8.1.2/24\neth0 fd08:1::2/64\neth1 10.8.2.9/24\neth1 fd08:2::2/64\n');
    t.is(await inside('web', gateways), '10.8.2.1 eth1\nfd08:2::1 eth1\n');
    t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
    t.regex(run('nft list map inet tnet published4-any'), /tcp \. 8080 .*: 10\.8\.2\.9 \. 80/);
    t.regex(await inside('web', 'cat /etc/hosts'), /10\.8\.2\.9\t[0-9a-f]{12}\n/);
    await tnet.ok('network', 'disconnect', 'lan', 'web');
    t.is(await inside('web', addresses), 'eth1 10.8.2.9/24\neth1 fd08:2::2/64\n');
    t.is(get('http://[2001:db8:1::1]:8080', neighbour.netns), 'web\n');
    await tnet.ok('network', 'connect', 'lan', 'web');
    await tnet.ok('network', 'disconnect', 'dmz', 'web');
    t.is(await inside('web', gateways), '10.8.1.1 eth0\nfd08:1::1 eth0\n');
    t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
    t.is((await tnet.run(['network', 'connect', 'lan', 'web'])).code, 1);
    t.is((await tnet.run(['network', 'disconnect', 'dmz', 'web'])).code, 1);
  },
);

test.serial('an internal network alone publishes nothing; the next one does again', async t => {
  await tnet.ok('network', 'connect', 'vault', 'web');
  await tnet.ok('network', 'disconnect', 'lan', 'web');
  t.is(await inside('web', gateways), '');
  t.is(await tnet.ok('port', 'web'), '');
  await tnet.ok('network', 'connect', 'lan', 'web');
  await tnet.ok('network', 'disconnect', 'vault', 'web');
  t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
});

test.serial('names: of containers, aliases and short ids, in both families, and only on the same network', async t => {
  const ask = (args: readonly string[], name: string): Promise<string> =>
    tnet.ok('run', '--rm', ...args, 'host', 'sh', '-c', `getent ahosts ${name} | awk '{print $1}' | sort -u | xargs`);
  t.is(await ask(['--network', 'lan'], 'web'), '10.8.1.2 fd08:1::2');
  t.is(await ask(['--network', 'lan'], 'WEB'), '10.8.1.2 fd08:1::2');
  t.is(await ask(['--network', 'lan'], 'web.lan'), '10.8.1.2 fd08:1::2');
  t.is(await ask(['--network', 'vault'], 'web'), '');
  t.is(await ask(['--network', 'lan', '--network-alias', 'me'], 'me | grep -v :'), '10.8.1.3');
  t.is(await ask(['--add-host', 'db:10.9.9.9'], 'db'), '10.9.9.9');
  t.is(await ask(['--network', 'lan', '--add-host', 'up:host-gateway'], 'up'), '10.8.1.1');
  t.is(await ask(['--network', 'name=vault,alias=x', '--network', 'lan'], 'web'), '10.8.1.2 fd08:1::2');
  t.regex(
    await tnet.ok('run', '--rm', '--network', 'lan', 'host', 'cat', '/etc/resolv.conf'),
    /^nameserver 127\.0\.0\.11$/m,
  );
  t.is(
    await tnet.ok(
      'run',
      '--rm',
      '--dns',
      '192.0.2.53',
      '--dns-search',
      'example.com',
      'host',
      'grep',
      '-v',
      '^#',
      '/etc/resolv.conf',
    ),
    'nameserver 192.0.2.53\nsearch example.com',
  );
});

test.serial('a daemon that comes back answers names again', async t => {
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('ps');
  t.is((await inside('web', 'getent hosts web')).trim().split(/\s+/)[0], 'fd08:1::2');
  t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
});

test.serial('a stopped container keeps its networks, and changes of them wait for its start', async t => {
  await tnet.ok('stop', '-t', '0', 'web');
  await tnet.ok('network', 'connect', 'dmz', 'web');
  await tnet.ok('network', 'disconnect', 'lan', 'web');
  await tnet.ok('start', 'web');
  t.is(await inside('web', addresses), 'eth0 10.8.2.2/24\neth0 fd08:2::2/64\n');
  t.is(get('http://192.0.2.1:8080', neighbour.netns), 'web\n');
  await tnet.ok('rm', '-f', 'web');
});

test.serial('limits of an attachment are set and counted; a wrong one is one clear line', async t => {
  const wrong = await tnet.run([
    'run',
    '-d',
    '--network',
    'name=lan,driver-opt=tnet.ingress-rate=fast',
    'host',
    'sleep',
    '9',
  ]);
  t.is(wrong.code, 125);
  t.regex(wrong.stderr, /^tnet: option "tnet\.ingress-rate": invalid rate "fast"/);
  const opt = 'driver-opt=tnet.ingress-rate=20mbit,driver-opt=tnet.egress-rate=10mbit';
  await tnet.ok(
    'run',
    '-d',
    '--name',
    'slow',
    '--network',
    `name=lan,${opt}`,
    '-p',
    '8090:80',
    'host',
    'node',
    '-e',
    server,
  );
  t.is(get('http://192.0.2.1:8090', neighbour.netns), 'web\n');
  t.regex(run('tc qdisc show'), /tbf .* rate 20Mbit[\s\S]*|tbf .* rate 10Mbit/);
  const stats = JSON.parse(await tnet.ok('network', 'stats', '--no-stream', '--ports', '--json', 'slow')) as unknown;
  const text = JSON.stringify(stats);
  t.regex(text, /"Connections":[1-9]\d*,/);
  t.regex(await tnet.ok('inspect', 'slow'), /"Counters": \{\s+"RxBytes": \d+/);
  await tnet.ok('network', 'limit', 'lan', 'slow', '--ingress-rate', '5mbit', '--egress-rate', 'none');
  t.regex(run('tc qdisc show'), /tbf .* rate 5Mbit/);
  t.notRegex(run('tc qdisc show'), /rate 10Mbit/);
  await tnet.ok('rm', '-f', 'slow');
});

test.serial('a routed container has a port open as long as one of its mappings leads there', async t => {
  const open = (): string =>
    run("nft list set inet tnet open4 | tr -d '\\n\\t ' | sed -n 's/.*elements={\\(.*\\)}}}/\\1/p'").trim();
  await tnet.ok(
    'network',
    'create',
    '--subnet',
    '10.8.9.0/24',
    '-o',
    'com.docker.network.bridge.gateway_mode_ipv4=routed',
    'routed',
  );
  const ports = ['-p', '8000-8001:90-91', '-p', '8002:90'];
  await tnet.ok('run', '-d', '--name', 'overlap', '--network', 'routed', ...ports, 'host', 'sleep', '600');
  t.is(open(), '10.8.9.2.tcp.90-91');
  await tnet.ok('port', 'add', 'overlap', '8100:92');
  t.is(open(), '10.8.9.2.tcp.90-92');
  await tnet.ok('port', 'rm', 'overlap', '8000-8001:90-91');
  t.is(open(), '10.8.9.2.tcp.90,10.8.9.2.tcp.92');
  await tnet.ok('rm', '-f', 'overlap');
  await tnet.ok('network', 'rm', 'routed');
});
