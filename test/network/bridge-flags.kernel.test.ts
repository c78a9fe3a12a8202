import test from 'ava';
import {parseDaemonOptions} from '../../src/daemon/options.ts';
import type {Prefix} from '../../src/model/ip.ts';
import {openStore} from '../../src/store/store.ts';
import {ask, serve} from '../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, run} from '../fixture/host.ts';
import {makeNetwork, networkSpec} from '../fixture/network.ts';

makeHost();
const neighbour = makeNeighbour();
const idle = belongings();
test.afterEach.always(t => t.deepEqual(belongings(), idle));

const flagsOf = (...args: readonly string[]) => parseDaemonOptions(args, {}).bridgeFlags;

test.serial('--ipv6 makes docker0 dual stack: addresses, a way out, ports; without flags it stays so', async t => {
  const store = openStore(':memory:');
  const first = await makeNetwork({store});
  await first.controller.close();
  const net = await makeNetwork({store, bridgeFlags: flagsOf('--ipv6=true', '--mtu=1400')});
  const web = await net.attach('web', {ports: ['8080:80']});
  t.is(web.leases.length, 2);
  t.regex(run('ip -o addr show docker0'), /inet6 fd.*::1\/64/);
  t.regex(run('ip link show docker0'), /mtu 1400/);
  const [inside, outside] = [await serve(web.sandbox, 80), await serve(neighbour.netns, 81)];
  t.is(await ask(neighbour.netns, 'tcp', `[${neighbour.hostAddress6}]:8080`), neighbour.address6);
  t.is(await ask(web.sandbox, 'tcp', `[${neighbour.address6}]:81`), neighbour.hostAddress6);
  for (const server of [inside, outside]) server.kill();
  t.regex(run('nft list map inet tnet published6-any'), /tcp \. 8080/);
  await net.detach(web);
  await net.controller.close();
  const later = await makeNetwork({store});
  t.deepEqual(later.controller.get('bridge'), net.controller.get('bridge'));
  await later.controller.close();
  const back = await makeNetwork({store, bridgeFlags: flagsOf('--ipv6=false')});
  t.is(back.controller.get('bridge').subnets.length, 1);
  await back.controller.close();
  store.close();
});

test.serial('--bip, --fixed-cidr, --fixed-cidr-v6 and --icc=false say what docker0 is', async t => {
  const net = await makeNetwork({
    bridgeFlags: flagsOf('--bip=10.9.0.1/24', '--fixed-cidr=10.9.0.128/25', '--fixed-cidr-v6=fd77::/64', '--icc=false'),
  });
  const web = await net.attach('web');
  t.deepEqual(
    web.leases.map(({address}) => String(address)),
    ['10.9.0.128', 'fd77::2'],
  );
  t.regex(run('ip -o addr show docker0'), /10\.9\.0\.1\/24/);
  t.regex(run('ip -d link'), /isolated on/);
  await net.detach(web);
  await net.controller.close();
});

test.serial('flags that change docker0 under a running container are refused, the same ones are not', async t => {
  const store = openStore(':memory:');
  const net = await makeNetwork({store, bridgeFlags: flagsOf('--ipv6=true')});
  const web = await net.attach('web');
  net.abandon();
  await t.throwsAsync(makeNetwork({store, bridgeFlags: flagsOf('--bip=10.9.0.1/24')}), {
    code: 'ERR_CONFLICT',
    message: /its flags change the network "bridge", and 1 running containers are on it/,
  });
  const again = await makeNetwork({store, bridgeFlags: flagsOf('--ipv6=true')});
  await again.detach(web);
  await again.controller.close();
  store.close();
});

test.serial('--default-address-pool is where subnets are chosen', async t => {
  const {pools} = parseDaemonOptions(['--default-address-pool=base=10.64.0.0/22,size=24'], {});
  const net = await makeNetwork({pools});
  const made = await net.controller.create(networkSpec('a'));
  t.deepEqual(
    [net.controller.get('bridge'), made].map(({subnets}) => subnets[0]!.prefix),
    ['10.64.0.0/24', '10.64.1.0/24'] as readonly string[] as Prefix[],
  );
  await net.controller.remove('a');
  await net.controller.close();
});

for (const [flag, message] of [
  ['--ipv6=maybe', /--ipv6=maybe: want true or false/],
  ['--bip=10.9.0.0', /10\.9\.0\.0/],
  ['--mtu=9', /--mtu 9: want 68 to 65535/],
  ['--fixed-cidr=hello', /hello/],
  ['--default-address-pool=base=10.0.0.0/8', /want base=10\.64\.0\.0\/12,size=24/],
  ['--default-address-pool=base=10.0.0.0/16,size=8', /want a size from 16 to 30/],
] as const) {
  test(`the flag ${flag} is refused`, t => {
    t.throws(() => parseDaemonOptions([flag], {}), {code: 'ERR_BAD_REQUEST', message});
  });
}
