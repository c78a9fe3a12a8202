import {readdirSync, readFileSync} from 'node:fs';
import {dirname, join, relative, resolve, sep} from 'node:path';
import {fileURLToPath} from 'node:url';
import test from 'ava';

/** The repository, seen from dist/test/ where this file runs. */
const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const source = join(root, 'src');

/** Who may import whom (design §4). `errors` and `model` are open to all. */
const arrows: Readonly<Record<string, readonly string[]>> = {
  'errors.ts': [],
  model: [],
  kernel: [],
  store: [],
  api: [],
  network: ['kernel', 'store'],
  runtime: ['network', 'kernel', 'store'],
  daemon: ['runtime', 'network', 'kernel', 'store', 'api'],
  lab: ['api', 'kernel', 'network'],
  cli: ['api', 'lab'],
};

/** Rooms that neither read nor execute. The listed files are their shells. */
const pure = [
  /^src\/model\//,
  /^src\/network\//,
  /^src\/kernel\/(diff|item)\.ts$/,
  /^src\/kernel\/netlink\/(?!socket\.ts)/,
  /^src\/kernel\/pcap-filter\//,
  /^src\/kernel\/capture\/(records|taps)\.ts$/,
  /^src\/api\/pcapng/,
  /^src\/cli\/topology\//,
  /^src\/lab\/(document|topology|scenario|check|results)\//,
  /^src\/lab\/impair\/(ends|impairment|plan-impair|plan-impair-changes|schema)\.ts$/,
  /^src\/runtime\/launch\/(plan-.*|isolation|program|capabilities|default-paths|seccomp\/.*)\.ts$/,
  /^src\/runtime\/cgroup\/device-(program|rules)\.ts$/,
  /^src\/runtime\/(allocate-ids|choose-ids)\.ts$/,
  /^src\/runtime\/(files|names|resolv-conf|signals)\.ts$/,
];
const shells = [
  'src/network/controller.ts',
  'src/network/reservation.ts',
  'src/network/dns/server.ts',
  'src/network/dns/serve-udp.ts',
  'src/network/dns/serve-tcp.ts',
  'src/network/dns/forward.ts',
];
const worldly = /^node:(fs|fs\/promises|net|child_process|dgram|http)$/;

interface Import {
  readonly from: string;
  readonly to: string;
  readonly typeOnly: boolean;
}

const files = readdirSync(source, {recursive: true, encoding: 'utf8'}).filter(name => name.endsWith('.ts'));
const imports: readonly Import[] = files.flatMap(name => {
  const path = join(source, name);
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^'";]*?\sfrom\s+)?'([^']+)'/gm)].map(([, type, to]) => ({
    from: relative(root, path),
    to: to!.startsWith('.') ? relative(root, resolve(dirname(path), to!)) : to!,
    typeOnly: type !== undefined,
  }));
});

const room = (path: string): string => path.split(sep)[1]!;

test('the tests of the architecture look at the sources', t => {
  t.true(files.length > 50);
  t.true(imports.length > 100);
});

test('rooms import only along the arrows of the design', t => {
  const wrong = imports.filter(({from, to}) => {
    if (!to.startsWith('src')) return false;
    const [here, there] = [room(from), room(to)];
    return here !== there && there !== 'errors.ts' && there !== 'model' && !arrows[here]?.includes(there);
  });
  t.deepEqual(
    wrong.map(({from, to}) => `${from} → ${to}`),
    [],
  );
});

test('every room is one the design names', t => {
  const rooms = new Set(files.map(name => name.split(sep)[0]!));
  t.deepEqual(
    [...rooms].filter(name => !(name in arrows)),
    [],
  );
});

test('no file imports itself through others', t => {
  const graph = new Map<string, string[]>();
  for (const {from, to, typeOnly} of imports)
    if (to.startsWith('src') && !typeOnly) graph.set(from, [...(graph.get(from) ?? []), to]);
  const done = new Set<string>();
  const cycles: string[] = [];
  const walk = (path: string, trail: readonly string[]): void => {
    if (trail.includes(path)) return void cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
    if (done.has(path)) return;
    for (const next of graph.get(path) ?? []) walk(next, [...trail, path]);
    done.add(path);
  };
  for (const path of graph.keys()) walk(path, []);
  t.deepEqual(cycles, []);
});

test('pure rooms touch no file, socket or process', t => {
  const wrong = imports.filter(
    ({from, to}) => worldly.test(to) && pure.some(room => room.test(from)) && !shells.includes(from),
  );
  t.deepEqual(
    wrong.map(({from, to}) => `${from} → ${to}`),
    [],
  );
});

test('no process is started to change the network, but those of iptables, and other CNI plugins where a configuration names them: kernel, store and network know no child_process', t => {
  // A lab starts its holder and what learners write (commands of nodes, setup.sh, solution.sh); links it makes by netlink.
  // The specification delegates by exec; only the daemon can, after it has looked whether the plugin is its own.
  const wrappers = ['src/kernel/iptables.ts', 'src/daemon/plugins/cni/delegate.ts'];
  const starters = imports
    .filter(({from, to}) => to === 'node:child_process' && !wrappers.includes(from))
    .map(({from}) => room(from));
  t.deepEqual([...new Set(starters)].sort(), ['api', 'lab', 'runtime']);
});

test('no file is called utils, helpers, manager, common or misc, and none is over 300 lines', t => {
  t.deepEqual(
    files.filter(name => /(^|[/-])(utils?|helpers?|manager|common|misc)[.-]/.test(name)),
    [],
  );
  t.deepEqual(
    files.filter(name => readFileSync(join(source, name), 'utf8').split('\n').length > 300),
    [],
  );
});
