import type {IncomingMessage} from 'node:http';
import {createInterface} from 'node:readline';
import test from 'ava';
import {encodeEvent} from '../../src/daemon/encode-event.ts';
import {serveFake} from './serve-fake.ts';

const web = {image: 'host', name: 'web', tier: 'front'};

test('encodeEvent() is Docker’s line, to the nanosecond', t => {
  const event = {
    type: 'container',
    action: 'die',
    id: 'c1',
    attributes: web,
    timeNs: 1_700_000_000_123_456_789n,
  } as const;
  t.is(
    encodeEvent(event),
    '{"status":"die","id":"c1","from":"host","Type":"container","Action":"die","Actor":{"ID":"c1","Attributes":{"image":"host","name":"web","tier":"front"}},"scope":"local","time":1700000000,"timeNano":1700000000123456789}\n',
  );
  t.notRegex(encodeEvent({...event, type: 'network'}), /status/);
});

test('GET /events streams what happens, and what has happened since', async t => {
  const daemon = await serveFake();
  const open = (query: Record<string, string>): Promise<IncomingMessage> =>
    daemon.client.stream('GET', '/events', {query});
  const read = async (answer: IncomingMessage, count: number): Promise<readonly string[]> => {
    const seen: string[] = [];
    for await (const line of createInterface({input: answer})) {
      seen.push((JSON.parse(line) as {Action: string}).Action);
      if (seen.length === count) break;
    }
    answer.destroy();
    return seen;
  };
  const emit = (action: string, id = 'c1', attributes: Record<string, string> = web): void =>
    daemon.events.emit({type: 'container', action, id, attributes});
  emit('create');
  const live = await open({});
  const since = await open({since: '1', filters: '{"event":["start","exec_create"]}'});
  const other = await open({since: '1.5', filters: '{"container":["web"],"label":["tier=front"]}'});
  emit('start', 'c2', {image: 'host', name: 'db'});
  emit('exec_create: ls');
  emit('die');
  t.deepEqual(await read(live, 3), ['start', 'exec_create: ls', 'die']);
  t.deepEqual(await read(since, 2), ['start', 'exec_create: ls']);
  t.deepEqual(await read(other, 3), ['create', 'exec_create: ls', 'die']);
  t.deepEqual(await read(await open({until: String(Date.now() / 1000 + 0.0005).slice(0, 14)}), 9), [
    'create',
    'start',
    'exec_create: ls',
    'die',
  ]);
  await daemon.close();
});

for (const [query, message] of [
  [{since: 'yesterday'}, /invalid since "yesterday"/],
  [{until: '-1'}, /invalid until/],
  [{filters: '{"colour":["red"]}'}, /invalid filter 'colour'/],
  [{filters: '[1]'}, /invalid filters/],
] as const)
  test(`GET /events refuses ${JSON.stringify(query)}`, async t => {
    const daemon = await serveFake();
    const error = await t.throwsAsync(daemon.client.stream('GET', '/events', {query}), {message});
    t.is((error as {status?: number}).status, 400);
    await daemon.close();
  });
