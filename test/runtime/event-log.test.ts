import test from 'ava';
import type {Happening} from '../../src/model/event.ts';
import {createEventLog} from '../../src/runtime/event-log.ts';

const happening = (action: string): Happening => ({type: 'container', action, id: 'c1', attributes: {}});
const always = {sinceNs: 0n, untilNs: null};
const onlyNow = {sinceNs: null, untilNs: null};

const actions = async (events: AsyncIterable<Happening>): Promise<readonly string[]> => {
  const seen: string[] = [];
  for await (const {action} of events) seen.push(action);
  return seen;
};

test('read() tells from now on, and what was before only when asked', async t => {
  const log = createEventLog(() => new Date());
  log.emit(happening('create'));
  const [all, later] = [actions(log.read(always)), actions(log.read(onlyNow))];
  log.emit(happening('start'));
  log.close();
  t.deepEqual(await all, ['create', 'start']);
  t.deepEqual(await later, ['start']);
});

test('read() until a time that has passed ends by itself, between since and until', async t => {
  let ms = 1000;
  const log = createEventLog(() => new Date(ms));
  for (const action of ['a', 'b', 'c', 'd']) {
    log.emit(happening(action));
    ms += 1000;
  }
  t.deepEqual(await actions(log.read({sinceNs: 2_000_000_000n, untilNs: 3_000_000_000n})), ['b', 'c']);
  t.deepEqual(await actions(log.read({sinceNs: null, untilNs: 2_000_000_000n})), ['a', 'b']);
});

test('read() until a time to come ends then', async t => {
  const log = createEventLog(() => new Date());
  const untilNs = BigInt(Date.now() + 30) * 1_000_000n;
  const seen = actions(log.read({sinceNs: null, untilNs}));
  log.emit(happening('now'));
  t.deepEqual(await seen, ['now']);
});

test('two events of a millisecond keep their order: every time is later than the one before', async t => {
  const log = createEventLog(() => new Date(5));
  for (let i = 0; i < 3; i++) log.emit(happening(String(i)));
  const times: bigint[] = [];
  for await (const {timeNs} of log.read({sinceNs: 0n, untilNs: 1_000_000_000n})) times.push(timeNs);
  t.deepEqual(times, [5_000_000n, 5_000_001n, 5_000_002n]);
});

test('return() ends a reader who waits, and one who never reads is let go', async t => {
  const log = createEventLog(() => new Date());
  const events = log.read(onlyNow);
  const next = events.next();
  await events.return?.();
  t.true((await next).done);
  const idle = log.read(onlyNow);
  for (let i = 0; i < 5000; i++) log.emit(happening(String(i)));
  t.true((await actions(idle)).length < 1100, 'what it has missed is not kept for ever');
});
