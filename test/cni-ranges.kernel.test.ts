import {statSync} from 'node:fs';
import {join} from 'node:path';
import test from 'ava';
import {type CniList, type CniRuntime, type CniTarget, removeNetns} from './fixture/cni.ts';
import {insideOf, makeReference, referenceLacks, shapeOf} from './fixture/cni-reference.ts';
import {reach, serve} from './fixture/echo.ts';
import {run, runIn} from './fixture/host.ts';
import {container, useCni} from './fixture/use-cni.ts';

/** `host-local` with several subnets in a set, and several sets of a family, beside the reference plugin. */
const {tnet, cni} = useCni();

type Ranges = readonly (readonly object[])[];

const pool = (ranges: Ranges, over: object = {}) => ({
  type: 'host-local',
  ranges,
  routes: [{dst: '0.0.0.0/0'}],
  ...over,
});
const on = (type: 'bridge' | 'ptp', name: string, ipam: object, over: object = {}): CniList => ({
  cniVersion: '1.1.0',
  name,
  plugins: [{type, ...(type === 'bridge' ? {bridge: `cni-${name}`, isGateway: true} : {}), ipam, ...over}],
});
const ipsOf = (result: object): readonly string[] =>
  (result as {ips: readonly {address: string; gateway: string}[]}).ips.map(
    ({address, gateway}) => `${address} ${gateway}`,
  );
const failed = async (job: Promise<unknown>): Promise<number> =>
  job.then(
    () => 0,
    (error: {code: number}) => error.code,
  );

for (const [type, a, b] of [
  ['bridge', '10.70.0', '10.71.0'],
  ['ptp', '10.80.0', '10.81.0'],
] as const)
  test.serial(`${type}: the next subnet of a set gives the address when the first is full`, async t => {
    const set = [
      {subnet: `${a}.0/29`, rangeStart: `${a}.5`, rangeEnd: `${a}.5`, gateway: `${a}.6`},
      {subnet: `${b}.0/30`},
    ];
    const list = on(type, `set-${type}`, pool([set]));
    const targets = ['one', 'two', 'three'].map(id => container(`${type}-${id}`));
    const [one, two, three] = targets as [CniTarget, CniTarget, CniTarget];
    t.deepEqual(ipsOf(await cni.add(list, one)), [`${a}.5/29 ${a}.6`]);
    await cni.ask('STATUS', list);
    t.deepEqual(ipsOf(await cni.add(list, two)), [`${b}.2/30 ${b}.1`]);
    t.regex(runIn(one.netns, 'ip route'), /default via \S+0\.6 /);
    t.regex(runIn(two.netns, 'ip route'), /default via \S+1\.0\.1 /);
    const server = await serve(one.netns, 80);
    t.teardown(() => server.kill());
    t.is(await reach(two.netns, `${a}.5:80`), `${b}.2`);
    t.is(await failed(cni.ask('STATUS', list)), 50);
    t.is(await failed(cni.add(list, three)), 101);
    await cni.del(list, one);
    t.deepEqual(ipsOf(await cni.add(list, three)), [`${a}.5/29 ${a}.6`]);
    for (const target of targets) await cni.del(list, target);
    for (const {netns} of targets) removeNetns(netns);
  });

test.serial('ranges come from the runtime too: capability ipRanges', async t => {
  const list = on('bridge', 'given', {type: 'host-local'}, {capabilities: {ipRanges: true}});
  const target = container('given', {capabilities: {ipRanges: [[{subnet: '10.75.0.0/24', rangeStart: '10.75.0.7'}]]}});
  t.deepEqual(ipsOf(await cni.add(list, target)), ['10.75.0.7/24 10.75.0.1']);
  await cni.del(list, target);
  removeNetns(target.netns);
});

test.serial('without CNI_COMMAND a plugin says on stderr what it is', async t => {
  const {code, stdout, stderr} = await cni.call('bridge', {CNI_COMMAND: ''}, '');
  t.deepEqual([code, stdout], [0, '']);
  t.regex(stderr, /^CNI bridge plugin v\S+\nCNI protocol versions supported: 0\.3\.1, 0\.4\.0, 1\.0\.0, 1\.1\.0\n$/);
});

