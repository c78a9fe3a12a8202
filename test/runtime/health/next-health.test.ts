import test from 'ava';
import type {Health, Healthcheck, HealthStatus} from '../../../src/model/healthcheck.ts';
import {
  beginHealth,
  nextHealth,
  probeArgs,
  probeDelayMs,
  probeTimeoutMs,
} from '../../../src/runtime/health/next-health.ts';

const unset: Healthcheck = {
  kind: 'CMD-SHELL',
  args: ['true'],
  intervalNs: 0,
  timeoutNs: 0,
  retries: 0,
  startPeriodNs: 0,
  startIntervalNs: 0,
};

const startedMs = Date.parse('2026-01-01T00:00:00.000Z');
const after = (ms: number): string => new Date(startedMs + ms).toISOString();
const probed = (exitCode: number, ms: number) => ({start: after(ms), end: after(ms + 1), exitCode, output: ''});
const is = (status: HealthStatus, failingStreak = 0): Health => ({status, failingStreak, log: []});

for (const [title, from, exitCode, check, at, to] of [
  ['a success makes it healthy', is('starting'), 0, {}, 0, is('healthy')],
  ['a success ends a streak', is('unhealthy', 7), 0, {}, 0, is('healthy')],
  ['the first failure counts', is('starting'), 1, {}, 0, is('starting', 1)],
  ['so does a timeout', is('healthy'), -1, {}, 0, is('healthy', 1)],
  ['three in a row are too many', is('healthy', 2), 1, {}, 0, is('unhealthy', 3)],
  ['one is, if so wished', is('starting'), 1, {retries: 1}, 0, is('unhealthy', 1)],
  ['a streak goes on', is('unhealthy', 3), 1, {}, 0, is('unhealthy', 4)],
  ['no failure counts in the start period', is('starting'), 1, {startPeriodNs: 1e9, retries: 1}, 999, is('starting')],
  ['after it each does', is('starting'), 1, {startPeriodNs: 1e9, retries: 1}, 1000, is('unhealthy', 1)],
  ['and once it was healthy', is('healthy'), 1, {startPeriodNs: 1e9, retries: 1}, 5, is('unhealthy', 1)],
] as const)
  test(`nextHealth(): ${title}`, t => {
    const result = probed(exitCode, at);
    t.deepEqual(nextHealth(from, result, {check: {...unset, ...check}, startedMs}), {...to, log: [result]});
  });

test('nextHealth() keeps the last five results; beginHealth() keeps them too', t => {
  const results = [0, 1, 2, 3, 4, 5, 6].map(at => probed(0, at));
  const run = {check: unset, startedMs};
  const health = results.reduce((before, result) => nextHealth(before, result, run), beginHealth(null));
  t.deepEqual(health.log, results.slice(2));
  t.deepEqual(beginHealth(health), {...is('starting'), log: results.slice(2)});
});

test('probeDelayMs() and probeTimeoutMs() have the defaults of Docker', t => {
  const started = {...unset, startPeriodNs: 60e9};
  t.is(probeDelayMs(is('starting'), startedMs, {check: unset, startedMs}), 30_000);
  t.is(probeDelayMs(is('starting'), startedMs, {check: started, startedMs}), 5000);
  t.is(probeDelayMs(is('healthy'), startedMs, {check: started, startedMs}), 30_000);
  t.is(probeDelayMs(is('starting'), startedMs + 60_000, {check: started, startedMs}), 30_000);
  t.is(probeDelayMs(is('healthy'), startedMs, {check: {...unset, intervalNs: 1e18}, startedMs}), 2 ** 31 - 1);
  t.is(probeTimeoutMs(unset), 30_000);
  t.is(probeTimeoutMs({...unset, timeoutNs: 1e6}), 1);
});

test('probeArgs() gives a shell to CMD-SHELL, and nothing to NONE and the image', t => {
  t.deepEqual(probeArgs(unset), ['/bin/sh', '-c', 'true']);
  t.deepEqual(probeArgs({...unset, kind: 'CMD', args: ['a', 'b']}), ['a', 'b']);
  for (const check of [null, {...unset, kind: 'NONE'}, {...unset, kind: ''}] as const) t.is(probeArgs(check), null);
});
