import {spawn} from 'node:child_process';
import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {makeNeighbour, run, runIn} from './fixture/host.ts';
import {makePlugins} from './fixture/plugin.ts';
import {makeRootfs} from './fixture/podman.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** runc and crun with our hook in a bundle of its own. */
const neighbour = makeNeighbour();
const tnet = useTnet({
  closing: async () => {
    await tnet.ok('network', 'rm', 'red');
  },
  closed: () => {
    plugins.remove();
    for (const dir of bundles) rmSync(dir, {recursive: true, force: true});
  },
});
const plugins = makePlugins(tnet, ['tnet-oci-hook']);

test.before(async () => {
  await tnet.ok('network', 'create', '--subnet', '10.70.0.0/24', 'red');
});

/** crun refuses hybrid cgroups: without them, it sees the second version alone. */
const runtimes = {
  runc: {path: '/usr/sbin/runc', start: 'exec /usr/sbin/runc'},
  crun: {
    path: '/usr/bin/crun',
    start: 'mount -t cgroup2 none /sys/fs/cgroup && exec /usr/bin/crun --cgroup-manager=disabled',
  },
};
type Runtime = keyof typeof runtimes;

function kernelTest(name: Runtime): {
  readonly lacks: string;
  readonly run: typeof test.serial | typeof test.serial.skip;
} {
  const missing = [runtimes[name].path, '/usr/bin/busybox'].filter(path => !existsSync(path));
  return missing.length === 0
    ? {lacks: '', run: test.serial}
    : {lacks: ` (needs ${missing.join(', ')}: apt-get install ${name} busybox-static)`, run: test.serial.skip};
}

const bundles: string[] = [];

interface Bundle {
  oci(...args: readonly string[]): string;
}

interface Asked {
  readonly args: readonly string[];
  readonly annotations?: Readonly<Record<string, string>>;
  readonly netDevices?: Readonly<Record<string, {readonly name?: string}>>;
}

function makeBundle(runtime: Runtime, {args, annotations = {}, netDevices}: Asked): Bundle {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bundle-'));
  writeFileSync(join(makeRootfs(dir), 'tmp/index.html'), 'hello');
  // A pipe would stay open as long as the container.
  const oci = (...words: readonly string[]): string =>
    run(
      `cd ${dir} && unshare --mount --propagation private sh -c '${runtimes[runtime].start} --root ${dir}/state ${words.join(' ')}' >${dir}/out 2>&1 </dev/null; code=$?; cat ${dir}/out; cat ${dir}/said 2>/dev/null; exit $code`,
    );
  oci('spec');
  const config = JSON.parse(run(`cat ${dir}/config.json`));
  const path = join(plugins.folder, 'tnet-oci-hook');
  const hook = (verb: string, more: readonly string[]) => [{path, args: ['tnet-oci-hook', verb, ...more]}];
  config.process = {
    ...config.process,
    terminal: false,
    rlimits: [],
    args: ['/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/tmp'],
  };
  // crun throws away what its hooks say, unless it is told of a file.
  config.annotations = {...annotations, 'run.oci.hooks.stderr': `${dir}/said`};
  if (netDevices !== undefined) config.linux.netDevices = netDevices;
  config.hooks = {createRuntime: hook('createRuntime', args), poststop: hook('poststop', [])};
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  bundles.push(dir);
  return {oci};
}

interface Cards {
  /** Where the wires end. */
  readonly netns: string;
  look(): string;
  remove(): void;
}

/** Two network cards of the host's: the other ends of their wires are in a namespace of their own, at 10.60.0.6 and fd60::6. */
function makeCards(): Cards {
  const netns = '/run/tnet-test/netns/wires';
  run(`touch ${netns} && unshare --net=${netns} true`);
  for (const card of ['card0', 'card1']) run(`ip link add ${card} type veth peer name ${card} netns ${netns}`);
  run('ip link set card0 mtu 1400 up && ip link set card1 address 02:00:00:00:00:01');
  run(
    'ip addr add 10.60.0.5/24 dev card0 && ip addr add 10.61.0.5/24 dev card0 && ip addr add fd60::5/64 dev card0 nodad',
  );
  runIn(netns, 'ip addr add 10.60.0.6/24 dev card0; ip addr add fd60::6/64 dev card0 nodad; ip link set card0 up');
  return {
    netns,
    look: () => lookAt(run('ip -o link; ip -o addr')),
    remove: () => run(`for card in card0 card1; do ip link del $card; done 2>/dev/null; umount ${netns}; rm ${netns}`),
  };
}

