import {spawn} from 'node:child_process';
import {once} from 'node:events';
import test from 'ava';
import {createIptables} from '../../../src/kernel/iptables.ts';
import {watchKernel} from '../../../src/kernel/monitor.ts';
import {loadNative, type Native} from '../../../src/kernel/native.ts';
import type {TraceFacts, TraceSpec} from '../../../src/kernel/trace/facts.ts';
import {createTracer} from '../../../src/kernel/trace/tracer.ts';
import type {Ip} from '../../../src/model/ip.ts';
import type {KnownNames} from '../../../src/network/trace/names.ts';
import {tellStory} from '../../../src/network/trace/story.ts';
import {belongings, makeHost, run, runIn} from '../../fixture/host.ts';

/** Two hand-made namespaces on a bridge, a third beyond a router, in both families: no daemon, no table of ours. */
const dir = `${makeHost()}/netns`;
const [a, b, far] = ['a', 'b', 'far'].map(name => `${dir}/${name}`) as [string, string, string];
let before: ReturnType<typeof belongings>;
let server: ReturnType<typeof spawn>;

test.before(async () => {
  before = belongings();
  for (const ns of [a, b, far]) run(`touch ${ns} && unshare --net=${ns} true`);
  run(
    'ip link add br0 type bridge forward_delay 0; ip link set br0 up; ip addr add 10.1.0.1/24 dev br0; ip addr add fd01::1/64 dev br0 nodad',
  );
  run('echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding');
  for (const [name, ns, n] of [
    ['va', a, 2],
    ['vb', b, 3],
  ] as const) {
    run(`ip link add ${name} master br0 type veth peer name eth0 netns ${ns}; ip link set ${name} up`);
    join(ns, `10.1.0.${n}/24`, `fd01::${n}/64`, ['10.1.0.1', 'fd01::1']);
  }
  run(
    `ip link add vfar type veth peer name eth0 netns ${far}; ip link set vfar up; ip addr add 10.2.0.1/24 dev vfar; ip addr add fd02::1/64 dev vfar nodad`,
  );
  join(far, '10.2.0.2/24', 'fd02::2/64', ['10.2.0.1', 'fd02::1']);
  run('while ip link | grep -q "state DOWN\\|LOWERLAYERDOWN"; do sleep 0.05; done; sleep 0.2');
  const script = `require('net').createServer(s => s.on('error', () => {}).end()).listen(80, '::', () => console.log('ready'))`;
  server = spawn('nsenter', [`--net=${b}`, process.argv0, '-e', script], {stdio: ['ignore', 'pipe', 'inherit']});
  await once(server.stdout!, 'data');
});

function join(ns: string, v4: string, v6: string, [via4, via6]: readonly [string, string]): void {
  runIn(
    ns,
    `ip link set lo up; ip addr add ${v4} dev eth0; ip addr add ${v6} dev eth0 nodad; ip link set eth0 up; ip route add default via ${via4}; ip -6 route add default via ${via6}`,
  );
}

test.after.always(t => {
  server?.kill('SIGKILL');
  run('ip link del br0; ip link del va; ip link del vb; ip link del vfar; nft flush ruleset');
  for (const ns of [a, b, far]) run(`umount ${ns}; rm ${ns}`);
  t.deepEqual(belongings(), before);
});

const homes = [
  [a, '10.1.0.2', 'fd01::2'],
  [b, '10.1.0.3', 'fd01::3'],
  [far, '10.2.0.2', 'fd02::2'],
].flatMap(([ns, ...addresses]) => addresses.map(address => ({ns: ns!, address: address as Ip})));
const known: KnownNames = {
  containers: new Map([
    [a, 'a'],
    [b, 'b'],
    [far, 'far'],
  ]),
  internal: new Set(),
  daemonPid: 0,
};

function spec(from: string, to: string, port: number | null, over: Partial<TraceSpec> = {}): TraceSpec {
  const home = homes.find(({address}) => address === to);
  return {
    from,
    to: to as Ip,
    port,
    proto: port === null ? 'icmp' : 'tcp',
    veths: [
      {host: 'va', inside: 'eth0', ns: a},
      {host: 'vb', inside: 'eth0', ns: b},
      {host: 'vfar', inside: 'eth0', ns: far},
    ],
    homes,
    expected: home === undefined ? null : {...home, port},
    mode: {kind: 'probe', timeoutMs: 1000},
    ...over,
  };
}

const trace = (wanted: TraceSpec, native: Native = loadNative()): Promise<TraceFacts> =>
  createTracer(native).trace(wanted, new AbortController().signal);
const links = ({path}: TraceFacts) =>
  path?.passages.map(({ns, link}) => `${known.containers.get(ns ?? '') ?? 'host'} ${link}`);

