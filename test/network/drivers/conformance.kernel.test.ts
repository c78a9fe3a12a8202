import {existsSync, readFileSync} from 'node:fs';
import test, {type ExecutionContext} from 'ava';
import type {Item} from '../../../src/kernel/item.ts';
import type {Kernel} from '../../../src/kernel/kernel.ts';
import type {Attachment} from '../../../src/model/attachment.ts';
import type {Mac} from '../../../src/model/mac.ts';
import type {Network} from '../../../src/model/network.ts';
import {type DriverCase, driverCases} from '../../fixture/driver-cases.ts';
import {ask, serve, talk} from '../../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, networkSpec, type TestNetwork} from '../../fixture/network.ts';

/** Every driver goes through the same list, on a host whose eth0 leads to another machine, the router 192.0.2.2. */
const dir = makeHost();
const wire = makeNeighbour();
/** For l3: the router knows the way; a host's own routes to containers of its macvlans do not exist. */
const prepareRouter = () => runIn(wire.netns, 'ip route replace 10.77.0.0/24 via 192.0.2.1');
prepareRouter();
await serve(wire.netns, 80);
const idle = belongings();

const links = (at: Readonly<Record<string, unknown>>): unknown => at.links;

/** Everything that an operation could leave on the host; volatile parts, as carrier states and learned entries, left out. */
const picture = () => ({
  ...belongings(),
  tables: [],
  addresses: run(`ip -br addr | awk '{$2 = ""; print}'`).replaceAll(/@\S+/g, ''),
  // The table stays until the daemon ends: it is its sets that say what is there.
  rules: run('nft -s list ruleset')
    .split('\n')
    .filter(line => line.includes('elements')),
  peers: run('bridge fdb show')
    .split('\n')
    .filter(line => line.includes('dst')),
  forwarding: run('cat /proc/sys/net/ipv4/conf/eth0/forwarding'),
});

const create = (net: TestNetwork, {spec}: DriverCase): Promise<Network> =>
  net.controller.create(networkSpec('net', spec));

/** Closed, whatever happens: a daemon of a failed test must not spoil the next one's. */
async function withNetwork(job: (net: TestNetwork) => Promise<void>, wrap?: (kernel: Kernel) => Kernel): Promise<void> {
  const net = await makeNetwork(wrap === undefined ? {} : {wrap});
  // An address that had the parent's MAC in one test has its own in the next.
  runIn(wire.netns, 'ip neigh flush all');
  try {
    await job(net);
  } finally {
    for (const {id} of net.controller.attachmentsOf({})) await net.controller.detach(id);
    for (const path of ['a', 'b'].map(name => `${dir}/netns/${name}`))
      if (existsSync(path)) await net.controller.removeSandbox(path);
    for (const {name} of net.controller.list().slice(3)) await net.controller.remove(name);
    await net.controller.close();
  }
}

const inside = (attachment: Attachment, script: string): string => runIn(attachment.sandbox, script).trim();
const onWire = driverCases().find(({title}) => title === 'macvlan')!.spec.subnets;
const addressOf = ({leases}: Attachment): string => leases[0]!.address;

/** `[address]:80`, the address as it is, and the router's and the host's of the same family. */
function ends({leases}: Attachment) {
  return leases.map(({address}) =>
    address.includes(':')
      ? {
          address,
          at: `[${address}]:80`,
          router: wire.address6,
          routerAt: `[${wire.address6}]:80`,
          host: wire.hostAddress6,
        }
      : {address, at: `${address}:80`, router: wire.address, routerAt: `${wire.address}:80`, host: wire.hostAddress},
  );
}