/** Names, MTU, MAC and addresses of cards, and whether they are up. */
function lookAt(text: string): string {
  const lines = text.split('\n').flatMap(line => {
    const [, link] = /^\d+: ([a-z0-9]+)/.exec(line) ?? [];
    if (link === undefined || !/^(card|lan)/.test(link)) return [];
    return [
      [link, ...(line.match(/(?<=[<,])UP(?=[,>])|mtu \d+|ether \S+|inet6? \S+(?=.*scope global)/g) ?? [])].join(' '),
    ];
  });
  return lines
    .filter(line => line.includes(' '))
    .sort()
    .join('\n');
}

for (const runtime of ['runc', 'crun'] as const) {
  const {lacks, run: check} = kernelTest(runtime);

  check(
    `${runtime}'s container has network, address, name and port of its annotations, and leaves nothing${lacks}`,
    t => {
      const annotations = {'tnet.publish': '8084:80', 'tnet.alias': 'shop'};
      const {oci} = makeBundle(runtime, {annotations, args: ['--network', 'red', '--ip=10.70.0.9']});
      t.teardown(() => oci('delete', '-f', 'web', '|| true'));
      oci('create', 'web');
      oci('start', 'web');
      const {pid} = JSON.parse(oci('state', 'web')) as {pid: number};
      t.regex(run(`nsenter -t ${pid} -n ip -o addr show eth0`), /10\.70\.0\.9\/24/);
      t.regex(run(`nsenter -t ${pid} -n busybox nslookup shop 127.0.0.11`), /10\.70\.0\.9/);
      const get = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 ${neighbour.hostAddress} 8084`;
      t.regex(runIn(neighbour.netns, `for i in $(seq 50); do ${get} && break; busybox usleep 50000; done`), /hello/);
      oci('delete', '-f', 'web');
      t.is(run('ip -o link | grep -c veth || true').trim(), '0');
      t.is(run('nft list table inet tnet | grep -c 8084 || true').trim(), '0');
    },
  );

  check(`a hook that fails fails ${runtime}'s container, by its own words${lacks}`, t => {
    const {oci} = makeBundle(runtime, {args: ['--network', 'nix']});
    const error = t.throws(() => oci('run', 'bad')) as {stdout?: string} | undefined;
    t.regex(error?.stdout ?? '', /network nix not found/);
  });

  check(
    `${runtime}'s container has the devices of linux.netDevices, and gives them back as they were${lacks}`,
    async t => {
      const cards = makeCards();
      t.teardown(cards.remove);
      run(
        'ip route add 10.62.0.0/24 via 10.60.0.6 metric 7 && ip route add 10.63.0.0/24 dev card0 table 77 proto static',
      );
      const home = cards.look();
      const routes = () => run('ip route show 10.62.0.0/24; ip route show table 77 2>/dev/null || true');
      const routesAtHome = routes();
      const {oci} = makeBundle(runtime, {
        args: ['--network', 'none'],
        netDevices: {card0: {name: 'lan0'}, card1: {}},
      });
      t.teardown(() => oci('delete', '-f', 'dev', '|| true'));
      oci('create', 'dev');
      const {pid} = JSON.parse(oci('state', 'dev')) as {pid: number};
      const inside = (script: string): string => run(`nsenter -t ${pid} -n sh -c '${script}'`);
      t.is(
        lookAt(inside('ip -o link; ip -o addr')),
        // All are up in a container.
        home.replaceAll('card0', 'lan0').replace('card1 mtu', 'card1 UP mtu').split('\n').sort().join('\n'),
      );
      t.is(run('ip -o link | grep -c card || true').trim(), '0');
      runIn(cards.netns, 'busybox ping -c 1 -W 2 10.60.0.5 && busybox ping -c 1 -W 2 fd60::5');
      process.kill(tnet.daemonPid(), 'SIGKILL');
      await tnet.ok('network', 'ls'); // the next one is not to be in a mount namespace of the runtime's, which goes with it
      inside(
        'ip link set lan0 down; ip link set lan0 name other mtu 1300 address 02:00:00:00:00:77; ip addr flush dev other',
      );
      run(`kill -9 ${pid}`); // its namespace would be gone, and the links with it
      oci('delete', '-f', 'dev');
      t.is(cards.look(), home);
      t.is(routes(), routesAtHome);
      t.regex(routesAtHome, /via 10\.60\.0\.6 .*metric 7[\s\S]*10\.63\.0\.0\/24/);
      runIn(cards.netns, 'busybox ping -c 1 -W 2 10.60.0.5');
      t.notRegex(await tnet.ok('network', 'ls'), /oci:/);
      t.is(run(`ls ${tnet.runRoot}/held`).trim(), '');
    },
  );

  check(`a device that ${runtime}'s container cannot have is told in a line, and nothing is moved${lacks}`, async t => {
    const cards = makeCards();
    t.teardown(cards.remove);
    const home = cards.look();
    const holder = makeBundle(runtime, {args: ['--network', 'none'], netDevices: {card1: {name: 'eth0'}}});
    t.teardown(() => holder.oci('delete', '-f', 'holder', '|| true'));
    holder.oci('create', 'holder');
    const left = cards.look();
    const refused: readonly (readonly [Asked['netDevices'], RegExp])[] = [
      [{card0: {}, card1: {}}, /the host has no link "card1": it is lent to container "holder"/],
      [{card0: {}, nix: {}}, /the host has no link "nix"/],
      [{card0: {name: 'x'}, lo: {name: 'x'}}, /"card0" and "lo" cannot both be "x"/],
      [{card0: {}, lo: {name: 'x'}}, /Cannot lend "lo": it is the host's loopback/],
      [{card0: {name: 'lo'}}, /invalid interface name "lo"/],
    ];
    for (const [netDevices, message] of refused) {
      const {oci} = makeBundle(runtime, {args: ['--network', 'red'], netDevices: netDevices!});
      const error = t.throws(() => oci('run', 'bad')) as {stdout?: string} | undefined;
      t.regex((error?.stdout ?? '').replaceAll('\\', ''), message);
      t.is(cards.look(), left, String(message));
    }
    // The device has the name that the network's link would have had.
    const both = makeBundle(runtime, {args: ['--network', 'red'], netDevices: {card0: {name: 'eth0'}}});
    t.teardown(() => both.oci('delete', '-f', 'both', '|| true'));
    both.oci('create', 'both');
    const {pid} = JSON.parse(both.oci('state', 'both')) as {pid: number};
    const addresses = run(`nsenter -t ${pid} -n ip -o -4 addr show`);
    t.regex(addresses, /eth0 .*10\.60\.0\.5\/24/);
    t.regex(addresses, /eth1 .*10\.70\.0\./);
    both.oci('delete', '-f', 'both');
    // Its name is another's now: it waits until that is free.
    run('ip link add card1 type veth peer name other1');
    holder.oci('delete', '-f', 'holder', '|| true');
    const again = async () => plugins.call('tnet-oci-hook', ['poststop'], {id: 'holder'});
    const refusal = await again();
    t.is(refusal.code, 1);
    t.regex(refusal.stderr, /"eth0" back as "card1": File exists/);
    run('ip link del card1');
    t.like(await again(), {code: 0, stderr: ''});
    t.is(cards.look(), home);
    t.notRegex(await tnet.ok('network', 'ls'), /oci:/);
  });
}

test.serial('of two containers that ask for a device at once, one has it, and the other nothing', async t => {
  const cards = makeCards();
  t.teardown(cards.remove);
  const home = cards.look();
  const bundle = mkdtempSync(join(tmpdir(), 'tnet-bundle-'));
  bundles.push(bundle);
  writeFileSync(join(bundle, 'config.json'), JSON.stringify({linux: {netDevices: {card0: {name: 'lan0'}}}}));
  const ids = ['one', 'two'];
  const sleepers = ids.map(() => spawn('unshare', ['--net', 'sleep', '60'], {stdio: 'ignore'}));
  t.teardown(() => sleepers.map(each => each.kill('SIGKILL')));
  const own = run('readlink /proc/self/ns/net');
  for (const {pid} of sleepers)
    run(`while [ "$(readlink /proc/${pid}/ns/net)" = ${own.trim()} ]; do busybox usleep 20000; done`);
  const createRuntime = (i: number) =>
    plugins.call('tnet-oci-hook', ['createRuntime', '--network', 'none'], {id: ids[i], pid: sleepers[i]?.pid, bundle});
  const results = await Promise.all([createRuntime(0), createRuntime(1)]);
  t.deepEqual(results.map(({code}) => code).sort(), [0, 1]);
  t.regex(results.map(({stderr}) => stderr).join(''), /^tnet-oci-hook: [^\n]*"card0"[^\n]*\n$/);
  t.is(run(`ls ${tnet.runRoot}/held | wc -l`).trim(), '1');
  for (const id of ids) t.like(await plugins.call('tnet-oci-hook', ['poststop'], {id}), {code: 0, stderr: ''});
  t.is(cards.look(), home);
  t.is(run(`ls ${tnet.runRoot}/held`).trim(), '');
});
