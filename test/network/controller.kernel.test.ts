import {spawn} from 'node:child_process';
import {once} from 'node:events';
import {mkdtempSync, rmSync} from 'node:fs';
import {createServer} from 'node:net';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import test from 'ava';
import type {Op} from '../../src/kernel/item.ts';
import type {Kernel} from '../../src/kernel/kernel.ts';
import type {Ip, Prefix} from '../../src/model/ip.ts';
import {openStore, type Store} from '../../src/store/store.ts';
import {ask, serve} from '../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, run} from '../fixture/host.ts';
import {makeNetwork, networkSpec} from '../fixture/network.ts';

const dir = makeHost();
const neighbour = makeNeighbour();
const idle = belongings();

test.afterEach.always(t => t.deepEqual(belongings(), idle));

test.serial('a docker0 that another program made is never taken over', async t => {
  run('ip link add docker0 type bridge && ip link set docker0 up');
  const net = await makeNetwork();
  const error = await t.throwsAsync(net.attach('a'), {code: 'ERR_LINK_FOREIGN'});
  t.regex(error!.message, /"docker0".*another program.*--bridge/);
  await net.controller.removeSandbox(`${dir}/netns/a`);
  await net.controller.close();
  t.regex(run('ip -o link show docker0'), /state/);
  const other = await makeNetwork({bridge: 'tnet0'});
  const attachment = await other.attach('a');
  t.regex(run('ip -br addr show tnet0'), /172\.17\.0\.1\/16/);
  await other.detach(attachment);
  await other.controller.close();
  run('ip link del docker0');
});

test.serial('a bridge that another program made meanwhile is neither changed nor removed', async t => {
  const net = await makeNetwork();
  await net.controller.create(networkSpec('lan', {options: {'com.docker.network.bridge.name': 'br9'}}));
  run('ip link del br9 && ip link add br9 type bridge && ip addr add 198.51.100.1/24 dev br9');
  const theirs = run('ip -d link show br9; ip -4 -o addr show br9');
  await net.controller.repair();
  t.is(run('ip -d link show br9; ip -4 -o addr show br9'), theirs);
  t.notRegex(run('nft list table inet tnet'), /br9/, 'and our rules are not about it');
  const before = belongings();
  await t.throwsAsync(net.attach('late', {network: 'lan'}), {
    code: 'ERR_LINK_FOREIGN',
    message: /br9.*another program/,
  });
  await net.controller.removeSandbox(`${dir}/netns/late`);
  t.deepEqual([belongings(), net.store.state.attachments.size], [before, 0]);
  t.notRegex(run('nft list table inet tnet'), /br9/);
  await net.controller.remove('lan');
  t.is(run('ip -d link show br9; ip -4 -o addr show br9'), theirs);
  await net.controller.close();
  t.is(run('ip -d link show br9; ip -4 -o addr show br9'), theirs);
  run('ip link del br9');
});

test.serial('a network that cannot be made leaves nothing, whatever step fails', async t => {
  const store = openStore(':memory:');
  let left = Number.POSITIVE_INFINITY;
  const wrap = (kernel: Kernel): Kernel => ({
    ...kernel,
    async execute(ops, onError) {
      if (onError === 'undo' && left-- <= 0) throw new Error('broken');
      return kernel.execute(ops, onError);
    },
  });
  const net = await makeNetwork({store, wrap});
  await net.controller.repair();
  const before = [belongings(), run('sysctl -a 2>/dev/null | grep -w forwarding')];
  for (let steps = 0; ; steps++) {
    left = steps;
    const failed = await net.controller.create(networkSpec('lan')).then(
      () => false,
      () => true,
    );
    left = Number.POSITIVE_INFINITY;
    if (!failed) break;
    t.deepEqual(belongings().links, (before[0] as typeof idle).links, `after ${steps} steps`);
    t.false(net.controller.list().some(({name}) => name === 'lan'));
  }
  await net.controller.remove('lan');
  await net.controller.close();
  t.is(run('sysctl -a 2>/dev/null | grep -w forwarding'), before[1] as string);
  store.close();
});

