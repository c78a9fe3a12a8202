import {existsSync, mkdtempSync, rmSync, writeFileSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import {belongings, makeNeighbour, type Neighbour, run, runIn} from './fixture/host.ts';
import {makePlugins, type PluginLinks} from './fixture/plugin.ts';
import {makeRootfs} from './fixture/podman.ts';
import {makeTnet, type Tnet} from './fixture/tnet.ts';

/** runc with our hook in a bundle of its own. */
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

const missing = ['/usr/sbin/runc', '/usr/bin/busybox'].filter(path => !existsSync(path));
const lacks = missing.length === 0 ? '' : ` (needs ${missing.join(', ')}: apt-get install runc busybox-static)`;
const kernelTest = lacks === '' ? test.serial : test.serial.skip;

const bundles: string[] = [];

interface Bundle {
  runc(...args: readonly string[]): string;
}

function makeBundle(annotations: Readonly<Record<string, string>>, args: readonly string[]): Bundle {
  const dir = mkdtempSync(join(tmpdir(), 'tnet-bundle-'));
  writeFileSync(join(makeRootfs(dir), 'tmp/index.html'), 'hello');
  // A pipe would stay open as long as the container.
  const runc = (...words: readonly string[]): string =>
    run(
      `cd ${dir} && /usr/sbin/runc --root ${dir}/state ${words.join(' ')} >${dir}/out 2>&1 </dev/null; code=$?; cat ${dir}/out; exit $code`,
    );
  runc('spec');
  const config = JSON.parse(run(`cat ${dir}/config.json`));
  const path = join(plugins.folder, 'tnet-oci-hook');
  const hook = (verb: string, more: readonly string[]) => [{path, args: ['tnet-oci-hook', verb, ...more]}];
  config.process = {
    ...config.process,
    terminal: false,
    rlimits: [],
    args: ['/bin/busybox', 'httpd', '-f', '-p', '80', '-h', '/tmp'],
  };
  config.annotations = annotations;
  config.hooks = {createRuntime: hook('createRuntime', args), poststop: hook('poststop', [])};
  writeFileSync(join(dir, 'config.json'), JSON.stringify(config));
  bundles.push(dir);
  return {runc};
}

kernelTest(`runc's container has network, address, name and port of its annotations, and leaves nothing${lacks}`, t => {
  const {runc} = makeBundle({'tnet.publish': '8084:80', 'tnet.alias': 'shop'}, ['--network', 'red', '--ip=10.70.0.9']);
  t.teardown(() => runc('delete', '-f', 'web'));
  runc('create', 'web');
  runc('start', 'web');
  const {pid} = JSON.parse(runc('state', 'web')) as {pid: number};
  t.regex(run(`nsenter -t ${pid} -n ip -o addr show eth0`), /10\.70\.0\.9\/24/);
  t.regex(run(`nsenter -t ${pid} -n busybox nslookup shop 127.0.0.11`), /10\.70\.0\.9/);
  const get = `printf 'GET / HTTP/1.0\\r\\n\\r\\n' | busybox nc -w 2 ${neighbour.hostAddress} 8084`;
  t.regex(runIn(neighbour.netns, `for i in $(seq 50); do ${get} && break; busybox usleep 50000; done`), /hello/);
  runc('delete', '-f', 'web');
  t.is(run('ip -o link | grep -c veth || true').trim(), '0');
  t.is(run('nft list table inet tnet | grep -c 8084 || true').trim(), '0');
});

kernelTest(`a hook that fails fails the container, by its own words${lacks}`, t => {
  const {runc} = makeBundle({}, ['--network', 'nix']);
  const error = t.throws(() => runc('run', 'bad')) as {stdout?: string} | undefined;
  t.regex(error?.stdout ?? '', /network nix not found/);
});