async function checkReach(t: ExecutionContext, driver: DriverCase, [a, b]: readonly [Attachment, Attachment | null]) {
  const servers = [await serve(a.sandbox, 80), ...(b ? [await serve(b.sandbox, 80)] : [])];
  try {
    for (const [i, end] of ends(a).entries()) {
      if (b !== null) await checkNeighbours(t, driver, [end, ends(b)[i]!, a.sandbox, b.sandbox]);
      const seen = {itself: end.address as string, host: end.host, none: null}[driver.seenAs ?? 'none'];
      t.deepEqual(await talk(a.sandbox, end.routerAt, seen), [seen, seen], 'out');
      if (driver.seenAs !== 'itself') continue;
      t.deepEqual(await talk(wire.netns, end.at, end.router), [end.router, end.router], 'in');
    }
  } finally {
    for (const server of servers) server.kill();
  }
}

type End = ReturnType<typeof ends>[number];

async function checkNeighbours(
  t: ExecutionContext,
  driver: DriverCase,
  [a, b, inA, inB]: readonly [End, End, string, string],
) {
  for (const [from, to, sandbox] of [
    [a, b, inA],
    [b, a, inB],
  ] as const) {
    const expected: string | null = driver.neighbourly ? from.address : null;
    t.deepEqual(await talk(sandbox, to.at, expected), [expected, expected], `${from.at} to ${to.at}`);
  }
}

function checkInside(t: ExecutionContext, driver: DriverCase, {network, attachment}: Made): void {
  const [link] = JSON.parse(inside(attachment, 'ip -j -d link show eth0')) as [{mtu: number; address: string}];
  t.is(link.mtu, driver.mtu);
  // Not /sys/class/net: that one is the machine's.
  const parent = () => JSON.parse(run(`ip -j link show ${network.options.parent ?? network.device}`))[0].address;
  t.is(link.address, driver.mac === 'planned' ? attachment.mac : parent());
  const global = inside(attachment, "ip -o addr show eth0 scope global | awk '{print $4}'").split('\n');
  t.deepEqual(
    global,
    attachment.leases.map(({address, prefixLength}) => `${address}/${prefixLength}`),
  );
  for (const {prefix, gateway} of network.subnets) {
    const way = {gateway: `default via ${gateway} dev eth0`, link: 'default dev eth0', none: ''}[
      driver.defaultRoute ?? 'none'
    ];
    const family = prefix.includes(':') ? -6 : -4;
    t.true(inside(attachment, `ip ${family} route show default`).startsWith(way), prefix);
    if (driver.defaultRoute === null) t.is(inside(attachment, `ip ${family} route show default`), '');
    t.regex(inside(attachment, `ip ${family} route show ${prefix}`), /^\S+ dev eth0 proto kernel/);
  }
  const ipv6 = (name: string) => inside(attachment, `cat /proc/sys/net/ipv6/conf/eth0/${name}`);
  t.is(ipv6('disable_ipv6'), network.subnets.length > 1 ? '0' : '1');
  if (attachment.hostIfname === '' || network.subnets.length > 1) t.is(ipv6('accept_ra'), '0');
}

interface Made {
  readonly network: Network;
  readonly attachment: Attachment;
}

/** A refusal in the middle of any list of operations: the executor itself must take back what it did before. */
function failing(kernel: Kernel, at: number): {readonly kernel: Kernel; readonly fired: () => boolean} {
  let [left, fired] = [at, false];
  const impossible: Item = {ns: '', kind: 'route', to: '203.0.113.0/24' as never, via: null, link: 'no-such-link'};
  return {
    fired: () => fired,
    kernel: {
      ...kernel,
      async execute(ops, onError) {
        if (onError === 'continue' || fired) return kernel.execute(ops, onError);
        if (left > ops.length) {
          left -= ops.length;
          return kernel.execute(ops, onError);
        }
        fired = true;
        return kernel.execute([...ops.slice(0, left), {do: 'add', item: impossible}, ...ops.slice(left)], onError);
      },
    },
  };
}

