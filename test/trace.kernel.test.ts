import {closeSync, readdirSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import {loadNative} from '../src/kernel/native.ts';
import type {TraceHop, TraceReport} from '../src/model/trace.ts';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/**
 * Real packets, through the command. `web` serves tcp 80, 9000 on its own 127.0.0.1, and a silent udp 53, and publishes 8080;
 * `client` is on its network, `other` on another, `secret` on an internal one, `a1` and `a2` on one without icc.
 */
const server = `
const net = require('net'), quiet = s => s.on('error', () => {}).resume().on('end', () => s.end());
require('dgram').createSocket('udp4').bind(53);
net.createServer(quiet).listen(9000, '127.0.0.1');
net.createServer(quiet).listen(80, '0.0.0.0', () => console.log('ready'));
`;
const neighbour = makeNeighbour();
const tnet = useTnet();

test.before(async () => {
  const start = (name: string, network: string, ...rest: readonly string[]): Promise<string> =>
    tnet.ok('run', '-d', '--name', name, '--network', network, ...rest);
  await start('web', 'bridge', '-p', '8080:80', '-p', '127.0.0.1:8081:80', 'host', 'node', '-e', server);
  await start('client', 'bridge', 'host', 'sleep', '600');
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('network', 'create', '--internal', 'sealed');
  await tnet.ok('network', 'create', '-o', 'com.docker.network.bridge.enable_icc=false', 'apart');
  await start('other', 'lan', 'host', 'sleep', '600');
  await start('secret', 'sealed', 'host', 'sleep', '600');
  await start('a1', 'apart', 'host', 'sleep', '600');
  await start('a2', 'apart', 'host', 'sleep', '600');
  for (let i = 0; i < 100 && !(await tnet.run(['logs', 'web'])).stdout.includes('ready'); i++)
    await new Promise(resolve => setTimeout(resolve, 50));
});

test.afterEach.always('nothing stays behind', t => {
  run('for t in "ip foreign" "ip filter" "ip back" "inet mine"; do nft delete table $t 2>/dev/null; done; true');
  t.notRegex(run('nft list tables'), /tnet-trace/);
  t.deepEqual(instances(`tnet-${tnet.daemonPid()}-`), []);
});

/** Recordings of a process; the machine's own directory, whoever else uses it. */
function instances(prefix: string): readonly string[] {
  const fd = loadNative().openFilesystem('tracefs');
  try {
    return readdirSync(`/proc/self/fd/${fd}/instances`).filter(name => name.startsWith(prefix));
  } finally {
    closeSync(fd);
  }
}

async function trace(...args: readonly string[]): Promise<{report: TraceReport; code: number}> {
  const {stdout, stderr, code} = await tnet.run(['trace', '--json', ...args]);
  if (stdout === '') throw new Error(`tnet trace ${args.join(' ')}: exit ${code} ${stderr}`);
  return {report: JSON.parse(stdout) as TraceReport, code};
}

const netnsOf = async (name: string): Promise<string> => {
  const [{Id}] = JSON.parse(await tnet.ok('inspect', name)) as [{Id: string}];
  return `${tnet.runRoot}/netns/${Id.slice(0, 12)}`;
};
/** `host nft inet tnet forward …` */
const told = ({hops}: TraceReport): string => hops.map(({where, text}) => `${where} ${text}`).join('\n');
const hop = <W extends TraceHop['what']>({hops}: TraceReport, what: W): Extract<TraceHop, {what: W}>[] =>
  hops.filter((one): one is Extract<TraceHop, {what: W}> => one.what === what);

test.serial('container to container: by the bridge, to the process that listens', async t => {
  const {report, code} = await trace('client', 'web:80');
  t.is(code, 0);
  t.regex(report.summary, /^delivered to web \(node, pid \d+\): SYN-ACK after /);
  t.regex(told(report), /^client tcp 172\.17\.0\.3:\d+ → 172\.17\.0\.2:80\nclient route 172\.17\.0\.0\/16 dev eth0\n/);
  const [bridge] = hop(report, 'bridge');
  t.like(bridge, {where: 'host', bridge: 'docker0'});
  t.deepEqual(
    hop(report, 'link').map(({where, from, to}) => [where, from, to]),
    [
      ['host', 'eth0', bridge!.from],
      ['web', bridge!.to, 'eth0'],
    ],
  );
  t.like(hop(report, 'socket')[0], {where: 'web', address: '0.0.0.0', port: 80});
  t.is(hop(report, 'socket')[0]!.owners[0]!.command, 'node');
  t.deepEqual(report.notes, []);
});

test.serial('the text fits 80 columns, verdict first', async t => {
  const {stdout} = await tnet.run(['trace', 'other', '192.0.2.1:8080']);
  const lines = stdout.trimEnd().split('\n');
  t.regex(lines[0]!, /^delivered to web \(node, pid \d+\): SYN-ACK after [\d.]+ m?s$/);
  t.is(lines[1], '');
  t.regex(lines[2]!, /^ 1 {2}other {2}tcp 172\.18\.0\.2:\d+ → 192\.0\.2\.1:8080$/);
  t.deepEqual(
    lines.filter(line => line.length > 80),
    [],
  );
});

test.serial('a published port from another network: translated, routed, forwarded, masqueraded', async t => {
  const {report} = await trace('other', '192.0.2.1:8080');
  t.is(report.outcome, 'delivered');
  t.deepEqual(
    hop(report, 'nat').map(({end, before: was, after}) => [end, was.replace(/\d+$/, ''), after.replace(/\d+$/, '')]),
    [
      ['destination', '192.0.2.1:', '172.17.0.2:'],
      ['source', '172.18.0.2:', '172.17.0.1:'],
    ],
  );
  t.deepEqual(
    hop(report, 'route').map(({where, prefix, via, device}) => [where, prefix, via, device]),
    [
      ['other', '0.0.0.0/0', '172.18.0.1', 'eth0'],
      ['host', '172.17.0.0/16', null, 'docker0'],
    ],
  );
  const order = report.hops.map(({what, where}) => `${where} ${what}`).join(', ');
  t.regex(order, /^other send, other route, host link, host link, host nft, host nft, host nat, host route, host nft/);
  t.regex(order, /host nat, host link, web link, web socket, other answer$/);
});

for (const [what, to] of [
  ['localhost', 'localhost:8080'],
  ['an address of its own', '192.0.2.1:8080'],
  ['127.0.0.1, where it is published only there', '127.0.0.1:8081'],
] as const) {
  test.serial(`the host reaches a published port by ${what}`, async t => {
    const {report, code} = await trace('host', to);
    t.is(code, 0);
    t.regex(report.summary, /^delivered to web \(node/);
    t.regex(hop(report, 'nat')[0]!.text, /^nat: destination [\d.]+:808\d → 172\.17\.0\.2:80$/);
  });
}

test.serial('a container reaches itself by its published port (hairpin)', async t => {
  const {report} = await trace('web', '192.0.2.1:8080');
  t.regex(report.summary, /^delivered to web \(node/);
  t.regex(told(report), /masquerade "hairpin"/);
});

test.serial('the outside: the last link is told, and the answer', async t => {
  const {report} = await trace('client', neighbour.address);
  t.regex(report.summary, /^delivered to 192\.0\.2\.2: echo reply/);
  t.deepEqual(
    hop(report, 'nat').map(({text}) => text),
    ['nat: source 172.17.0.3 → 192.0.2.1'],
  );
  t.like(
    report.hops.findLast(({what}) => what === 'link'),
    {where: 'outside', from: 'eth0'},
  );
});

for (const [to, because] of [
  ['web:81', /^nothing listens on tcp 172\.17\.0\.2:81$/],
  ['web:54/udp', /^nothing listens on udp 172\.17\.0\.2:54$/],
  ['web:9000', /node listens on 127\.0\.0\.1:9000 only$/],
] as const) {
  test.serial(`a closed port is refused: ${to}`, async t => {
    const {report, code} = await trace('client', to);
    t.is(code, 1);
    t.is(report.summary, 'refused by web');
    t.regex(report.because!, because);
    t.like(hop(report, 'drop')[0], {where: 'web', reason: 'NO_SOCKET'});
  });
}

test.serial('a datagram that nobody answers is delivered, if a socket takes it', async t => {
  const {report, code} = await trace('client', 'web:53/udp');
  t.is(code, 0);
  t.regex(report.summary, /^delivered to web \(node, pid \d+\): the datagram was taken/);
});

test.serial('an echo between containers', async t => {
  const {report} = await trace('client', 'web');
  t.regex(report.summary, /^delivered to web: echo reply/);
});

test.serial('our own rules are told by their names, with what to do', async t => {
  const direct = await trace('other', 'web:80');
  t.is(direct.code, 1);
  t.is(direct.report.summary, 'dropped on host by nft inet tnet guard: "direct access"');
  t.regex(direct.report.because!, /^other is not on the network of web: /);
  t.regex(direct.report.fix!, /tnet port add web 8080:80$/);
  t.like(hop(direct.report, 'drop')[0], {reason: 'NETFILTER_DROP'});
  const elsewhere = await trace('other', 'host:8081');
  t.is(elsewhere.report.because, 'port 8081 is published on 127.0.0.1 only');
  const sealed = await trace('secret', 'host:8080', '--timeout', '0.3');
  t.regex(sealed.report.because!, /^the network of secret is internal: /);
  t.regex((await trace('secret', '192.0.2.2:80')).report.because!, /^secret has no route to 192\.0\.2\.2$/);
});

test.serial('isolated ports of one bridge: the question for the MAC address is dropped already', async t => {
  const {report} = await trace('a1', 'a2:80');
  t.is(report.outcome, 'unreachable');
  t.regex(report.because!, /passes no frames between these two ports: both are isolated$/);
});

test.serial('the rules of others: a policy, a reject, iptables', async t => {
  run(
    'nft add table ip foreign; nft add chain ip foreign FORWARD "{type filter hook forward priority 0; policy drop;}"',
  );
  const policy = await trace('other', '192.0.2.1:8080');
  t.is(policy.report.summary, 'dropped on host by nft ip foreign FORWARD: the policy of the chain');
  run('nft add rule ip foreign FORWARD tcp dport 80 reject');
  const reject = await trace('other', '192.0.2.1:8080');
  t.regex(reject.report.summary, /^rejected on host by nft ip foreign FORWARD: rule \d+: tcp dport 80 reject$/);
  t.regex(told(reject.report), /port unreachable from 192\.0\.2\.1 comes back/);
  run('nft delete table ip foreign; iptables-nft -I FORWARD -p tcp --dport 80 -j DROP');
  const iptables = await trace('other', '192.0.2.1:8080');
  t.regex(iptables.report.summary, /^dropped on host by nft ip filter FORWARD: rule \d+: tcp dport 80 drop$/);
  run('nft delete table ip filter');
});

test.serial('the answer is dropped: that rule is told', async t => {
  run(
    'nft add table ip back; nft add chain ip back c "{type filter hook forward priority 0;}"; nft add rule ip back c tcp sport 80 drop',
  );
  const {report} = await trace('other', '192.0.2.1:8080');
  run('nft delete table ip back');
  t.regex(report.summary, /^dropped: the answer, on host by nft ip back c: rule \d+: tcp sport 80 drop$/);
});

test.serial('an output rule of the host', async t => {
  run(
    'nft add table inet mine; nft add chain inet mine o "{type filter hook output priority 0;}"; nft add rule inet mine o udp dport 9 drop',
  );
  const {report} = await trace('host', '192.0.2.2:9/udp');
  run('nft delete table inet mine');
  t.regex(report.summary, /^dropped on host by nft inet mine o: rule \d+: udp dport 9 drop$/);
});

test.serial('the reverse path filter', async t => {
  const netns = await netnsOf('client');
  runIn(netns, 'ip addr add 203.0.113.5/32 dev lo; ip route add 192.0.2.2 via 172.17.0.1 src 203.0.113.5');
  run('ip route add 203.0.113.5 via 192.0.2.2; echo 1 > /proc/sys/net/ipv4/conf/docker0/rp_filter');
  const {report} = await trace('client', '192.0.2.2', '--timeout', '0.3');
  run('ip route del 203.0.113.5; echo 0 > /proc/sys/net/ipv4/conf/docker0/rp_filter');
  runIn(netns, 'ip route del 192.0.2.2; ip addr del 203.0.113.5/32 dev lo');
  t.is(report.summary, 'dropped on host: IP_RPFILTER');
  t.regex(report.because!, /host does not reach 203\.0\.113\.5 by docker0/);
});

test.serial('no route, and nobody there', async t => {
  const {report} = await trace('client', '203.0.113.9:80');
  t.is(report.summary, 'unreachable on host: IP_INNOROUTES');
  t.is(report.because, 'host has no route to 203.0.113.9');
  const absent = await trace('client', '192.0.2.77', '--timeout', '4');
  t.is(absent.report.because, 'nobody answers when host asks for the MAC address of 192.0.2.77');
});

test.serial('--follow waits for somebody’s packet and tells its way', async t => {
  const child = tnet.start('trace', '--follow', '--json', 'client', 'web:80');
  let stdout = '';
  child.stdout!.on('data', chunk => (stdout += String(chunk)));
  const netns = await netnsOf('client');
  for (let i = 0; i < 60 && stdout === ''; i++) {
    runIn(netns, 'timeout 1 bash -c "exec 3<>/dev/tcp/172.17.0.2/80" || true');
    await new Promise(resolve => setTimeout(resolve, 100));
  }
  await new Promise(resolve => (child.exitCode === null ? child.once('close', resolve) : resolve(null)));
  const report = JSON.parse(stdout) as TraceReport;
  t.regex(report.summary, /^delivered to web \(node, pid \d+\): the packet arrived$/);
  t.is(report.packet.source as string, '172.17.0.3');
  t.like(hop(report, 'bridge')[0], {bridge: 'docker0'});
});

test.serial('--follow gives up when nobody comes, and when the client leaves', async t => {
  const late = await tnet.run(['trace', '-f', '--timeout', '0.3', 'client', 'web:80']);
  t.deepEqual([late.code, late.stdout], [125, '']);
  t.regex(late.stderr, /no packet of tcp to 172\.17\.0\.2 port 80 came within 0\.3 s/);
  const child = tnet.start('trace', '--follow', 'client', 'web:80');
  for (let i = 0; i < 100 && !/tnet-trace/.test(run('nft list tables')); i++)
    await new Promise(resolve => setTimeout(resolve, 50));
  t.regex(run('nft list tables'), /tnet-trace/);
  child.kill('SIGKILL');
  await eventuallyClean(t, tnet.daemonPid());
});

test.serial('a killed daemon leaves no table, and the next trace sweeps its recording', async t => {
  const pid = tnet.daemonPid();
  const child = tnet.start('trace', '--follow', 'client', 'web:80');
  for (let i = 0; i < 100 && !/tnet-trace/.test(run('nft list tables')); i++)
    await new Promise(resolve => setTimeout(resolve, 50));
  t.is(instances(`tnet-${pid}-`).length, 1);
  process.kill(pid, 'SIGKILL');
  await new Promise(resolve => (child.exitCode === null ? child.once('close', resolve) : resolve(null)));
  t.is((await trace('client', 'web:80')).report.outcome, 'delivered');
  await eventuallyClean(t, pid);
});

async function eventuallyClean(t: ExecutionContext, pid: number): Promise<void> {
  const clean = (): boolean => !/tnet-trace/.test(run('nft list tables')) && instances(`tnet-${pid}-`).length === 0;
  for (let i = 0; i < 100 && !clean(); i++) await new Promise(resolve => setTimeout(resolve, 50));
  t.true(clean());
}

for (const [what, args, message] of [
  ['an unknown container', ['nosuch', 'web'], /No such container: nosuch/],
  ['an unknown target', ['client', 'nosuch:80'], /No such container: nosuch/],
  ['a bad port', ['client', 'web:99999'], /invalid target "web:99999": port "99999" is not 1-65535/],
  ['no target', ['client'], /needs at least one|missing required/],
  ['an address of a family it has not', ['client', 'web', '-6'], /it has no IPv6 address/],
] as const) {
  test.serial(`bad input, ${what}: one clear line, exit 125`, async t => {
    const {code, stderr, stdout} = await tnet.run(['trace', ...args]);
    t.deepEqual([code, stdout], [125, '']);
    t.regex(stderr, message);
    t.true(stderr.trim().split('\n').length <= 2, stderr);
  });
}
