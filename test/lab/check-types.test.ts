import test from 'ava';
import * as v from 'valibot';
import type {ContainerView, Eyes} from '../../src/lab/check/eyes.ts';
import {runCheck} from '../../src/lab/check/run-check.ts';
import {bandwidthSchema, bandwidthType} from '../../src/lab/check/types/bandwidth.ts';
import {containerType, networkType} from '../../src/lab/check/types/container.ts';

const web: ContainerView = {
  name: 'web',
  running: true,
  pid: 7,
  networks: new Map([['front', '10.0.0.2']]),
  published: [8080],
};
const daemon: Eyes['daemon'] = {
  containers: new Map([
    ['web', web],
    ['old', {...web, name: 'old', running: false, pid: 0}],
  ]),
  networks: new Map([['front', {name: 'front', driver: 'bridge', internal: false, subnets: ['10.0.0.0/24']}]]),
};
const eyes = {daemon} as Eyes;

const look = (wish: object) =>
  containerType.look(eyes, {type: 'container', name: 'web', running: true, ...wish} as never) as {
    ok: boolean;
    observed?: string;
  };

test('container sees state, network, address and port', t => {
  t.true(look({network: 'front', address: '10.0.0.2', publishes: 8080}).ok);
  t.is(look({name: 'db'}).observed, 'none');
  t.is(look({name: 'old'}).observed, 'state');
  t.is(look({network: 'back'}).observed, 'network');
  t.is(look({address: '10.0.0.3'}).observed, 'address');
  t.is(look({publishes: 80}).observed, 'port');
});

test('network sees the subnet and whether there is a way out', t => {
  const seen = (wish: object) => networkType.look(eyes, {type: 'network', name: 'front', ...wish} as never);
  t.like(seen({subnet: '10.0.0.0/24', internal: false}), {ok: true});
  t.like(seen({subnet: '10.1.0.0/24'}), {observed: 'subnet'});
  t.like(seen({internal: true}), {observed: 'internal'});
  t.like(seen({name: 'back'}), {observed: 'none'});
});

test('bandwidth compares with rates of tc, in bits', async t => {
  const wish = {type: 'bandwidth', from: 'c1', to: 'c2', address: '10.0.0.2', min: '14mbit', max: '1.5gbit'};
  const check = v.parse(bandwidthSchema, wish);
  t.like(check, {min: 14e6, max: 1.5e9});
  const measured = (got: number | null) => ({bandwidth: () => Promise.resolve(got)}) as unknown as Eyes;
  t.like(await bandwidthType.look(measured(20e6), check), {ok: true});
  t.like(await bandwidthType.look(measured(2e9), check), {ok: false, observed: 'more'});
  t.like(await bandwidthType.look(measured(1e6), check), {ok: false, observed: 'less'});
  t.like(await bandwidthType.look(measured(null), check), {ok: false, observed: 'none'});
  t.false(v.safeParse(bandwidthSchema, {...wish, max: '20mbps'}).success);
});

test('runCheck() waits as long as the check says, and longer for who knows that it will pass', async t => {
  let now = 0;
  const pass = (ms: number): void => {
    now += ms;
  };
  let looks = 0;
  const late = {exists: () => ++looks > 20} as unknown as Eyes;
  const clock = {now: () => now, sleep: (ms: number) => Promise.resolve(pass(ms))};
  const check = {type: 'netns', node: 'box', within: 100} as const;
  t.false((await runCheck(check, {eyes: late, clock})).ok);
  looks = 0;
  t.true((await runCheck(check, {eyes: late, clock, patienceMs: 8000})).ok);
});
