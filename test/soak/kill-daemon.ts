/**
 * Containers come and go while the daemon is killed at random moments; after every restart nothing is leaked, nothing is
 * leased twice, and whoever should run answers on its published port. `npm run soak [-- CONTAINERS [SEED]]`, as root.
 */
import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {makeHost, run} from '../fixture/host.ts';
import {cgroupParent, makeTnet, remains} from '../fixture/tnet.ts';

const total = Number(process.argv[2] ?? 200);
const seed = Number(process.argv[3] ?? Date.now() % 1_000_000);
const atMost = 12;
/** 8 ms to start, where a node would take 40. */
const server =
  'use IO::Socket::INET; my $s = IO::Socket::INET->new(Listen => 9, LocalPort => 80, ReuseAddr => 1) or die; while (my $c = $s->accept) { my $q = <$c>; print $c "HTTP/1.0 200 OK\\r\\n\\r\\n$ENV{NAME}\\n"; close $c }';

interface Wanted {
  readonly name: string;
  readonly port: number;
}

const random = mulberry(seed);
makeHost();
const tnet = makeTnet();
const wanted = new Map<string, Wanted>();
let kills = 0;

console.log(`soak: ${total} containers, seed ${seed}`);
try {
  await soak();
} finally {
  await tnet.end();
}
assert.equal(run('ip -o link show type veth; ip -o link show type bridge; nft list tables'), '');
console.log(`soak: ${total} containers, ${kills} kills, nothing left`);

async function soak(): Promise<void> {
  await tnet.ok('network', 'create', 'lan');
  await tnet.ok('run', '-d', '--name', 'anchor', 'host', 'sleep', '100000');
  const cgroup = await cgroupParent(tnet, 'anchor');
  for (let i = 0; i < total; i++) {
    const killing = random() < 0.5 ? killSoon() : Promise.resolve();
    await (wanted.size >= atMost || (wanted.size > 3 && random() < 0.4) ? removeOne() : addOne(i));
    await killing;
    if (i % 10 === 9) await check(i + 1, cgroup);
  }
  await check(total, cgroup);
  for (const name of ['anchor', ...wanted.keys()]) await forget(name);
  await tnet.ok('daemon', 'stop');
  assert.deepEqual(remains(tnet, cgroup), []);
}

async function addOne(i: number): Promise<void> {
  const [name, port] = [`c${i}`, 20_000 + i];
  const network = random() < 0.5 ? 'bridge' : 'lan';
  const {code} = await tnet.run([
    'run',
    '-d',
    '--name',
    name,
    '--network',
    network,
    '-p',
    `${port}:80`,
    '-e',
    `NAME=${name}`,
    'host',
    'perl',
    '-e',
    server,
  ]);
  if (code === 0) wanted.set(name, {name, port});
  else await forget(name); // the daemon died under it: whether it came to be is not promised
}

async function removeOne(): Promise<void> {
  const names = [...wanted.keys()];
  await forget(names[Math.floor(random() * names.length)]!);
}

/** Until it is gone: a command that met the dying daemon is given again, as its user would. */
async function forget(name: string): Promise<void> {
  for (let tries = 0; tries < 20; tries++) {
    const {code, stderr} = await tnet.run(['rm', '-f', name]);
    if (code === 0 || stderr.includes('No such container')) {
      wanted.delete(name);
      return;
    }
  }
  assert.fail(`cannot remove ${name}`);
}

async function killSoon(): Promise<void> {
  await sleep(random() * 250);
  try {
    process.kill(tnet.daemonPid(), 'SIGKILL');
    kills++;
  } catch {} // between two daemons there is none
}

interface Seen {
  readonly Name: string;
  readonly State: {readonly Running: boolean};
  readonly NetworkSettings: {readonly Networks: Readonly<Record<string, {readonly IPAddress: string}>>};
}

/** Store, kernel and the outside must tell one story. */
async function check(done: number, cgroup: string): Promise<void> {
  const ids = (await tnet.ok('ps', '-aq')).split('\n');
  const seen = JSON.parse(await tnet.ok('inspect', ...ids)) as readonly Seen[];
  const names = seen.map(({Name}) => Name.slice(1)).sort();
  assert.deepEqual(names, ['anchor', ...wanted.keys()].sort(), 'containers');
  assert.deepEqual(
    seen.filter(container => !container.State.Running).map(({Name}) => Name),
    [],
    'running',
  );
  const addresses = seen.map(({NetworkSettings: {Networks}}) =>
    Object.entries(Networks)
      .map(([network, {IPAddress}]) => `${network} ${IPAddress}`)
      .join(),
  );
  assert.equal(new Set(addresses).size, names.length, `a lease twice: ${addresses.join('; ')}`);
  await settled('veth', () => Number(run('ip -o link show type veth | wc -l')), names.length);
  await settled('namespaces', () => Number(run(`ls ${tnet.runRoot}/netns | wc -l`)), names.length);
  await settled(
    'cgroups',
    () => Number(run(`ls -d /sys/fs/cgroup/unified${cgroup}/*/ /sys/fs/cgroup${cgroup}/*/ 2>/dev/null | wc -l`)),
    names.length,
  );
  await settled(
    'ports',
    () =>
      [...run('nft list map inet tnet published4-any').matchAll(/tcp \. (\d+)/g)]
        .map(([, port]) => Number(port))
        .sort()
        .join(),
    [...wanted.values()]
      .map(({port}) => port)
      .sort()
      .join(),
  );
  for (const {name, port} of wanted.values())
    assert.equal(
      run(`for i in $(seq 40); do curl -s --max-time 2 localhost:${port} && exit; sleep 0.05; done; true`),
      `${name}\n`,
      `answer on ${port}`,
    );
  console.log(`  ${done}: ${names.length} run and answer, ${kills} kills`);
}

/** The kernel takes namespaces and links away a moment after it was told to. */
async function settled<T>(what: string, read: () => T, want: T): Promise<void> {
  for (let tries = 0; tries < 100 && read() !== want; tries++) await sleep(20);
  assert.deepEqual(read(), want, what);
}

/** Small seeded generator, so that a failing run can be had again. */
function mulberry(state: number): () => number {
  let a = state;
  return () => {
    a = (a + 0x6d2b79f5) | 0;
    let t = Math.imul(a ^ (a >>> 15), 1 | a);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  };
}
