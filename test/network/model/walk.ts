import assert from 'node:assert/strict';
import {existsSync} from 'node:fs';
import {isDeepStrictEqual} from 'node:util';
import {encodeNetwork} from '../../../src/daemon/encode-network.ts';
import {TnetError} from '../../../src/errors.ts';
import {formatOp} from '../../../src/kernel/diff.ts';
import type {Controller} from '../../../src/network/controller.ts';
import {openStore, type Store} from '../../../src/store/store.ts';
import {makeHost, run} from '../../fixture/host.ts';
import {makeNetwork, type TestNetwork} from '../../fixture/network.ts';
import {expectedFacts, isThere} from './expect.ts';
import {apply, createModel, givePorts, type Model, type Port, pick, refusals, type Told} from './model.ts';
import {observedFacts} from './observe.ts';
import {perform, sandboxOf, toPort} from './perform.ts';
import type {PortWish, Step} from './steps.ts';

const dir = makeHost();

/** Walks through a sequence; after each step, kernel, store and answers must be the model's. At the end nothing is left. */
export async function walk(steps: readonly Step[]): Promise<void> {
  const store = openStore(':memory:');
  const model = createModel(store.instance);
  let net = await makeNetwork({store});
  try {
    for (const [i, step] of steps.entries()) {
      try {
        if (step.do === 'restart') net = await restart(net, store);
        else await takeStep(net, model, step);
        await checkAll(net, model);
      } catch (cause) {
        throw new Error(`step ${i}, ${JSON.stringify(step)}: ${(cause as Error).message}`, {cause});
      }
    }
  } finally {
    await clear(net.controller);
    store.close();
  }
}

async function restart(net: TestNetwork, store: Store): Promise<TestNetwork> {
  net.abandon();
  return makeNetwork({store});
}

export async function takeStep({controller}: TestNetwork, model: Model, step: Step): Promise<void> {
  if (step.do === 'repair') {
    sabotage(model, step);
    await controller.repair();
    return;
  }
  const refused = refusals(model, step);
  const told = await perform(controller, model, step, dir).then(
    answer => ({answer}),
    (error: unknown) => ({error}),
  );
  if ('error' in told) {
    if (!(told.error instanceof TnetError) || !refused.has(told.error.code)) throw told.error;
    return;
  }
  if (told.answer === null) return;
  assert.deepEqual([...refused], [], 'should have been refused');
  checkPorts(model, step, told.answer);
  apply(model, step, told.answer);
}

/** Host ports are the ones asked for; one that was tnet's to choose is in its range, or any. */
function checkPorts(model: Model, step: Step, {ports}: Told): void {
  const asked = wishesOf(model, step);
  if (asked === null) return;
  const given = givePorts(model, model.nets.get(asked.net)!, asked.wishes)!;
  const seen = ports!.map((port, i) =>
    given[i]?.hostPort === 0 && port.hostPort > 1023 ? {...port, hostPort: 0} : port,
  );
  assert.deepEqual(seen.map(plain), given.map(plain), 'ports given');
}

function wishesOf(model: Model, step: Step): {readonly net: string; readonly wishes: readonly PortWish[]} | null {
  if (step.do === 'attach') return {net: step.net, wishes: step.ports};
  if (step.do === 'publish') return {net: pick(model, step.box, step.link)!.net, wishes: [step.port]};
  return null;
}

const plain = ({proto, hostIp, hostPort, containerPort, count}: Port): string =>
  `${hostIp}:${hostPort}:${containerPort}/${proto} ${count}`;

/** Another program breaks something of ours. */
function sabotage(model: Model, {broken, at}: Extract<Step, {do: 'repair'}>): void {
  const nets = [...model.nets.values()].filter(net => isThere(model, net));
  const net = nets[at % Math.max(nets.length, 1)];
  const link = model.links[at % Math.max(model.links.length, 1)];
  const script = {
    nothing: 'true',
    ruleset: 'nft flush ruleset',
    elements: net && `nft flush set inet tnet bridges; nft flush map inet tnet published4-any`,
    veth: link && `ip link del ${link.host}`,
    bridge: net && `ip link del ${net.device}`,
    address: net && `ip addr flush dev ${net.device}`,
    down: net && `ip link set ${net.device} down`,
    port: link && `ip link set ${link.host} nomaster`,
  }[broken];
  if (script) run(script);
}