for (const driver of driverCases()) {
  const {title, missing} = driver;
  const kernelTest = (name: string, job: (t: ExecutionContext) => Promise<void>): void => {
    if (missing === null) test.serial(`${title}: ${name}`, job);
    else test.serial.skip(`${title}: ${name} (${missing}: run in test/vm)`, job);
  };

  kernelTest('two containers, and nothing is left of them', async t => {
    await withNetwork(async net => {
      const before = picture();
      const network = await create(net, driver);
      const created = picture();
      const a = await net.attach('a', {network: 'net'});
      const b = driver.lonely ? null : await net.attach('b', {network: 'net'});
      checkInside(t, driver, {network, attachment: a});
      await checkReach(t, driver, [a, b]);
      t.deepEqual(await net.controller.repair({dryRun: true}), [], 'nothing to repair');
      await t.throwsAsync(net.controller.remove('net'), {code: 'ERR_NETWORK_IN_USE'});
      // While the sandbox is still there: its link must go by the detach, not by the sandbox's end.
      await net.controller.detach(a.id);
      t.notRegex(inside(a, 'ip -br link'), /eth0/);
      await net.controller.removeSandbox(a.sandbox);
      if (b !== null) await net.detach(b);
      t.deepEqual(picture(), created);
      await net.controller.remove('net');
      t.deepEqual(links(picture()), links(before));
      t.deepEqual(picture().peers, before.peers);
    });
    t.deepEqual(belongings(), idle);
  });

  kernelTest('a failure at any operation leaves the kernel as it was', async t => {
    let finished = false;
    for (let i = 0; !finished; i++) {
      let fired = () => false;
      const wrap = (kernel: Kernel): Kernel => {
        const bad = failing(kernel, i);
        fired = bad.fired;
        return bad.kernel;
      };
      await withNetwork(async net => {
        const before = picture();
        const network = await create(net, driver).catch(() => null);
        if (network === null) {
          t.deepEqual(picture(), before, `create, operation ${i}`);
          return;
        }
        await net.controller.createSandbox(`${dir}/netns/a`).catch(() => {});
        const ready = picture();
        const attachment = await net.connect(box('a'), 'net').catch(() => null);
        if (attachment === null) {
          t.deepEqual(picture(), ready, `attach, operation ${i}`);
          if (existsSync(`${dir}/netns/a`))
            t.notRegex(runIn(`${dir}/netns/a`, 'ip -br link'), /eth0|tn-/, `attach, operation ${i}`);
        } else await net.controller.detach(attachment.id);
        await net.controller.removeSandbox(`${dir}/netns/a`);
      }, wrap);
      finished = !fired();
      t.deepEqual(belongings(), idle, `operation ${i}`);
      t.true(i < 60);
    }
  });

  kernelTest('what somebody deletes is repaired', async t => {
    await withNetwork(async net => {
      const network = await create(net, driver);
      const a = await net.attach('a', {network: 'net'});
      const b = driver.lonely ? null : await net.attach('b', {network: 'net'});
      const host = network.device === '' ? [] : [`ip link del ${network.device}`];
      const peers =
        driver.spec.driver === 'vxlan'
          ? [`bridge fdb del 00:00:00:00:00:00 dev vx-${network.id.slice(0, 12)} dst 192.0.2.2 self`]
          : [];
      for (const damage of [...host, ...peers, `nsenter --net=${a.sandbox} ip link del eth0`]) {
        run(damage);
        t.not((await net.controller.repair()).length, 0, damage);
        t.deepEqual(await net.controller.repair({dryRun: true}), [], damage);
        await net.kernelBelow.awaitCarrier(a.hostIfname || 'eth0');
        checkInside(t, driver, {network, attachment: a});
        await checkReach(t, driver, [a, b]);
      }
    });
    t.deepEqual(belongings(), idle);
  });

  if (driver.spec.driver === 'macvlan' || driver.spec.driver === 'ipvlan')
    kernelTest('no port can be published', async t => {
      await withNetwork(async net => {
        await create(net, driver);
        await t.throwsAsync(net.connect(box('a'), 'net', {ports: [port]}), {
          code: 'ERR_BAD_REQUEST',
          message: /^Cannot publish ports on network "net": (macvlan|ipvlan) containers are on the wire/,
        });
        t.is(net.controller.attachmentsOf({}).length, 0);
      });
    });

  if (driver.lonely)
    kernelTest('a second container is refused', async t => {
      await withNetwork(async net => {
        await create(net, driver);
        await net.attach('a', {network: 'net'});
        await net.controller.createSandbox(`${dir}/netns/b`);
        await t.throwsAsync(net.connect(box('b'), 'net'), {code: 'ERR_CONFLICT', message: /passthru/});
        await net.controller.removeSandbox(`${dir}/netns/b`);
      });
      t.deepEqual(belongings(), idle);
    });
}

