import test, {type ExecutionContext} from 'ava';
import {diff, formatOp, toWorld} from '../../../src/kernel/diff.ts';
import type {Item} from '../../../src/kernel/item.ts';
import type {Attachment} from '../../../src/model/attachment.ts';
import {type Bandwidth, parseBandwidth, unlimited} from '../../../src/model/bandwidth.ts';
import {planBandwidth} from '../../../src/network/drivers/bandwidth.ts';
import {linkGroup} from '../../../src/network/drivers/driver.ts';
import {belongings, makeHost, run, runIn} from '../../fixture/host.ts';
import {makeNetwork, type TestNetwork} from '../../fixture/network.ts';
import {measure} from '../../fixture/traffic.ts';

const asked = parseBandwidth({
  'tnet.ingress-rate': '20mbit',
  'tnet.ingress-burst': '32kb',
  'tnet.egress-rate': '10mbit',
  'tnet.egress-burst': '20kb',
});
const gateway = '172.17.0.1';

interface Limited {
  readonly net: TestNetwork;
  readonly attachment: Attachment;
  items(bandwidth: Bandwidth): readonly Item[];
  /** From what the kernel has to what is wanted, as a live change or a repair does it; returns how many operations that took. */
  change(bandwidth: Bandwidth): Promise<number>;
}

makeHost();

async function limited(t: ExecutionContext, run: (limited: Limited) => Promise<void>): Promise<void> {
  const before = belongings();
  // Repair would take away what the state does not ask for: here only when a test says so.
  const net = await makeNetwork({wrap: kernel => ({...kernel, watch: () => () => {}})});
  const attachment = await net.attach(`c${t.title.length}`);
  const {hostIfname} = attachment;
  const group = linkGroup(net.controller.get('bridge'));
  const items = (bandwidth: Bandwidth) => planBandwidth(hostIfname, bandwidth, group);
  const change: Limited['change'] = async bandwidth => {
    const known = toWorld([...items(asked), ...items(bandwidth)]);
    const actual = new Map([...net.kernelBelow.read(known.values())].filter(([key]) => known.has(key)));
    const ops = diff(actual, toWorld(items(bandwidth)));
    await net.kernelBelow.execute(ops, 'undo');
    return ops.length;
  };
  try {
    await run({net, attachment, items, change});
    await change(unlimited);
  } finally {
    await net.detach(attachment);
    await net.controller.close();
  }
  t.deepEqual(belongings(), before);
}

const near = (t: ExecutionContext, actual: number, wanted: number, what: string): void => {
  t.log(`${what}: ${(actual / 1e6).toFixed(2)} mbit of ${wanted / 1e6}`);
  t.true(Math.abs(actual - wanted) <= wanted * 0.15, `${what}: ${actual} bit/s, asked for ${wanted}`);
};

test.serial('planBandwidth() holds TCP and UDP to the rates asked for, both ways', async t => {
  t.timeout(60_000);
  await limited(t, async ({attachment, change}) => {
    const {sandbox, leases} = attachment;
    const into = {from: null, to: sandbox, address: leases[0]!.address, port: 5001} as const;
    const out = {from: sandbox, to: null, address: gateway, port: 5002} as const;
    const unhindered = async () => {
      for (const flow of [into, out]) t.true((await measure({...flow, proto: 'tcp'}, 500)) > 200e6);
    };
    await unhindered();
    await change(asked);
    for (const proto of ['tcp', 'udp'] as const) {
      near(t, await measure({...into, proto}), 20e6, `${proto} in`);
      near(t, await measure({...out, proto}), 10e6, `${proto} out`);
    }
    await change(unlimited);
    await unhindered();
  });
});

