import {rmSync} from 'node:fs';
import test from 'ava';
import {type Dockerd, dockerdLacks, makeDockerd} from './fixture/dockerd.ts';
import {reach} from './fixture/echo.ts';
import {makeNeighbour, run} from './fixture/host.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** A real dockerd whose networks are ours. */
const neighbour = makeNeighbour();
const tnet = useTnet({
  closing: () => dockerd?.end(),
});
let dockerd: Dockerd;
const lacks = dockerdLacks();
const check = lacks === null ? test.serial : test.serial.skip;
const note = lacks === null ? '' : ` (skipped: ${lacks})`;

test.before(async () => {
  if (lacks !== null) return;
  dockerd = makeDockerd();
  await tnet.ok('plugin', 'install', '--docker', '/run/docker/plugins');
  await tnet.ok('network', 'ls'); // a daemon is to run before dockerd asks
  await dockerd.start();
});

const server = ['box', 'sh', '-c', 'while true; do echo "you are known" | nc -l -p 80; done'];
const at = (port: number): string => `${neighbour.hostAddress}:${port}`;

async function docker(...args: readonly string[]): Promise<string> {
  return dockerd.docker(...args);
}

check(
  `docker network create -d tnet --ipam-driver tnet gives networks whose ports and names answer${note}`,
  async t => {
    const options = ['-o', 'com.docker.network.bridge.name=shop0', '-o', 'com.docker.network.driver.mtu=1400'];
    await docker('network', 'create', '-d', 'tnet', '--ipam-driver', 'tnet', ...options, 'shop');
    await docker('run', '-d', '--name', 'web', '--network', 'shop', '-p', '8091:80', ...server);
    t.is(await reach(neighbour.netns, at(8091)), 'known');
    t.is(await reach(null, '127.0.0.1:8091'), 'known');
    const address = await docker('inspect', '-f', '{{.NetworkSettings.Networks.shop.IPAddress}}', 'web');
    t.regex(await docker('run', '--rm', '--network', 'shop', 'box', 'nslookup', 'web'), new RegExp(address));
    t.regex(await docker('exec', 'web', 'ip', 'link'), /eth0.*mtu 1400/);
    t.regex(run('ip -o link show master shop0'), /veth/);
    await docker('rm', '-f', 'web');
    await docker('network', 'rm', 'shop');
    t.notRegex(await tnet.ok('network', 'ls'), /docker:/);
    t.is(run('nft list table inet tnet | grep -c 8091 || true').trim(), '0');
    t.notRegex(run('ip -o link'), /shop0/);
  },
);

check(`subnets, gateways, addresses and IPv6 are those that Docker was told${note}`, async t => {
  const v4 = ['--subnet', '10.93.0.0/24', '--gateway', '10.93.0.254', '--aux-address', 'router=10.93.0.2'];
  const v6 = ['--ipv6', '--subnet', 'fd93::/64'];
  for (const ipam of ['tnet', 'default']) {
    await docker('network', 'create', '-d', 'tnet', '--ipam-driver', ipam, ...v4, ...v6, 'both');
    await docker('run', '-d', '--name', 'first', '--network', 'both', ...server);
    await docker('run', '-d', '--name', 'fixed', '--network', 'both', '--ip', '10.93.0.9', ...server);
    const first = await docker('exec', 'first', 'ip', 'addr');
    t.regex(first, /10\.93\.0\.1\/24/, ipam);
    t.regex(first, /fd93::[23]\/64/, ipam);
    t.regex(await docker('exec', 'fixed', 'ip', 'addr'), /10\.93\.0\.9\/24/, ipam);
    t.regex(await docker('exec', 'fixed', 'ip', 'route'), /default via 10\.93\.0\.254/, ipam);
    t.regex(await docker('exec', 'fixed', 'ip', '-6', 'route'), /default via fd93::1/, ipam);
    await t.throwsAsync(docker('run', '--rm', '--network', 'both', '--ip', '10.93.0.9', 'box', 'ip', 'addr'));
    await docker('rm', '-f', 'first', 'fixed');
    await docker('network', 'rm', 'both');
  }
  t.notRegex(await tnet.ok('network', 'ls'), /docker:/);
});

check(`with tnet.ports=docker the ports are Docker's, and shown by it${note}`, async t => {
  await docker('network', 'create', '-d', 'tnet', '-o', 'tnet.ports=docker', 'theirs');
  await docker('run', '-d', '--name', 'web', '--network', 'theirs', '-p', '8092:80', ...server);
  t.is(await reach(neighbour.netns, at(8092)), 'known');
  t.regex(await docker('port', 'web'), /8092/);
  t.is(run('nft list table inet tnet | grep -c 8092 || true').trim(), '0');
  await docker('rm', '-f', 'web');
  await docker('network', 'rm', 'theirs');
});

