import {existsSync, rmSync} from 'node:fs';
import test from 'ava';
import {type CniList, type CniRuntime, makeCni, makeNetns, removeCniNetworks, removeNetns} from './fixture/cni.ts';
import {ask, reach, serve} from './fixture/echo.ts';
import {makeNeighbour, type Neighbour, run} from './fixture/host.ts';
import {makeTnet, type Tnet} from './fixture/tnet.ts';

/** Delegation, both ways, with Debian's containernetworking-plugins. */
const reference = '/usr/lib/cni';
const isThere = existsSync(`${reference}/bridge`);
const check = isThere ? test.serial : test.serial.skip;
const why = isThere ? '' : ' (skipped: no containernetworking-plugins in /usr/lib/cni)';

let tnet: Tnet;
let neighbour: Neighbour;

test.before(async () => {
  neighbour = makeNeighbour();
  tnet = makeTnet();
  await tnet.ok('network', 'ls');
});

/** Not the host's belongings: the reference plugin leaves its bridges. */
test.after.always(async t => {
  await removeCniNetworks(tnet);
  t.deepEqual(await tnet.end(), []);
});

/** A folder of ours where some names lead to the reference plugins. */
function mixed(t: {teardown(job: () => void): void}, ...foreign: readonly string[]): CniRuntime {
  const cni = makeCni(tnet, [reference]);
  for (const name of foreign) rmSync(`${cni.bin}/${name}`);
  t.teardown(() => rmSync(cni.bin, {recursive: true}));
  return cni;
}

const ports = {portMappings: [{hostPort: 8200, containerPort: 80, protocol: 'tcp'}]};

check(`our chain on a foreign bridge, with our addresses${why}`, async t => {
  const cni = mixed(t, 'bridge');
  const ipam = {type: 'host-local', subnet: '10.40.0.0/24', routes: [{dst: '0.0.0.0/0'}]};
  const list: CniList = {
    cniVersion: '1.0.0',
    name: 'theirs',
    plugins: [
      {type: 'bridge', bridge: 'br-theirs', isGateway: true, ipam},
      {type: 'portmap', capabilities: {portMappings: true}},
    ],
  };
  const target = {id: 'theirs1', netns: makeNetns('theirs1'), capabilities: ports};
  const result = await cni.add(list, target);
  t.like(result, {ips: [{address: '10.40.0.2/24', gateway: '10.40.0.1'}]});
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8200`), neighbour.address);
  await cni.del(list, target, result);
  t.is(run('nft list table inet tnet | grep -c "10.40.0.2" || true').trim(), '0');
  run('ip link del br-theirs');
  removeNetns(target.netns);
});

check(`our ptp asks a foreign plugin for its addresses, and gives them back${why}`, async t => {
  const cni = mixed(t);
  const dataDir = `${tnet.runRoot}/ipam-ptp`;
  const ipam = {type: 'host-local-foreign', subnet: '10.44.0.0/24', dataDir, routes: [{dst: '0.0.0.0/0'}]};
  run(`ln -s ${reference}/host-local ${cni.bin}/host-local-foreign`);
  const list = over({type: 'ptp', ipMasq: true, ipam});
  const target = answering();
  const result = await cni.add(list, target);
  t.like(result, {ips: [{address: '10.44.0.2/24', gateway: '10.44.0.1', interface: 1}]});
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.deepEqual(await clients(target.netns), [neighbour.address, '10.44.0.1', '10.44.0.1']);
  await cni.check(list, target, result);
  const leases = () => run(`ls ${dataDir}/answers | grep -c 10.44 || true`).trim();
  t.is(leases(), '1');
  // The second has its address when its link turns out to be there already.
  await t.throwsAsync(cni.add(list, {...target, id: 'answers2'}));
  t.is(leases(), '1');
  await cni.del(list, target, result);
  t.is(leases(), '0');
  t.is(run('ip route show 10.44.0.0/24; nft list table inet tnet | grep -c 10.44.0.2 || true').trim(), '0');
  removeNetns(target.netns);
});

/** Clients of port 8201: another machine, the host by a loopback address, and the container itself by the host's address. */
const clients = (netns: string): Promise<readonly (string | null)[]> =>
  Promise.all([
    reach(neighbour.netns, `${neighbour.hostAddress}:8201`),
    reach(null, '127.0.0.1:8201'),
    reach(netns, `${neighbour.hostAddress}:8201`),
  ]);
const localnet = (link: string): string => run(`cat /proc/sys/net/ipv4/conf/${link}/route_localnet`).trim();
const over = (plugin: object, options: object = {}): CniList => ({
  cniVersion: '1.0.0',
  name: 'answers',
  plugins: [plugin as CniList['plugins'][0], {type: 'portmap', capabilities: {portMappings: true}, ...options}],
});
const answering = () => ({
  id: 'answers1',
  netns: makeNetns('answers1'),
  capabilities: {portMappings: [{hostPort: 8201, containerPort: 80}]},
});

check(`on a foreign bridge the host and the container itself reach a published port${why}`, async t => {
  const cni = mixed(t, 'bridge');
  const ipam = {type: 'host-local', subnet: '10.42.0.0/24', routes: [{dst: '0.0.0.0/0'}]};
  const bridge = {type: 'bridge', bridge: 'br-answers', isGateway: true, hairpinMode: true, ipam};
  const target = answering();
  const add = (options: object = {}) => cni.add(over(bridge, options), target);
  const result = await add();
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.deepEqual(await clients(target.netns), [neighbour.address, '10.42.0.1', '10.42.0.1']);
  await cni.check({...over(bridge), plugins: over(bridge).plugins.slice(1)}, target, result);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  t.deepEqual(await clients(target.netns), [neighbour.address, '10.42.0.1', '10.42.0.1']);
  await cni.del(over(bridge), target, result);

  await cni.del(
    over(bridge),
    target,
    await add({masqAll: true}).then(async all => {
      t.deepEqual(await clients(target.netns), ['10.42.0.1', '10.42.0.1', '10.42.0.1']);
      return all;
    }),
  );
  const plain = await add({snat: false});
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8201`), neighbour.address);
  t.is(await ask(null, 'tcp', '127.0.0.1:8201', {waitS: 0.5}), null);
  await cni.del(over(bridge), target, plain);

  t.is(localnet('br-answers'), '1');
  await tnet.ok('network', 'rm', 'cni:answers');
  t.is(localnet('br-answers'), '0');
  t.is(run('nft list table inet tnet | grep -c br-answers || true').trim(), '0');
  run('ip link del br-answers');
  removeNetns(target.netns);
});

