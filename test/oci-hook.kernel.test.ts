import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {belongings, makeNeighbour, type Neighbour, run, runIn} from './fixture/host.ts';
import {makePlugins, type PluginLinks} from './fixture/plugin.ts';
import {makeRootfs} from './fixture/podman.ts';
import {makeTnet, type Tnet} from './fixture/tnet.ts';

/** runc and crun with our hook in a bundle of its own. */
let tnet: Tnet;
let plugins: PluginLinks;
let neighbour: Neighbour;
let before: ReturnType<typeof belongings>;

test.before(async () => {
  neighbour = makeNeighbour();
  before = belongings();
  tnet = makeTnet();
  plugins = makePlugins(tnet, ['tnet-oci-hook']);
  await tnet.ok('network', 'create', '--subnet', '10.70.0.0/24', 'red');
});

test.after.always(async t => {
  await tnet.ok('network', 'rm', 'red');
  await tnet.end();
  plugins.remove();
  for (const dir of bundles) rmSync(dir, {recursive: true, force: true});
  t.deepEqual(belongings(), before);
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

function makeBundle(runtime: Runtime, annotations: Readonly<Record<string, string>>, args: readonly string[]): Bundle {
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
  config.hooks = {createRuntime: hook('createRuntime', args), poststop: hook('poststop', [])};
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  bundles.push(dir);
  return {oci};
}

for (const runtime of ['runc', 'crun'] as const) {
  const {lacks, run: check} = kernelTest(runtime);

  check(
    `${runtime}'s container has network, address, name and port of its annotations, and leaves nothing${lacks}`,
    t => {
      const annotations = {'tnet.publish': '8084:80', 'tnet.alias': 'shop'};
      const {oci} = makeBundle(runtime, annotations, ['--network', 'red', '--ip=10.70.0.9']);
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
    const {oci} = makeBundle(runtime, {}, ['--network', 'nix']);
    const error = t.throws(() => oci('run', 'bad')) as {stdout?: string} | undefined;
    t.regex(error?.stdout ?? '', /network nix not found/);
  });
}