test.serial('subnets avoid on-link routes of the host and each other', async t => {
  run(`ip addr add 172.17.9.9/24 dev ${neighbour.link}`);
  const net = await makeNetwork();
  t.is<string, string>(net.controller.get('bridge').subnets[0]!.prefix, '172.18.0.0/16');
  t.is<string, string>((await net.controller.create(networkSpec('a'))).subnets[0]!.prefix, '172.19.0.0/16');
  const asked = (prefix: string) =>
    networkSpec('b', {subnets: [{prefix: prefix as Prefix, gateway: null, range: null, reserved: {}}]});
  await t.throwsAsync(net.controller.create(asked('172.19.4.0/24')), {
    code: 'ERR_SUBNET_IN_USE',
    message: /Pool overlaps/,
  });
  await t.throwsAsync(net.controller.create(asked('172.17.9.0/25')), {code: 'ERR_SUBNET_IN_USE'});
  await t.throwsAsync(net.controller.create(networkSpec('a')), {code: 'ERR_NAME_IN_USE'});
  await t.throwsAsync(net.controller.create(networkSpec('host')), {code: 'ERR_FORBIDDEN'});
  t.deepEqual(
    net.controller.list().map(({name}) => name),
    ['bridge', 'host', 'none', 'a'],
  );
  await net.controller.remove('a');
  await net.controller.close();
  run(`ip addr del 172.17.9.9/24 dev ${neighbour.link}`);
});