for (const bridged of ['0', '1']) {
  for (const [family, to] of [
    ['IPv4', '10.1.0.3'],
    ['IPv6', 'fd01::3'],
  ] as const) {
    test.serial(`${family}: tcp and echo over a bridge (bridge-nf-call=${bridged})`, async t => {
      run(
        `cd /proc/sys/net/bridge 2>/dev/null && echo ${bridged} | tee bridge-nf-call-iptables bridge-nf-call-ip6tables >/dev/null; true`,
      );
      run('nft add table inet seen; nft add chain inet seen f "{type filter hook forward priority 0;}"');
      for (const port of [80, null]) {
        const facts = await trace(spec(a, to, port));
        t.deepEqual(links(facts), ['a eth0', 'host va', 'host vb', 'b eth0']);
        const report = tellStory(facts, known);
        t.regex(
          report.summary,
          port === null ? /^delivered to b: echo reply/ : /^delivered to b \(node, pid \d+\): SYN-ACK/,
        );
        const l3 = report.hops.some(({what}) => what === 'nft');
        t.is(l3, bridged === '1' && run('ls /proc/sys/net/bridge 2>/dev/null || true') !== '');
      }
      run('nft delete table inet seen');
    });
  }
}

for (const [family, to, via] of [
  ['IPv4', '10.2.0.2', '10.1.0.1'],
  ['IPv6', 'fd02::2', 'fd01::1'],
] as const) {
  test.serial(`${family}: routed by the host, with both routes; a closed port`, async t => {
    const facts = await trace(spec(a, to, 81));
    t.deepEqual(links(facts), ['a eth0', 'host va', 'host br0', 'host vfar', 'far eth0']);
    t.is(facts.routes.source.route?.via as string, via);
    const report = tellStory(facts, known);
    t.is(report.summary, 'refused by far');
    t.regex(report.hops.map(({text}) => text).join('\n'), /route (10\.2\.0\.0\/24|fd02::\/64) dev vfar/);
    t.deepEqual([facts.path?.end?.event, facts.answer.kind], ['drop', 'refused']);
  });

  test.serial(`${family}: forwarding is off`, async t => {
    const path = family === 'IPv4' ? 'ipv4/conf/br0/forwarding' : 'ipv6/conf/all/forwarding';
    run(`echo 0 > /proc/sys/net/${path}`);
    const facts = await trace(spec(a, to, null, {mode: {kind: 'probe', timeoutMs: 300}}));
    run(`echo 1 > /proc/sys/net/${path}`);
    t.not(tellStory(facts, known).outcome, 'delivered');
    t.deepEqual(links(facts), ['a eth0', 'host va', 'host br0']);
    if (family === 'IPv4') t.regex(tellStory(facts, known).because!, /forwarding is off/);
  });

  test.serial(`${family}: a rule in the destination's own namespace drops`, async t => {
    runIn(
      far,
      'nft add table inet guard; nft add chain inet guard in "{type filter hook input priority 0; policy drop;}"',
    );
    const facts = await trace(spec(a, to, 80));
    runIn(far, 'nft delete table inet guard');
    t.is(tellStory(facts, known).summary, 'dropped on far by nft inet guard in: the policy of the chain');
  });
}

test.serial('without tracefs the rules and routes are told, and what is missing', async t => {
  const native: Native = {
    ...loadNative(),
    openFilesystem() {
      throw new Error('fsopen: Operation not permitted');
    },
  };
  run(
    'nft add table inet seen; nft add chain inet seen f "{type filter hook forward priority 0;}"; nft add rule inet seen f ip daddr 10.2.0.2 drop',
  );
  const report = tellStory(await trace(spec(a, '10.2.0.2', 80), native), known);
  run('nft delete table inet seen');
  t.is(report.summary, 'dropped on host by nft inet seen f: rule 2: ip daddr 10.2.0.2 drop');
  t.deepEqual(report.notes, ['links and kernel drops were not seen: fsopen: Operation not permitted']);
  const open = tellStory(await trace(spec(a, '10.2.0.2', null), native), known);
  t.regex(open.summary, /^delivered to far: echo reply/);
  t.regex(open.hops.map(({text}) => text).join('\n'), /route 10\.2\.0\.0\/24 dev vfar/);
});

test.serial('two traces at once keep to their own packets', async t => {
  const both = await Promise.all([trace(spec(a, '10.1.0.3', 80)), trace(spec(far, 'fd01::3', 80))]);
  t.deepEqual(both.map(links), [
    ['a eth0', 'host va', 'host vb', 'b eth0'],
    ['far eth0', 'host vfar', 'host br0', 'host vb', 'b eth0'],
  ]);
});

test.serial('our own watch over the table inet tnet is not disturbed by a trace', async t => {
  let changes = 0;
  const stop = watchKernel({native: loadNative(), tables: ['tnet'], iptables: createIptables()}, () => changes++);
  await trace(spec(a, '10.1.0.3', 80));
  await new Promise(resolve => setTimeout(resolve, 150));
  t.is(changes, 0);
  run('nft add table inet tnet');
  for (let i = 0; i < 40 && changes === 0; i++) await new Promise(resolve => setTimeout(resolve, 25));
  stop();
  run('nft delete table inet tnet');
  t.is(changes, 1);
});

test.serial('an aborted trace leaves nothing, and says why', async t => {
  const abort = new AbortController();
  const work = createTracer(loadNative()).trace(
    spec(a, '10.1.0.3', 80, {mode: {kind: 'follow', timeoutMs: 60_000, sources: []}}),
    abort.signal,
  );
  setTimeout(() => abort.abort(new Error('left')), 200);
  await t.throwsAsync(work, {message: 'left'});
  for (let i = 0; i < 40 && run('nft list tables') !== ''; i++) await new Promise(resolve => setTimeout(resolve, 50));
  t.is(run('nft list tables'), '');
});
