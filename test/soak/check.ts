import assert from 'node:assert/strict';
import {setTimeout as sleep} from 'node:timers/promises';
import {run, runIn} from '../fixture/host.ts';
import type {Tnet} from '../fixture/tnet.ts';
import type {Wanted, World} from './wanted.ts';

interface Seen {
  readonly Id: string;
  readonly Name: string;
  readonly State: {readonly Running: boolean};
  readonly NetworkSettings: {
    readonly Networks: Readonly<Record<string, {readonly IPAddress: string; readonly GlobalIPv6Address: string}>>;
  };
}

/** Store, kernel and the outside must tell one story. */
export async function check(tnet: Tnet, world: World, cgroup: string): Promise<void> {
  const ids = (await tnet.ok('ps', '-aq')).split('\n');
  const seen = JSON.parse(await tnet.ok('inspect', ...ids)) as readonly Seen[];
  checkAnswers(seen, world);
  const networks = (await tnet.ok('network', 'ls', '-f', 'type=custom', '--json')).split('\n');
  const names = networks.map(line => (JSON.parse(line) as {Name: string}).Name);
  assert.deepEqual(names.sort(), [...world.networks].sort(), 'networks');
  await checkKernel(tnet, world, cgroup);
  for (const container of seen) checkInside(tnet, container);
  for (const container of world.containers.values()) checkReached(container);
  checkNeighbours(tnet, seen);
  const drift = run(`curl -s --unix-socket ${tnet.socket} http://tnet/tnet/repair`);
  assert.equal(drift.trim(), '[]', 'repair has nothing to do');
}

function checkAnswers(seen: readonly Seen[], {containers}: World): void {
  const lines = seen.map(({Name, State, NetworkSettings: {Networks}}) =>
    [Name.slice(1), State.Running, ...Object.keys(Networks).sort()].join(' '),
  );
  const want = [...containers.values()].map(({name, networks}) => [name, true, ...[...networks].sort()].join(' '));
  assert.deepEqual(lines.sort(), ['anchor true bridge', ...want].sort(), 'containers');
  const leases = seen.flatMap(({NetworkSettings: {Networks}}) =>
    Object.entries(Networks).flatMap(([network, {IPAddress, GlobalIPv6Address}]) =>
      [IPAddress, GlobalIPv6Address].filter(Boolean).map(address => `${network} ${address}`),
    ),
  );
  assert.equal(new Set(leases).size, leases.length, `a lease twice: ${leases.join('; ')}`);
}

async function checkKernel(tnet: Tnet, {containers, networks}: World, cgroup: string): Promise<void> {
  const all = [...containers.values()];
  const limited = all.flatMap(({limits}) => [...limits]).length;
  const attached = all.flatMap(each => [...each.networks]).length + 1;
  const ports = all.flatMap(each => [...each.ports]).sort();
  const count = (script: string) => (): number => Number(run(`${script} | wc -l`));
  await settled('veth', count('ip -o link show type veth'), attached);
  await settled('ifb', count('ip -o link show type ifb'), limited);
  await settled('bridges', count('ip -o link show type bridge'), networks.size + 1);
  await settled('namespaces', count(`ls ${tnet.runRoot}/netns`), all.length + 1);
  await settled(
    'cgroups',
    count(`ls -d /sys/fs/cgroup/unified${cgroup}/*/ /sys/fs/cgroup${cgroup}/*/ 2>/dev/null`),
    all.length + 1,
  );
  await settled('ports', publishedPorts, ports.join());
}

function publishedPorts(): string {
  const listing = run('nft list map inet tnet published4-any');
  return [...listing.matchAll(/tcp \. (\d+)/g)]
    .map(([, port]) => Number(port))
    .sort()
    .join();
}

/** Every interface has the address that it was given, and there is a way out. */
function checkInside(tnet: Tnet, {Id, Name, NetworkSettings: {Networks}}: Seen): void {
  const inside = runIn(sandboxOf(tnet, Id), 'ip -o addr show scope global; ip -4 route show default');
  for (const {IPAddress, GlobalIPv6Address} of Object.values(Networks))
    for (const address of [IPAddress, GlobalIPv6Address].filter(Boolean))
      assert.ok(inside.includes(` ${address}/`), `${Name} has ${address}: ${inside}`);
  assert.match(inside, /^default via /m, `${Name} has a way out`);
}

function checkReached({name, ports}: Wanted): void {
  for (const port of ports) assert.equal(answer(`localhost:${port}`), `${name}\n`, `answer on ${port}`);
}

/** From one on each network to the next there, by address. */
function checkNeighbours(tnet: Tnet, seen: readonly Seen[]): void {
  const serving = seen.filter(({Name}) => Name !== '/anchor');
  for (const network of new Set(serving.flatMap(each => Object.keys(each.NetworkSettings.Networks)))) {
    const [from, to] = serving.filter(each => network in each.NetworkSettings.Networks);
    if (from === undefined || to === undefined) continue;
    const address = to.NetworkSettings.Networks[network]!.IPAddress;
    const script = `curl -s --max-time 3 ${address}`;
    assert.equal(runIn(sandboxOf(tnet, from.Id), script), `${to.Name.slice(1)}\n`, `${from.Name} reaches ${address}`);
  }
}

function sandboxOf({runRoot}: Tnet, id: string): string {
  return `${runRoot}/netns/${id.slice(0, 12)}`;
}

function answer(where: string): string {
  return run(`for i in $(seq 40); do curl -s --max-time 2 ${where} && exit; sleep 0.05; done; true`);
}

/** The kernel takes namespaces and links away a moment after it was told to. */
async function settled<T>(what: string, read: () => T, want: T): Promise<void> {
  for (let tries = 0; tries < 100 && read() !== want; tries++) await sleep(20);
  assert.deepEqual(read(), want, what);
}