for (const [option, value, message] of [
  ['com.docker.network.bridge.gateway_mode_ipv4', 'isolated', /needs an internal network/],
  ['com.docker.network.bridge.gateway_mode_ipv6', 'nat66', /invalid value "nat66"/],
  ['com.docker.network.bridge.vlan', '7', /vlan" is not supported/],
  ['com.docker.network.bridge.enable_icc', 'no', /invalid value "no"/],
  ['com.docker.network.driver.mtu', '9', /invalid value "9" of option .*: want 68 to 65535/],
  ['com.docker.network.bridge.name', 'a/b', /invalid bridge name "a\/b"/],
] as const) {
  test.serial(`the option ${option}=${value} is refused, and nothing is made`, async t => {
    const net = await makeNetwork();
    await t.throwsAsync(net.controller.create(networkSpec('x', {options: {[option]: value}})), {
      code: 'ERR_BAD_REQUEST',
      message,
    });
    t.deepEqual(
      net.controller.list().map(({name}) => name),
      ['bridge', 'host', 'none'],
    );
    await net.controller.close();
  });
}

test.serial('host ports are held: by us against others, by others against us', async t => {
  const net = await makeNetwork();
  const web = await net.attach('web', {ports: ['8080:80', '80', '127.0.0.1::53/udp']});
  const [, ephemeral, local] = web.ports;
  const [low, high] = run('cat /proc/sys/net/ipv4/ip_local_port_range').trim().split(/\s+/).map(Number) as [
    number,
    number,
  ];
  for (const {hostPort} of [ephemeral!, local!]) t.true(hostPort >= low && hostPort <= high);
  const taken = await new Promise<string>(resolve => {
    const server = createServer().on('error', error => resolve((error as NodeJS.ErrnoException).code ?? ''));
    server.listen(8080, '0.0.0.0', () => resolve('free'));
  });
  t.is(taken, 'EADDRINUSE');
  await t.throwsAsync(net.attach('b', {ports: ['127.0.0.1:8080:81']}), {
    code: 'ERR_PORT_IN_USE',
    message: /port is already allocated/,
  });
  const server = createServer().listen(9999, '127.0.0.1');
  await once(server, 'listening');
  await t.throwsAsync(
    net.connect({owner: 'b', sandbox: `${dir}/netns/b`}, 'bridge', {
      ports: [{proto: 'tcp', hostIp: null, hostPort: 9999, containerPort: 80, count: 1}],
    }),
    {
      code: 'ERR_PORT_IN_USE',
      message: /0\.0\.0\.0:9999\/tcp: address already in use/,
    },
  );
  server.close();
  await net.controller.removeSandbox(`${dir}/netns/b`);
  await net.detach(web);
  const free = createServer().listen(8080, '0.0.0.0');
  await once(free, 'listening');
  free.close();
  await net.controller.close();
});

test.serial('a UDP flow to a port does not go on to its next owner', async t => {
  const net = await makeNetwork();
  const first = await net.attach('first', {ports: ['5353:53/udp']});
  const server = await serve(first.sandbox, 53);
  const client = `exec 3<>/dev/udp/192.0.2.1/5353; echo >&3; dd bs=512 count=1 <&3 2>/dev/null; read -r _; echo >&3; timeout 1 dd bs=512 count=1 <&3 2>/dev/null`;
  const talk = spawn('nsenter', [`--net=${neighbour.netns}`, 'bash', '-c', client], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  let heard = '';
  talk.stdout.on('data', chunk => (heard += chunk));
  for (let i = 0; i < 100 && heard === ''; i++) await new Promise(resolve => setTimeout(resolve, 10));
  t.is(heard, 'you are 192.0.2.2\n');
  server.kill('SIGKILL');
  await net.detach(first);
  await net.attach('filler').then(net.detach);
  const hold = await net.attach('hold');
  const second = await net.attach('second', {ports: ['5353:54/udp']});
  const other = await serve(second.sandbox, 54);
  talk.stdin.end('go\n');
  await new Promise(resolve => talk.once('close', resolve));
  t.is(heard, 'you are 192.0.2.2\nyou are 192.0.2.2\n');
  other.kill('SIGKILL');
  await net.detach(hold);
  await net.detach(second);
  await net.controller.close();
});

test.serial('an attach that fails leaves nothing, and the next gets the same address', async t => {
  const net = await makeNetwork();
  const keep = await net.attach('keep');
  const before = {...belongings(), rules: run('nft -s list ruleset'), state: [...net.store.state.attachments.keys()]};
  await net.controller.createSandbox(`${dir}/netns/b`);
  run(
    `ip -n ${dir}/netns/b link add eth0 type bridge 2>/dev/null || nsenter --net=${dir}/netns/b ip link add eth0 type bridge`,
  );
  await t.throwsAsync(
    net.connect({owner: 'b', sandbox: `${dir}/netns/b`}, 'bridge', {
      addresses: ['172.17.0.3' as Ip],
      ports: [{proto: 'tcp', hostIp: null, hostPort: 8080, containerPort: 80, count: 1}],
    }),
    {code: 'ERR_KERNEL'},
  );
  await net.controller.removeSandbox(`${dir}/netns/b`);
  t.deepEqual(
    {...belongings(), rules: run('nft -s list ruleset'), state: [...net.store.state.attachments.keys()]},
    before,
  );
  const next = await net.attach('c', {ports: ['8080:80']});
  t.is<string, string>(next.leases[0]!.address, '172.17.0.3');
  await net.detach(next);
  await net.detach(keep);
  await net.controller.close();
});

class Crash extends Error {}

/** Dies after `steps` operations on the kernel: nothing is undone, nothing more is written. */
const crashing = (kernel: Kernel, store: Store, steps: number): {kernel: Kernel; store: Store} => {
  let left = steps;
  const dead = (): boolean => left < 0;
  return {
    kernel: {
      ...kernel,
      async execute(ops: readonly Op[]) {
        for (const op of ops) {
          if (dead() || left-- === 0) throw new Crash();
          await kernel.execute([op], 'undo');
        }
      },
    },
    store: {...store, commit: change => (dead() ? undefined : store.commit(change))},
  };
};

for (const what of ['create', 'attach', 'detach'] as const) {
  test.serial(`a crash at any step of ${what} is repaired at the next start`, async t => {
    let finished = false;
    for (let steps = 0; !finished; steps++) {
      const path = mkdtempSync(join(tmpdir(), 'tnet-crash-'));
      const store = openStore(join(path, 'tnet.db'));
      let dying: ReturnType<typeof crashing> | undefined;
      const first = await makeNetwork({
        store: {...store, commit: change => (dying?.store ?? store).commit(change)},
        wrap: kernel => ({...kernel, execute: (ops, onError) => (dying?.kernel ?? kernel).execute(ops, onError)}),
      });
      if (what === 'detach') await first.attach('box', {ports: ['8080:80']});
      dying = crashing(first.kernelBelow, store, steps);
      const job =
        what === 'create'
          ? first.controller.create(networkSpec('lan'))
          : what === 'attach'
            ? first.attach('box', {ports: ['8080:80']})
            : first.controller.detach(first.controller.attachmentsOf({})[0]!.id);
      finished = await job.then(
        () => true,
        error => !isCrash(error),
      );
      first.abandon();
      store.close();

      const again = openStore(join(path, 'tnet.db'));
      const second = await makeNetwork({store: again});
      t.deepEqual(await second.controller.repair({dryRun: true}), [], `${what}, step ${steps}`);
      // What the engine does at its start with attachments of containers that do not run.
      for (const {id} of second.controller.attachmentsOf({})) await second.controller.detach(id);
      await second.controller.removeSandbox(`${dir}/netns/box`);
      const after = await second.attach('after', {ports: ['8080:80']});
      const server = await serve(after.sandbox, 80);
      t.is(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080'), '192.0.2.2', `${what}, step ${steps}`);
      server.kill('SIGKILL');
      await second.detach(after);
      if (second.controller.list().some(({name}) => name === 'lan')) await second.controller.remove('lan');
      await second.controller.close();
      again.close();
      rmSync(path, {recursive: true});
      t.deepEqual(belongings(), idle, `${what}, step ${steps}`);
    }
  });
}

function isCrash(error: unknown): boolean {
  return error instanceof Crash || (error instanceof AggregateError && error.errors.some(isCrash));
}