check(`an internal network leads nowhere, and what is not supported is refused by name${note}`, async t => {
  await docker('network', 'create', '-d', 'tnet', '--internal', 'inner');
  t.notRegex(await docker('run', '--rm', '--network', 'inner', 'box', 'ip', 'route'), /default/);
  await docker('network', 'rm', 'inner');
  const wrong = ['network', 'create', '-d', 'tnet', '-o'];
  await t.throwsAsync(docker(...wrong, 'tnet.ports=mine', 'no'), {message: /want tnet or docker/});
  await t.throwsAsync(docker(...wrong, 'colour=red', 'no'), {message: /"colour" is not supported/});
  t.notRegex(await tnet.ok('network', 'ls'), /docker:/);
});

check(`a container goes on while either daemon is started again, in either order, and then goes${note}`, async t => {
  await docker('network', 'create', '-d', 'tnet', '--ipam-driver', 'tnet', 'long');
  await docker('run', '-d', '--name', 'web', '--network', 'long', '-p', '8093:80', ...server);
  await docker('run', '-d', '--name', 'other', '--network', 'long', ...server);
  const answers = async (when: string) => t.is(await reach(neighbour.netns, at(8093)), 'known', when);

  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await answers('after ours');
  await dockerd.stop('SIGTERM');
  await answers('without Docker');
  await dockerd.start();
  await answers("after Docker's");

  await dockerd.stop('SIGTERM');
  process.kill(tnet.daemonPid(), 'SIGKILL');
  await tnet.ok('network', 'ls');
  await dockerd.start();
  await answers('after ours and then Docker’s');
  await docker('rm', '-f', 'web');
  t.is(await docker('exec', 'other', 'ip', '-o', 'link').then(links => /eth0/.test(links)), true);
  await docker('run', '-d', '--name', 'web', '--network', 'long', '-p', '8093:80', ...server);
  await answers('anew');
  await docker('rm', '-f', 'web', 'other');
  await docker('network', 'rm', 'long');
  t.notRegex(await tnet.ok('network', 'ls'), /docker:/);
  t.is(run('ip -o link show type veth | grep -vw eth0 || true').trim(), '');
});

check(`tnet network prune leaves Docker's networks and pools alone, used or not${note}`, async t => {
  await docker('network', 'create', '-d', 'tnet', '--ipam-driver', 'tnet', 'idle');
  await docker('network', 'create', '-d', 'bridge', '--ipam-driver', 'tnet', 'pool');
  const known = async () =>
    (await tnet.ok('network', 'ls', '--format', '{{.Name}}')).match(/docker:\S+/g)?.sort() ?? [];
  const before = await known();
  t.true(before.length >= 2 && before.some(name => name.startsWith('docker:pool-')), before.join());
  await tnet.ok('network', 'create', 'mine');
  t.regex(await tnet.ok('network', 'prune', '-f'), /^mine$/);
  t.deepEqual(await known(), before);
  await docker('run', '-d', '--name', 'web', '--network', 'idle', '-p', '8094:80', ...server);
  t.is(await reach(neighbour.netns, at(8094)), 'known');
  await docker('rm', '-f', 'web');
  await docker('network', 'rm', 'idle', 'pool');
  t.deepEqual(await known(), []);
});

check(`dockerd ended by SIGKILL finds its networks again, and their containers go on${note}`, async t => {
  await docker('network', 'create', '-d', 'tnet', '--ipam-driver', 'tnet', 'hard');
  await docker('run', '-d', '--name', 'web', '--network', 'hard', '-p', '8095:80', ...server);
  const address = ['inspect', '-f', '{{.NetworkSettings.Networks.hard.IPAddress}}', 'web'] as const;
  const had = await docker(...address);
  await dockerd.stop('SIGKILL');
  t.is(await reach(neighbour.netns, at(8095)), 'known', 'without Docker');
  await dockerd.start();
  t.is(await docker(...address), had);
  t.is(await reach(neighbour.netns, at(8095)), 'known', 'with the next one');
  await docker('run', '-d', '--name', 'other', '--network', 'hard', ...server);
  t.not(await docker('inspect', '-f', '{{.NetworkSettings.Networks.hard.IPAddress}}', 'other'), had);
  t.regex(await docker('exec', 'other', 'nslookup', 'web'), new RegExp(had));
  await docker('rm', '-f', 'web', 'other');
  await docker('network', 'rm', 'hard');
  t.notRegex(await tnet.ok('network', 'ls'), /docker:/);
  t.is(run('ip -o link show type veth | grep -vw eth0 || true').trim(), '');
  t.is(run('nft list table inet tnet | grep -c 8095 || true').trim(), '0');
});

check(`tnet plugin uninstall --docker takes back what install wrote${note}`, async t => {
  t.is(await tnet.ok('plugin', 'uninstall', '--docker', '/run/docker/plugins'), '/run/docker/plugins/tnet.sock');
  t.is(await tnet.ok('plugin', 'install', '--docker', '/run/x'), '/run/x/tnet.spec');
  t.is(run('cat /run/x/tnet.spec').trim(), `unix://${tnet.socket}`);
  t.is(await tnet.ok('plugin', 'uninstall', '--docker', '/run/x'), '/run/x/tnet.spec');
  rmSync('/run/x', {recursive: true});
});
