import test from 'ava';
import type {Container, ContainerState, NetworkMode} from '../../src/model/container.ts';
import {parseRestartPolicy} from '../../src/model/restart-policy.ts';
import {joinersOf, sandboxOwner} from '../../src/runtime/joiners.ts';
import {neverStarted} from '../../src/runtime/life.ts';
import {restartDelayMs, restartsAfterExit, restartsWithDaemon, startOrder} from '../../src/runtime/restart-plan.ts';

const ended: Partial<ContainerState> = {status: 'exited', startedAt: '2026-01-01T00:00:00Z'};

function container(
  policy: string,
  state: Partial<ContainerState>,
  id = 'c',
  network: NetworkMode = {kind: 'none'},
): Container {
  const config = {restart: parseRestartPolicy(policy), network};
  return {id, name: id, created: '', config, state: {...neverStarted, ...state}} as unknown as Container;
}

const joins = (id: string, other: string, state: Partial<ContainerState> = {}): Container =>
  container('no', state, id, {kind: 'container', container: other});

for (const [policy, state, afterExit, withDaemon] of [
  ['no', {exitCode: 1}, false, false],
  ['always', {exitCode: 0}, true, true],
  ['always', {manuallyStopped: true}, false, true],
  ['always', {startedAt: null, status: 'created'}, true, false],
  ['unless-stopped', {exitCode: 0}, true, true],
  ['unless-stopped', {manuallyStopped: true}, false, false],
  ['on-failure', {exitCode: 0}, false, false],
  ['on-failure', {exitCode: 1, restartCount: 1000}, true, true],
  ['on-failure:2', {exitCode: 1, restartCount: 1}, true, true],
  ['on-failure:2', {exitCode: 1, restartCount: 2}, false, false],
] as const)
  test(`${policy} after ${JSON.stringify(state)}: ${afterExit ? 'again' : 'not again'}, with the daemon ${withDaemon}`, t => {
    const it = container(policy, {...ended, ...state});
    t.is(restartsAfterExit(it), afterExit);
    t.is(restartsWithDaemon(it), withDaemon);
  });

test('restartDelayMs() doubles from 100 ms to a minute, and begins again after a long run', t => {
  const delays: number[] = [];
  for (let i = 0; i < 12; i++) delays.push(restartDelayMs(delays.at(-1) ?? null, 50));
  t.deepEqual(delays, [100, 200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 51_200, 60_000, 60_000]);
  t.is(restartDelayMs(60_000, 10_000), 100);
});

for (const [text, message] of [
  ['sometimes', /unknown policy 'sometimes'; use one of/],
  ['always:3', /maximum retry count can only be used with 'on-failure'/],
  ['on-failure:-1', /maximum retry count cannot be negative/],
  ['on-failure:x', /maximum retry count must be an integer/],
  ['on-failure:1:2', /invalid restart policy format/],
] as const)
  test(`parseRestartPolicy() refuses ${text}`, t => void t.throws(() => parseRestartPolicy(text), {message}));

test('startOrder() brings owners up before those that join them, whatever the order', t => {
  const all = [
    joins('c', 'b'),
    joins('b', 'a'),
    container('no', {}, 'a'),
    joins('lost', 'gone'),
    joins('r1', 'r2'),
    joins('r2', 'r1'),
  ];
  const order = startOrder(all).map(group => group.map(({id}) => id));
  t.deepEqual(order.slice(0, 3), [['a', 'lost'], ['b'], ['c']]);
  t.is(order.flat().length, all.length);
  t.deepEqual(startOrder([]), []);
});

test('joinersOf() and sandboxOwner() follow the whole chain', t => {
  const running = {status: 'running'} as const;
  const all = [
    container('no', ended, 'a'),
    joins('b', 'a', ended),
    joins('c', 'b', running),
    joins('lost', 'gone', running),
  ];
  const containers = new Map(all.map(each => [each.id, each]));
  t.deepEqual(
    joinersOf(containers, 'a').map(({id}) => id),
    ['c'],
  );
  t.deepEqual(joinersOf(containers, 'c'), []);
  t.is(sandboxOwner(containers, all[2]!), 'a');
  t.is(sandboxOwner(containers, all[3]!), 'gone');
});
