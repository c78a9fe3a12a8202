import test from 'ava';
import {applyStep} from '../../src/kernel/apply.ts';
import {invert} from '../../src/kernel/diff.ts';
import {execute} from '../../src/kernel/execute.ts';
import {createIptables} from '../../src/kernel/iptables.ts';
import type {Item, Op} from '../../src/kernel/item.ts';
import {loadNative} from '../../src/kernel/native.ts';
import {createSockets} from '../../src/kernel/sockets.ts';
import type {Attachment} from '../../src/model/attachment.ts';
import type {Ip, Prefix} from '../../src/model/ip.ts';
import {macFromIp} from '../../src/model/mac.ts';
import type {Network} from '../../src/model/network.ts';
import {emptyState, type State} from '../../src/model/state.ts';
import {isOurGroup} from '../../src/network/drivers/driver.ts';
import {tnetTable} from '../../src/network/firewall/nft.ts';
import {type Firewall, firewallOf} from '../../src/network/firewall/renderer.ts';
import {planForwarding, planNetwork, planSandboxLinks} from '../../src/network/plan.ts';
import {planSandbox} from '../../src/network/sandbox.ts';
import {belongings, makeEmptyTables, makeHost, makeNeighbour, run} from '../fixture/host.ts';

/** A network, a sandbox and an attachment with two ports, as one list: every kind of operation is in it. */
const dir = makeHost();
makeNeighbour();
const sandbox = `${dir}/netns/box`;
const network: Network = {
  id: 'a'.repeat(64),
  name: 'bridge',
  driver: 'bridge',
  created: '',
  subnets: [{prefix: '172.17.0.0/16' as Prefix, gateway: '172.17.0.1' as Ip, range: null, reserved: {}}],
  internal: false,
  options: {},
  mtu: 1400,
  labels: {},
  device: 'docker0',
  index: 1,
};
const attachment: Attachment = {
  names: [],
  gatewayPriority: 0,
  options: {},
  id: 'b'.repeat(64),
  network: network.id,
  sandbox,
  owner: 'c',
  ifname: 'eth0',
  hostIfname: 'vethbbbbbbb',
  mac: macFromIp('172.17.0.2' as Ip),
  leases: [{address: '172.17.0.2' as Ip, prefixLength: 16}],
  ports: [
    {proto: 'tcp', hostIp: null, hostPort: 8080, containerPort: 80, count: 1},
    {proto: 'udp', hostIp: '127.0.0.1' as Ip, hostPort: 5353, containerPort: 53, count: 1},
  ],
};
const path = 'net/ipv4/conf/eth0/forwarding';
const state: State = {
  ...emptyState,
  networks: new Map([[network.id, network]]),
  attachments: new Map([[attachment.id, attachment]]),
  sysctls: new Map([[path, {path, value: '1', was: '0'}]]),
};
const add = (item: Item): Op => ({do: 'add', item});
const opsWith = (firewall: Firewall): readonly Op[] => [
  ...[...planNetwork(network, firewall), ...planSandbox(sandbox), ...planSandboxLinks(state, sandbox, firewall)].map(
    add,
  ),
  ...planForwarding(state, firewall).map(
    (item): Op => (item.kind === 'sysctl' ? {do: 'set', item, was: {...item, value: '0'} as Item} : add(item)),
  ),
];

const native = loadNative();
const sockets = createSockets(native);
const parts = {native, sockets, iptables: createIptables(), table: tnetTable, isOurs: isOurGroup};
/** Links, addresses, rules, namespaces and the one sysctl that outlives its device. */
const picture = () => ({
  ...belongings(),
  addresses: run('ip -br addr'),
  rules: run('nft -s list ruleset'),
  forwarding: run('cat /proc/sys/net/ipv4/conf/eth0/forwarding'),
});

makeEmptyTables();
for (const [name, published] of [
  ['nftables', /tcp \. 8080 .*: 172\.17\.0\.2 \. 80/],
  ['iptables', /chain DOCKER \{[^}]*tcp dport 8080 .* dnat to 172\.17\.0\.2:80/],
] as const) {
  const ops = opsWith(firewallOf(name));
  const backwards: readonly Op[] = ops.map(invert).reverse();
  let steps = 0;
  await execute(ops, 'undo', async () => void steps++);

  test.serial(`${name}: all of it can be done, not twice, and taken back`, async t => {
    const before = picture();
    await execute(ops, 'undo', step => applyStep(parts, step));
    const after = picture();
    t.regex(after.addresses, /docker0 +UP +172.17.0.1\/16/);
    t.regex(after.rules, published);
    t.is(after.forwarding, '1\n');
    const again = execute(ops, 'undo', step => applyStep(parts, step));
    await t.throwsAsync(again, {code: 'ERR_KERNEL', message: /Cannot add link "docker0": .*exists/i});
    t.deepEqual(picture(), after);
    await execute(backwards, 'continue', step => applyStep(parts, step));
    t.deepEqual(picture(), before);
  });

  for (let i = 0; i < steps; i++) {
    test.serial(`${name}: a failure of step ${i + 1} of ${steps} leaves the kernel as it was`, async t => {
      const before = picture();
      const refused = new Error(`step ${i + 1} refused`);
      let step = 0;
      const apply = async (each: readonly Op[]): Promise<void> => {
        if (step++ === i) throw refused;
        await applyStep(parts, each);
      };
      t.is(await t.throwsAsync(execute(ops, 'undo', apply)), refused);
      t.deepEqual(picture(), before);
    });
  }
}
