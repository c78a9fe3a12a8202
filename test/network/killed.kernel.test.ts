import {spawnSync} from 'node:child_process';
import {mkdtempSync, rmSync} from 'node:fs';
import {tmpdir} from 'node:os';
import {join} from 'node:path';
import {fileURLToPath} from 'node:url';
import {serialize} from 'node:v8';
import test from 'ava';
import {openStore} from '../../src/store/store.ts';
import {belongings, makeHost, makeNeighbour} from '../fixture/host.ts';
import {makeNetwork, type TestNetwork} from '../fixture/network.ts';
import {apply, createModel, type Model} from './model/model.ts';
import {toPort} from './model/perform.ts';
import type {AttachStep, CreateStep, PortWish, Step} from './model/steps.ts';
import {checkAll, clear, isStored, takeStep} from './model/walk.ts';

makeHost();
makeNeighbour();
const idle = belongings();
/** Each point where a command can be killed; `npm test` takes every third. */
const stride = process.env.TNET_RUNS ? 1 : 3;

const create = (net: string, n: number): CreateStep => ({
  do: 'create',
  net,
  families: [4, 6],
  subnets: {4: `10.1.${n}.0/24`, 6: `fd00:${n}::/64`},
  range: null,
  reserved: false,
  internal: false,
  icc: true,
  masquerade: true,
  mode: 'nat',
  binding: null,
});
const port = (hostPort: number): PortWish => ({proto: 'tcp', hostIp: null, hostPort, containerPort: 80, count: 1});
const attach = (net: string, priority: number, ports: readonly PortWish[] = []): AttachStep => ({
  do: 'attach',
  box: 0,
  net,
  priority,
  addresses: {4: null, 6: null},
  mac: null,
  ports,
});
const two = [create('alpha', 1), create('beta', 2), attach('alpha', 1, [port(8000)])] as const;

const commands: readonly (readonly [string, readonly Step[], Step])[] = [
  ['network create', [], create('alpha', 1)],
  ['network rm', [create('alpha', 1)], {do: 'remove', net: 'alpha'}],
  ['run -p', [], attach('bridge', 0, [port(8000)])],
  ['network connect', two, attach('beta', 2)],
  ['network connect, not as the gateway', two, attach('beta', 0)],
  [
    'network connect of the first with IPv6',
    [{...create('alpha', 1), families: [4]}, create('beta', 2), attach('alpha', 1)],
    attach('beta', 0),
  ],
  ['network disconnect', [...two, attach('beta', 0)], {do: 'detach', box: 0, links: [0]}],
  ['port add', two, {do: 'publish', box: 0, link: 0, port: port(8001)}],
  ['port rm', two, {do: 'unpublish', box: 0, link: 0, port: 0}],
  ['network limit', two, {do: 'limit', box: 0, link: 0, on: true}],
  [
    'network limit, none',
    [...two, {do: 'limit', box: 0, link: 0, on: true}],
    {do: 'limit', box: 0, link: 0, on: false},
  ],
  ['rm', [...two, attach('beta', 0)], {do: 'leave', box: 0}],
];

for (const [name, before, step] of commands) {
  test.serial(`kill -9 at any point of ${name}: the next daemon has it done, or not begun`, async t => {
    for (let at = 0, ended = false; !ended; at += stride) {
      ended = await killedAt(before, step, at).catch(cause => {
        throw new Error(`killed at ${at}: ${(cause as Error).message}`, {cause});
      });
      t.deepEqual(belongings(), idle, `killed at ${at}`);
    }
  });
}

/** Whether the command came to its end. */
async function killedAt(before: readonly Step[], step: Step, at: number): Promise<boolean> {
  const folder = mkdtempSync(join(tmpdir(), 'tnet-killed-'));
  const path = join(folder, 'tnet.db');
  const first = openStore(path);
  const model = createModel(first.instance);
  const net = await makeNetwork({store: first});
  for (const each of before) await takeStep(net, model, each);
  net.abandon();
  first.close();
  const ended = runStep(path, {model, step, at});
  const store = openStore(path);
  const second = await makeNetwork({store});
  try {
    if (!isStored(second, model)) apply(model, step, toldBy(second, step));
    // What came half into a fresh sandbox goes with it: the engine ends a container whose start was cut off. One that runs goes on.
    const starting = step.do === 'attach' && !before.some(({do: verb}) => verb === 'attach');
    if ((starting || step.do === 'leave') && !ended) await takeStep(second, model, {do: 'leave', box: 0});
    await checkAll(second, model);
    await takeStep(second, model, {...attach('bridge', 0, [port(8100)]), box: 1});
    await checkAll(second, model);
  } finally {
    await clear(second.controller);
    store.close();
    rmSync(folder, {recursive: true});
  }
  return ended;
}

function runStep(path: string, job: {readonly model: Model; readonly step: Step; readonly at: number}): boolean {
  const script = fileURLToPath(new URL('model/dying.js', import.meta.url));
  const args = [script, path, serialize(job).toString('base64')];
  const {status, signal, stderr} = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: {...process.env, TNET_TEST_HOST: '1'},
  });
  if (status !== 0 && signal !== 'SIGKILL') throw new Error(stderr);
  return status === 0;
}

/** Names that tnet chose, as its store has them. */
function toldBy({controller, store}: TestNetwork, step: Step) {
  if (step.do === 'create') return {device: controller.get(step.net).device};
  if (step.do === 'attach') {
    const made = [...store.state.attachments.values()].find(
      ({network}) => store.state.networks.get(network)?.name === step.net,
    );
    return {id: made!.id, host: made!.hostIfname, ports: made!.ports.map(toPort)};
  }
  return step.do === 'publish' ? {ports: [step.port]} : {};
}