/** Whether store and answers are the model's. */
export function isStored({controller, store}: TestNetwork, model: Model): boolean {
  return isDeepStrictEqual(storedFacts(controller, store), modelFacts(model));
}

export async function checkAll({controller, store}: TestNetwork, model: Model): Promise<void> {
  assert.deepEqual(storedFacts(controller, store), modelFacts(model), 'store and answers');
  assert.deepEqual(seen(observedFacts(dir), model), seen(expectedFacts(model), model), 'kernel');
  const ops = (await controller.repair({dryRun: true})).map(formatOp);
  assert.deepEqual(seen(ops, model), [], 'repair has nothing to do');
}

const hasForceForwarding = existsSync('/proc/sys/net/ipv6/conf/all/force_forwarding');

/** The predefined bridge stays, unused, after its last attachment, until the next repair or the end; and with it the table. */
function seen(facts: readonly string[], model: Model): readonly string[] {
  const idle = !isThere(model, {name: 'bridge'});
  const empty = idle && model.nets.size === 1 && model.forwards.size === 0;
  return facts.filter(
    fact =>
      !(idle && /docker0|172\.17\.0\.(0\/16|1\/16)/.test(fact)) &&
      !(empty && /^del (table|element) /.test(fact)) &&
      (hasForceForwarding || !fact.includes('force_forwarding')),
  );
}

function storedFacts(controller: Controller, store: Store): readonly string[] {
  const networks = controller.list().filter(({driver}) => driver === 'bridge');
  const attachments = [...store.state.attachments.values()];
  return [
    ...networks.map(network => {
      const {Name, Internal, IPAM, Containers} = encodeNetwork(
        network,
        controller.attachmentsOf({network: network.id}),
        o => o,
      );
      const inside = Object.values(Containers).map(each => [
        each.Name,
        each.MacAddress,
        each.IPv4Address,
        each.IPv6Address,
      ]);
      return `network ${JSON.stringify([Name, Internal, IPAM.Config.map(({Subnet, Gateway}) => [Subnet, Gateway]), inside.sort()])}`;
    }),
    ...attachments.map(({sandbox, ifname, network, ports, gatewayPriority, options}) =>
      [
        'attachment',
        sandbox.split('/').at(-1),
        ifname,
        store.state.networks.get(network)!.name,
        gatewayPriority,
        'tnet.egress-rate' in options,
        ...ports.map(toPort).map(plain),
      ].join(' '),
    ),
  ].sort();
}

function modelFacts(model: Model): readonly string[] {
  const address = (link: Model['links'][number], family: 4 | 6): string => {
    const lease = link.addresses.find(each => each.family === family);
    return lease ? `${lease.address}/${lease.length}` : '';
  };
  return [
    ...[...model.nets.values()].map(({name, internal, subnets}) => {
      const inside = model.links
        .filter(({net}) => net === name)
        .map(link => [`box${link.box}`, link.mac, address(link, 4), address(link, 6)]);
      return `network ${JSON.stringify([name, internal, subnets.map(({prefix, gateway}) => [prefix, gateway]), inside.sort()])}`;
    }),
    ...model.links.map(({box, ifname, net, ports, priority, limited}) =>
      ['attachment', `box${box}`, ifname, net, priority, limited, ...ports.map(plain)].join(' '),
    ),
  ].sort();
}

/** Everything away, whatever the model says: what a failure has left must not make the next run fail. */
export async function clear(controller: Controller): Promise<void> {
  await controller.detach(...controller.attachmentsOf({}).map(({id}) => id));
  for (let box = 0; box < 3; box++)
    if (existsSync(sandboxOf(dir, box))) await controller.removeSandbox(sandboxOf(dir, box));
  for (const {name, driver} of controller.list())
    if (driver === 'bridge' && name !== 'bridge') await controller.remove(name);
  await controller.close();
}