test.serial('tc(8) shows what was asked for, and the kernel reads back as wanted', async t => {
  await limited(t, async ({attachment: {hostIfname}, items, change}) => {
    const ifb = hostIfname.replace('veth', 'ifb');
    const qdiscs = (link: string): string => run(`tc qdisc show dev ${link}`);
    t.is(await change(asked), 5);
    t.regex(qdiscs(hostIfname), /qdisc tbf \w+: root refcnt \d+ rate 20Mbit burst 32Kb lat 50ms/);
    t.regex(qdiscs(hostIfname), /qdisc ingress ffff:/);
    t.regex(qdiscs(ifb), /qdisc tbf \w+: root refcnt \d+ rate 10Mbit burst 20Kb lat 50ms/);
    const filters = run(`tc filter show dev ${hostIfname} parent ffff:`);
    t.regex(filters, new RegExp(`Egress Redirect to device ${ifb}\\) stolen`));
    t.is(await change(asked), 0);
    const odd = parseBandwidth({
      'tnet.ingress-rate': '40gbit',
      'tnet.egress-rate': '123456789',
      'tnet.egress-burst': '65537',
    });
    t.is(await change(odd), 2, 'a live change sets the two buckets');
    t.regex(qdiscs(hostIfname), /rate 40Gbit/);
    t.is(await change(odd), 0);
    t.is(await change(unlimited), 3);
    t.notRegex(qdiscs(hostIfname), /tbf|ingress/);
    t.deepEqual(items(unlimited), []);
  });
});

test.serial('repair takes an ifb away whose attachment is gone, and makes one again that somebody deleted', async t => {
  await limited(t, async ({net, attachment: {hostIfname}, items, change}) => {
    const ifb = hostIfname.replace('veth', 'ifb');
    await change(asked);
    run(`ip link del ${ifb}`);
    const dropped = () => run(`tc -s filter show dev ${hostIfname} parent ffff: | grep -c 'device \\*'`);
    t.is(dropped().trim(), '1', 'a redirection into nothing drops');
    t.is(await change(asked), 3, 'the ifb, its bucket, the redirection');
    const ops = (await net.controller.repair()).map(formatOp);
    t.deepEqual(ops, [
      `del qdisc tbf dev ${hostIfname} rate 20mbit`,
      `del qdisc ingress dev ${hostIfname}`,
      `del link "${ifb}" type ifb`,
    ]);
    t.deepEqual(await net.controller.repair(), []);
    await net.kernelBelow.execute(
      items(asked).map(item => ({do: 'add', item})),
      'undo',
    );
    run(`ip link del ${hostIfname}`);
    t.true((await net.controller.repair()).map(formatOp).includes(`del link "${ifb}" type ifb`));
  });
});

test.serial('a container with CAP_NET_ADMIN cannot lift its limit', async t => {
  t.timeout(30_000);
  await limited(t, async ({attachment: {sandbox}, change}) => {
    await change(asked);
    runIn(sandbox, 'tc qdisc del dev eth0 root 2>/dev/null; tc qdisc replace dev eth0 root pfifo limit 10000');
    runIn(
      sandbox,
      'ip link set eth0 down; ip link set eth0 up; ip link set eth0 mtu 9000; ip link set eth0 txqueuelen 9',
    );
    runIn(sandbox, 'ip route replace default via 172.17.0.1');
    near(t, await measure({from: sandbox, to: null, address: gateway, port: 5003, proto: 'udp'}), 10e6, 'udp out');
  });
});

test.serial('a step that fails takes back what came before it', async t => {
  await limited(t, async ({net, attachment: {hostIfname}, items}) => {
    run(`tc qdisc add dev ${hostIfname} clsact`);
    const adding = net.kernelBelow.execute(
      items(asked).map(item => ({do: 'add', item})),
      'undo',
    );
    await t.throwsAsync(adding, {message: /Cannot add qdisc ingress dev veth\w+: File exists/});
    t.notRegex(run(`tc qdisc show dev ${hostIfname}; ip link`), /tbf|ifb/);
    run(`tc qdisc del dev ${hostIfname} clsact`);
  });
});