const port = {proto: 'tcp', hostIp: null, hostPort: 8080, containerPort: 80, count: 1} as const;
const box = (name: string) => ({owner: name, sandbox: `${dir}/netns/${name}`});

test.serial('a parent that goes and comes back takes its containers along, and they are repaired', async t => {
  run('ip link add p0 type veth peer name p1 && ip link set p0 up && ip link set p1 up');
  await withNetwork(async net => {
    await create(net, {...driverCases()[0]!, spec: {driver: 'macvlan', options: {parent: 'p0'}, subnets: []}});
    const a = await net.attach('a', {network: 'net'});
    run('ip link del p0');
    t.notRegex(inside(a, 'ip -br link'), /eth0/);
    await t.throwsAsync(net.controller.repair(), {message: /"p0"/});
    run('ip link add p0 type veth peer name p1 && ip link set p0 up && ip link set p1 up');
    t.true((await net.controller.repair()).length > 0);
    t.regex(inside(a, 'ip -br addr show eth0'), new RegExp(addressOf(a)));
  });
  run('ip link del p0');
  t.deepEqual(belongings(), idle);
});

for (const driver of ['host', 'none'] as const)
  test.serial(`${driver}: there is one, it needs nothing of the kernel and gives no addresses`, async t => {
    await withNetwork(async net => {
      const before = picture();
      await t.throwsAsync(net.controller.create(networkSpec('net', {driver})), {code: 'ERR_FORBIDDEN'});
      await t.throwsAsync(net.connect(box('a'), driver), {code: 'ERR_BAD_REQUEST'});
      await t.throwsAsync(net.controller.remove(driver), {code: 'ERR_FORBIDDEN'});
      t.deepEqual(await net.controller.repair(), []);
      t.deepEqual(picture(), before);
    });
  });

test.serial('a macvlan container takes no address from a router advertisement, as one made by hand does', async t => {
  const advertise = readFileSync(new URL('../../../../test/fixture/router-advertisement.py', import.meta.url), 'utf8');
  const addresses = (netns: string) => runIn(netns, 'ip -6 -o addr show dev eth0 scope global');
  const plain = `${dir}/netns/plain`;
  run(`touch ${plain} && unshare --net=${plain} true`);
  run(`ip link add mv0 link eth0 netns ${plain} type macvlan mode bridge`);
  runIn(plain, 'ip link set mv0 name eth0; ip link set eth0 up');
  await withNetwork(async net => {
    const [macvlan] = driverCases().filter(({title}) => title === 'macvlan');
    await create(net, macvlan!);
    const a = await net.attach('a', {network: 'net'});
    for (let i = 0; i < 50 && addresses(plain) === ''; i++) {
      runIn(wire.netns, `python3 -c '${advertise}'`);
      await new Promise(resolve => setTimeout(resolve, 100));
    }
    t.regex(addresses(plain), /2001:db8:/, 'the advertisement is heard at all');
    t.is(runIn(a.sandbox, 'ip -6 -o addr show dev eth0'), '');
    t.is(inside(a, 'cat /proc/sys/net/ipv6/conf/eth0/accept_ra'), '0');
  });
  run(`umount ${plain} && rm ${plain}`);
  t.deepEqual(belongings(), idle);
});