check(`on a foreign point-to-point link too, for as long as it is there${why}`, async t => {
  const cni = mixed(t, 'ptp');
  const ipam = {type: 'host-local', subnet: '10.43.0.0/24', routes: [{dst: '0.0.0.0/0'}]};
  const list = over({type: 'ptp', ipam});
  const target = answering();
  const result = await cni.add(list, target);
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.deepEqual(await clients(target.netns), [neighbour.address, '10.43.0.1', '10.43.0.1']);
  run(`ip link del ${(result.interfaces as {name: string}[])[0]!.name}`);
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await cni.del(list, target, result);
  t.is(run('nft list table inet tnet | grep -c 10.43 || true').trim(), '0');
  removeNetns(target.netns);
});

check(`our bridge asks a foreign plugin for its addresses${why}`, async t => {
  const cni = mixed(t);
  const ipam = {
    type: 'host-local-foreign',
    subnet: '10.41.0.0/24',
    dataDir: `${tnet.runRoot}/ipam`,
    routes: [{dst: '0.0.0.0/0'}],
  };
  run(`ln -s ${reference}/host-local ${cni.bin}/host-local-foreign`);
  const bridge = {type: 'bridge', bridge: 'br-ours', isGateway: true, ipMasq: true, ipam};
  const list: CniList = {
    cniVersion: '1.0.0',
    name: 'ours',
    plugins: [bridge, {type: 'portmap', capabilities: {portMappings: true}}],
  };
  const target = {id: 'ours1', netns: makeNetns('ours1'), capabilities: ports};
  const result = await cni.add(list, target);
  t.like(result, {ips: [{address: '10.41.0.2/24', gateway: '10.41.0.1', interface: 2}]});
  const server = await serve(target.netns, 80);
  t.teardown(() => server.kill());
  t.is(await reach(neighbour.netns, `${neighbour.hostAddress}:8200`), neighbour.address);
  await t.throwsAsync(cni.add(list, target));
  await cni.del(list, target, result);
  t.is(run(`ls ${tnet.runRoot}/ipam/ours | grep -c 10.41 || true`).trim(), '0');
  removeNetns(target.netns);
});