test('all plugins are one executable of at most 800 kB', t => {
  t.true(statSync(join(cni.bin, 'bridge')).size <= 800_000);
  t.is(statSync(join(cni.bin, 'bridge')).ino, statSync(join(cni.bin, 'tnet')).ino);
});

test.serial('each set of a family gives an address; what is asked for is found in its set', async t => {
  const sets = [
    [{subnet: '10.72.0.0/24'}],
    [{subnet: 'fd72::/64'}],
    [
      {subnet: '10.73.0.0/24', rangeStart: '10.73.0.50'},
      {subnet: '10.74.0.0/24', gateway: '10.74.0.9'},
    ],
  ];
  const list = on('bridge', 'sets', pool(sets), {capabilities: {ips: true}});
  const plain = container('sets1');
  t.deepEqual(ipsOf(await cni.add(list, plain)), [
    '10.72.0.2/24 10.72.0.1',
    'fd72::2/64 fd72::1',
    '10.73.0.50/24 10.73.0.1',
  ]);
  t.deepEqual(insideOf(plain.netns).addresses, ['10.72.0.2/24', '10.73.0.50/24', 'fd72::2/64']);
  const asking = container('sets2', {capabilities: {ips: ['10.74.0.7', '10.72.0.77']}});
  const result = await cni.add(list, asking);
  t.deepEqual(ipsOf(result), ['10.72.0.77/24 10.72.0.1', 'fd72::3/64 fd72::1', '10.74.0.7/24 10.74.0.9']);
  const server = await serve(asking.netns, 80);
  t.teardown(() => server.kill());
  for (const address of ['10.72.0.77', '10.74.0.7']) t.is(await reach(null, `${address}:80`), `${gateways[address]}`);
  await cni.check(list, asking, result);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await cni.check(list, asking, result);
  for (const target of [plain, asking]) await cni.del(list, target);
  const stranger = {...asking, capabilities: {ips: ['10.75.0.2']}};
  await t.throwsAsync(cni.add(list, stranger), {message: /no configured subnet contains IP address 10\.75\.0\.2/});
  const overlapping = on('bridge', 'overlap', pool([[{subnet: '10.76.0.0/24'}], [{subnet: '10.76.0.0/16'}]]));
  await t.throwsAsync(cni.add(overlapping, plain), {message: /overlaps .*10\.76\.0\.0\/16 and 10\.76\.0\.0\/24/});
  t.is(runIn(plain.netns, 'ip -o link | grep -c eth0 || true').trim(), '0');
  for (const {netns} of [plain, asking]) removeNetns(netns);
});
const gateways: Readonly<Record<string, string>> = {'10.72.0.77': '10.72.0.1', '10.74.0.7': '10.74.0.9'};

const lacks = referenceLacks('bridge', 'host-local');
const check = lacks === '' ? test.serial : test.serial.skip;

check(`beside the reference plugins: the same results, the same inside${lacks}`, async t => {
  const reference = makeReference(tnet);
  const sets = [
    [
      {subnet: '10.77.0.0/24', rangeStart: '10.77.0.10', rangeEnd: '10.77.0.10'},
      {subnet: '10.78.0.0/24', rangeStart: '10.78.0.4'},
    ],
    [{subnet: '10.79.0.0/24', gateway: '10.79.0.254'}],
  ];
  const list = (over: object = {}): CniList => ({
    ...on('bridge', 'beside', pool(sets, over), {isGateway: false}),
    cniVersion: '1.0.0',
  });
  const targets = ['side1', 'side2'].map(id => container(id));
  const [theirs, ours] = [list({dataDir: `${tnet.runRoot}/ipam`}), list()];
  const look = async (runtime: CniRuntime, chain: CniList): Promise<readonly unknown[]> => {
    const seen: unknown[] = [];
    for (const target of targets) {
      const result = await runtime.add(chain, target);
      seen.push(shapeOf(result), ipsOf(result), insideOf(target.netns));
    }
    for (const target of targets) await runtime.del(chain, target);
    return seen;
  };
  const wanted = await look(reference, theirs);
  run('ip link del cni-beside');
  t.deepEqual(await look(cni, ours), wanted);
  for (const {netns} of targets) removeNetns(netns);
});