test.serial('hasLinkType() knows what ip(8) can make, and makes nothing', async t => {
  await withNetwork(async net => {
    const lacks = (title: string) => driverCases().find(each => each.title === title)!.missing !== null;
    t.deepEqual(
      (['macvlan', 'vxlan', 'vlan', 'dummy', 'ipvlan'] as const).map(type => net.kernelBelow.hasLinkType(type)),
      [true, true, !lacks('macvlan on a VLAN'), !lacks('macvlan without parent'), !lacks('ipvlan')],
    );
    t.false(net.kernelBelow.hasLinkType('no-such-type' as 'vlan'));
  });
  t.deepEqual(belongings(), idle);
});

test.serial(
  'a container may be behind a bridge and on the wire: each is attached, repaired and detached alone',
  async t => {
    await withNetwork(async net => {
      // The name comes first in Docker's order, but a published port must be answered through the host.
      await net.controller.create(
        networkSpec('a-wire', {driver: 'macvlan', options: {parent: 'eth0'}, subnets: onWire}),
      );
      const web = await net.attach('a', {ports: ['8080:80']});
      const onTheWire = await net.connect(web, 'a-wire');
      const bridgeGateway = net.controller.get('bridge').subnets[0]!.gateway;
      const outside = () => inside(web, 'ip route show default');
      const server = await serve(web.sandbox, 80);
      t.is(onTheWire.ifname, 'eth1');
      t.true(outside().startsWith(`default via ${bridgeGateway} dev eth0`));
      // By way of the host: whoever is on the wire himself is answered there.
      t.is(await ask(null, 'tcp', '127.0.0.1:8080'), bridgeGateway);
      t.deepEqual(await talk(wire.netns, `${addressOf(onTheWire)}:80`, wire.address), [wire.address, wire.address]);

      runIn(web.sandbox, 'ip link del eth1');
      const ops = await net.controller.repair();
      t.deepEqual([...new Set(ops.map(({item}) => item.ns))], [web.sandbox], 'what the bridge leads to is left alone');
      t.false(ops.some(({item}) => item.kind === 'route' || ('link' in item && item.link === 'eth0')));
      t.deepEqual(await talk(wire.netns, `${addressOf(onTheWire)}:80`, wire.address), [wire.address, wire.address]);

      await net.controller.detach(onTheWire.id);
      t.regex(inside(web, 'ip -br link'), /eth0/);
      t.notRegex(inside(web, 'ip -br link'), /eth1/);
      t.is(await ask(wire.netns, 'tcp', '192.0.2.1:8080'), wire.address, 'through the host again');
      server.kill();
    });
    t.deepEqual(belongings(), idle);
  },
);

test.serial('without the bridge the way out is the wire’s router, and a MAC that cannot be is refused', async t => {
  await withNetwork(async net => {
    await net.controller.create(networkSpec('net', {driver: 'macvlan', options: {parent: 'eth0'}, subnets: onWire}));
    const a = await net.attach('a');
    await net.connect(a, 'net');
    await net.controller.detach(a.id);
    t.true(inside(a, 'ip route show default').startsWith(`default via ${wire.address} dev eth1`));
    await net.controller.removeSandbox(a.sandbox);
    for (const {id} of net.controller.attachmentsOf({})) await net.controller.detach(id);
    await net.controller.remove('net');
    const passthru = {parent: 'eth0', macvlan_mode: 'passthru'};
    await net.controller.create(networkSpec('net', {driver: 'macvlan', options: passthru, subnets: onWire}));
    await t.throwsAsync(net.connect(box('a'), 'net', {mac: '02:00:00:00:00:01' as Mac}), {
      code: 'ERR_BAD_REQUEST',
      message: /Cannot give MAC address 02:00:00:00:00:01 on network "net": .*the parent's/,
    });
  });
  t.deepEqual(belongings(), idle);
});
