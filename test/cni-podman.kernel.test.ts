import test from 'ava';
import {cniNames} from '../src/cli/plugin-links.ts';
import {removeCniNetworks} from './fixture/cni.ts';
import {reach} from './fixture/echo.ts';
import {makeNeighbour, run} from './fixture/host.ts';
import {makePlugins} from './fixture/plugin.ts';
import {makePodman, podmanLacks} from './fixture/podman.ts';
import {useTnet} from './fixture/use-tnet.ts';

/** podman with `network_backend = "cni"`, whose plugins are tnet-plugin. */
const neighbour = makeNeighbour();
const tnet = useTnet({
  closing: () => removeCniNetworks(tnet),
  closed: () => plugins.remove(),
});
const plugins = makePlugins(tnet, cniNames);
const lacks = podmanLacks();
const check = lacks === null ? test.serial : test.serial.skip;

check(`podman runs a container on a CNI network of ours${lacks === null ? '' : ` (skipped: ${lacks})`}`, async t => {
  const podman = makePodman(plugins.folder, 'cni');
  t.teardown(() => podman.end());
  await podman.run('network', 'create', '--subnet', '10.78.0.0/24', 'lan');
  const server = 'while true; do echo "you are $(cat /proc/sys/net/ipv4/conf/eth0/forwarding)" | nc -l -p 80; done';
  const options = ['-d', '--name', 'web', '--network', 'lan', '-p', '8090:80', '--rootfs', podman.rootfs];
  await podman.run('run', ...options, 'sh', '-c', server);
  t.not(await reach(neighbour.netns, `${neighbour.hostAddress}:8090`), null);
  t.regex(await podman.run('inspect', 'web'), /"IPAddress": "10\.78\.0\.2"/);
  await podman.run('rm', '-f', '-t0', 'web');
  t.is(run('ip -o link show type veth | grep -v eth0 || true').trim(), '');
  t.is(run('nft list table inet tnet | grep -c "10.78.0.2" || true').trim(), '0');
  await podman.run('network', 'rm', 'lan');
});
