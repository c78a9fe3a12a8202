import test from 'ava';
import {leaseOf} from '../../../src/model/attachment.ts';
import {firewallNames} from '../../../src/network/firewall/renderer.ts';
import {openStore} from '../../../src/store/store.ts';
import {ask, serve} from '../../fixture/echo.ts';
import {belongings, makeEmptyTables, makeHost, makeNeighbour, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, networkSpec} from '../../fixture/network.ts';

/** Our rules on a host where others have theirs: the same promises with either renderer. */
makeHost();
const neighbour = makeNeighbour();
makeEmptyTables();
const idle = belongings();
const saved = (): string =>
  run('iptables-save; ip6tables-save')
    .replace(/^#.*\n/gm, '')
    .replace(/\[\d+:\d+\]/g, '');
const clean = saved();

test.afterEach.always(t => {
  t.deepEqual(belongings(), idle);
  t.is(saved(), clean);
});

const until = async (holds: () => boolean, waitMs = 1000): Promise<boolean> => {
  for (const end = Date.now() + waitMs; Date.now() < end && !holds(); ) await new Promise(done => setTimeout(done, 20));
  return holds();
};
const docker = (): string => run('iptables -t nat -S DOCKER 2>&1 || true');
const dualStack = networkSpec('lan', {ipv6: true});

for (const firewall of ['nftables', 'iptables'] as const) {
  test.serial(`${firewall}: packets pass a FORWARD whose policy is DROP, and nothing is left of that`, async t => {
    for (const program of ['iptables', 'ip6tables']) run(`${program} -P FORWARD DROP`);
    const theirs = saved();
    const net = await makeNetwork({firewall});
    await net.controller.create(dualStack);
    const web = await net.attach('web', {network: 'lan', ports: ['8080:80']});
    const servers = [await serve(web.sandbox, 80), await serve(web.sandbox, 90), await serve(neighbour.netns, 7070)];
    t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080'), '192.0.2.2');
    t.is(await ask(neighbour.netns, 'tcp', '[2001:db8:1::1]:8080'), '2001:db8:1::2');
    t.is(await ask(web.sandbox, 'tcp', '192.0.2.2:7070'), '192.0.2.1');
    t.is(await ask(web.sandbox, 'tcp', '[2001:db8:1::2]:7070'), '2001:db8:1::1');
    const {address} = leaseOf(web, 4)!;
    runIn(neighbour.netns, `ip route add ${address} via 192.0.2.1`);
    t.is(await ask(neighbour.netns, 'tcp', `${address}:90`, {waitS: 0.5}), null);
    runIn(neighbour.netns, `ip route del ${address}`);
    for (const server of servers) server.kill();
    await net.detach(web);
    await net.controller.remove('lan');
    if (firewall === 'nftables') t.is(saved(), theirs);
    await net.controller.close();
    t.is(saved(), theirs);
    for (const program of ['iptables', 'ip6tables']) run(`${program} -P FORWARD ACCEPT`);
  });
}

test.serial(
  'nftables: a policy that becomes DROP later is noticed, and DOCKER-USER used where another made it',
  async t => {
    const net = await makeNetwork();
    const web = await net.attach('web', {ports: ['8080:80']});
    const server = await serve(web.sandbox, 80);
    run('iptables -N DOCKER-USER; iptables -I FORWARD -j DOCKER-USER; iptables -P FORWARD DROP');
    t.true(await until(() => run('iptables -S DOCKER-USER').split('-j ACCEPT').length === 3));
    t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080'), '192.0.2.2');
    run('iptables -P FORWARD ACCEPT');
    t.true(await until(() => run('iptables -S DOCKER-USER') === '-N DOCKER-USER\n'));
    server.kill();
    await net.detach(web);
    await net.controller.close();
    run('iptables -F FORWARD; iptables -X DOCKER-USER');
  },
);

test.serial('iptables: what others flush or put before comes back within a second', async t => {
  const net = await makeNetwork({firewall: 'iptables'});
  const web = await net.attach('web', {ports: ['8080:80']});
  const whole = saved();
  run('iptables -F; iptables -t nat -F; iptables -t raw -F');
  t.true(await until(() => saved() === whole), saved());
  run('iptables -t nat -D POSTROUTING 1');
  t.true(await until(() => saved() === whole));
  run('iptables -F; iptables -X; iptables -t nat -F; iptables -t nat -X');
  t.true(await until(() => sameLines(saved(), whole)), saved());
  run('iptables -I FORWARD 1 -j DROP');
  const jumps = (): string => run('iptables -S FORWARD');
  t.true(
    await until(() => /^-P.*\n.*-j DOCKER-USER\n.*-j DOCKER-FORWARD\n-A FORWARD -j DROP\n$/.test(jumps())),
    jumps(),
  );
  run('iptables -D FORWARD -j DROP');
  await net.detach(web);
  await net.controller.close();
});

/** Chains that were made anew are listed elsewhere. */
function sameLines(a: string, b: string): boolean {
  return a.split('\n').sort().join() === b.split('\n').sort().join();
}

test.serial('iptables: rules of others in chains that we share are kept, and the chains with them', async t => {
  run('iptables -N DOCKER-USER; iptables -A DOCKER-USER -s 192.0.2.2 -p tcp -m tcp --dport 80 -j DROP');
  const theirs = saved();
  const net = await makeNetwork({firewall: 'iptables'});
  const web = await net.attach('web', {ports: ['8080:80', '8081:81']});
  const servers = [await serve(web.sandbox, 80), await serve(web.sandbox, 81)];
  t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8081'), '192.0.2.2');
  t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080', {waitS: 0.5}), null, 'DOCKER-USER is asked first');
  run('iptables -t nat -A DOCKER -p tcp -m tcp --dport 1 -j RETURN');
  for (const server of servers) server.kill();
  await net.detach(web);
  await net.controller.close();
  t.is(docker(), '-N DOCKER\n-A DOCKER -p tcp -m tcp --dport 1 -j RETURN\n');
  run('iptables -t nat -F DOCKER; iptables -t nat -X DOCKER');
  t.is(saved(), theirs);
  run('iptables -F DOCKER-USER; iptables -X DOCKER-USER');
});

test.serial('iptables: 5,000 ports are one rule a family, shifted ones too, and lead to the right port', async t => {
  const net = await makeNetwork({firewall: 'iptables'});
  await net.controller.create(dualStack);
  const web = await net.attach('web', {
    network: 'lan',
    ports: ['20000-24999:20000-24999', '30000-30099:4000-4099/udp'],
  });
  const {address} = leaseOf(web, 4)!;
  t.deepEqual(docker().match(/DNAT.*/g), [
    `DNAT --to-destination ${address}`,
    `DNAT --to-destination ${address}:4000-4099/30000`,
  ]);
  t.is(run('ip6tables -t nat -S DOCKER').match(/DNAT/g)?.length, 2);
  const servers = [await serve(web.sandbox, 24999), await serve(web.sandbox, 4042)];
  t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:24999'), '192.0.2.2');
  t.is(await ask(neighbour.netns, 'udp', '192.0.2.1:30042'), '192.0.2.2');
  t.is(await ask(neighbour.netns, 'udp', '[2001:db8:1::1]:30042'), '2001:db8:1::2');
  for (const server of servers) server.kill();
  await net.detach(web);
  await net.controller.close();
});

test.serial('iptables: a port can be published and taken back while the container runs', async t => {
  const net = await makeNetwork({firewall: 'iptables'});
  const web = await net.attach('web');
  const before = saved();
  const mapping = {proto: 'tcp', hostIp: null, hostPort: 8080, containerPort: 80, count: 1} as const;
  await net.controller.publish(web.id, mapping);
  t.regex(docker(), /--dport 8080 .*--to-destination 172\.17\.0\.2:80/);
  await net.controller.unpublish(web.id, mapping);
  t.is(saved(), before);
  await net.detach(web);
  await net.controller.close();
});

for (const first of firewallNames)
  for (const second of firewallNames.filter(name => name !== first)) {
    test.serial(`a daemon with --firewall ${second} removes what one with ${first} has left`, async t => {
      const fresh = async (firewall: typeof first, store = openStore(':memory:')) => {
        const net = await makeNetwork({firewall, store});
        return {net, rules: () => [run('nft list tables'), run('iptables-save | grep tnet || true')].join('')};
      };
      const reference = await fresh(second);
      const probe = await reference.net.attach('web');
      const want = reference.rules();
      await reference.net.detach(probe);
      await reference.net.controller.close();

      const store = openStore(':memory:');
      const {net} = await fresh(first, store);
      const web = await net.attach('web');
      net.abandon();
      const after = await fresh(second, store);
      t.is(after.rules(), want);
      t.is(run('cat /proc/sys/net/ipv4/conf/docker0/route_localnet'), second === 'none' ? '0\n' : '1\n');
      await after.net.detach(web);
      await after.net.controller.close();
    });
  }

test.serial('none: no port is published, and 127.0.0.1 of the host stays its own', async t => {
  const net = await makeNetwork({firewall: 'none'});
  await t.throwsAsync(net.attach('web', {ports: ['8080:80']}), {
    code: 'ERR_BAD_REQUEST',
    message: 'Cannot publish ports: the daemon runs with --firewall none',
  });
  await net.controller.removeSandbox('/run/tnet-test/netns/web');
  const web = await net.attach('web');
  const server = await serve('/proc/self/ns/net', 7071);
  runIn(
    web.sandbox,
    'ip link set lo down; ip route add 127.0.0.1/32 via 172.17.0.1; sysctl -qw net.ipv4.conf.all.route_localnet=1',
  );
  t.is(await ask(web.sandbox, 'tcp', '172.17.0.1:7071'), '172.17.0.2');
  t.is(await ask(web.sandbox, 'tcp', '127.0.0.1:7071', {waitS: 0.5}), null);
  server.kill();
  await net.detach(web);
  await net.controller.close();
});

test.serial('iptables: a program that is not there is named, and nothing is left behind', async t => {
  const net = await makeNetwork({firewall: 'iptables'});
  run('mount -t tmpfs tmpfs /etc/alternatives');
  const error = await t.throwsAsync(net.controller.create(dualStack), {code: 'ERR_KERNEL'});
  run('umount /etc/alternatives');
  t.regex(
    error!.message,
    /Cannot run "iptables-save": it is not installed; install iptables, or .*--firewall nftables/,
  );
  t.false(net.controller.list().some(({name}) => name === 'lan'));
  await net.controller.close();
});
