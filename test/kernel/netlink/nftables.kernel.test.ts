import test from 'ava';
import {KernelError} from '../../../src/errors.ts';
import {decodeEvents, decodeGeneration, eventTable, netfilterGroups} from '../../../src/kernel/netlink/monitor.ts';
import {
  addElements,
  decodeElements,
  deleteElements,
  dumpElements,
  flushElements,
  getElements,
} from '../../../src/kernel/netlink/nftables/elements.ts';
import {
  createTable,
  decodeTable,
  deleteTable,
  dumpTables,
  getTable,
  replaceTable,
} from '../../../src/kernel/netlink/nftables/objects.ts';
import type {NftElement, NftSet, NftTable} from '../../../src/kernel/netlink/nftables/types.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../../src/kernel/netlink/socket.ts';
import {listing} from './listing.ts';
import {live, run} from './live.ts';
import {sets, table} from './table.ts';

const {kernelTest, native} = live('nft');
const nft = (...words: string[]): string => run('nft', words);
const element = (set: string, fields: readonly string[], data: readonly string[] = []): NftElement => ({
  set,
  fields,
  data,
});

let socket: NetlinkSocket;
test.before(() => {
  if (native) socket = openNetlinkSocket({native: native(), protocol: 'netfilter'});
});
test.afterEach.always(t => {
  if (!native) return;
  nft('flush', 'ruleset');
  t.is(nft('list', 'ruleset'), '');
});
test.after.always(() => native && socket.close());

const read = (set: NftSet): NftElement[] => decodeElements(socket.dump(dumpElements(table, set)), set);
const sorted = (elements: readonly NftElement[]): string[] =>
  elements.map(({fields, data}) => [...fields, ...data].join(' ')).sort();

kernelTest('createTable() is listed by nft as it was meant, every expression of it', t => {
  socket.batch(createTable(table), 'create the table');
  t.is(nft('list', 'ruleset'), listing);
  t.deepEqual(decodeTable(socket.request(getTable('tnet'))[0]!), {
    family: 1,
    name: 'tnet',
    comment: 'tnet 0123456789ab',
  });
  t.deepEqual(
    socket.dump(dumpTables()).map(message => decodeTable(message).name),
    ['tnet'],
  );
});

kernelTest('nft accepts its own listing of our table again', t => {
  run('nft', ['-c', '-f', '-'], listing);
  t.pass();
});

kernelTest('createTable() refuses a table that is there; replaceTable() replaces it, elements included', t => {
  socket.batch(createTable(table));
  socket.batch(addElements(table, sets.bridges, [element('bridges', ['br0'])]));
  t.is(
    t.throws(() => socket.batch(createTable(table)), {message: 'Cannot create table "tnet": File exists'})?.name,
    'TnetError',
  );
  socket.batch(replaceTable({...table, comment: 'another'}));
  t.is(decodeTable(socket.request(getTable(table))[0]!).comment, 'another');
  t.deepEqual(read(sets.bridges), []);
  socket.batch(deleteTable(table));
  t.is(t.throws(() => socket.request(getTable(table)), {instanceOf: KernelError})?.errno, 2);
});

const elements: readonly NftElement[] = [
  element('bridges', ['docker0']),
  element('bridges', ['a']),
  element('pairs', ['docker0', 'br-1']),
  element('subnets4', ['0.0.0.0/8']),
  element('subnets4', ['10.0.0.0/8']),
  element('subnets4', ['11.0.0.0/8']),
  element('subnets4', ['12.0.0.1']),
  element('subnets4', ['12.0.0.3-12.0.0.9']),
  element('subnets4', ['224.0.0.0/3']),
  element('homes4', ['10.0.0.0/8', 'docker0']),
  element('homes4', ['11.0.0.1-11.0.0.5', 'eth0']),
  element('published4', ['tcp', '127.0.0.1', '8080'], ['172.17.0.2', '80']),
  element('published4', ['udp', '10.0.0.1', '53'], ['172.17.0.2', '53']),
];
const bySet = (verb: typeof addElements, list = elements) =>
  Object.values(sets).flatMap(set =>
    verb(
      table,
      set,
      list.filter(({set: name}) => name === set.name),
    ),
  );

kernelTest('elements come back as they were added, are listed by nft, and go', t => {
  socket.batch([...createTable(table), ...bySet(addElements)]);
  for (const set of Object.values(sets)) {
    t.deepEqual(sorted(read(set)), sorted(elements.filter(({set: name}) => name === set.name)), set.name);
  }
  const shown = nft('list', 'ruleset').replaceAll(/\s+/g, ' ');
  t.true(shown.includes('elements = { "a", "docker0" }') || shown.includes('elements = { "docker0", "a" }'), shown);
  t.true(shown.includes('elements = { "docker0" . "br-1" }'), shown);
  t.true(
    shown.includes('elements = { 0.0.0.0/8, 10.0.0.0/8, 11.0.0.0/8, 12.0.0.1, 12.0.0.3-12.0.0.9, 224.0.0.0/3 }'),
    shown,
  );
  t.true(shown.includes('11.0.0.1-11.0.0.5 . "eth0"'), shown);
  t.true(shown.includes('tcp . 127.0.0.1 . 8080 : 172.17.0.2 . 80'), shown);
  socket.batch(bySet(deleteElements));
  for (const set of Object.values(sets)) t.deepEqual(read(set), [], set.name);
});

kernelTest('what nft adds we read, and what we add nft deletes', t => {
  socket.batch(createTable(table));
  nft('add element inet tnet subnets4 { 10.0.0.0/8, 128.0.0.0/1 }');
  nft('add element inet tnet homes4 { 10.0.0.0/8 . "br0" }');
  t.deepEqual(sorted(read(sets.subnets4)), ['10.0.0.0/8', '128.0.0.0/1']);
  t.deepEqual(sorted(read(sets.homes4)), ['10.0.0.0/8 br0']);
  socket.batch(deleteElements(table, sets.subnets4, [element('subnets4', ['10.0.0.0/8'])]));
  socket.batch(addElements(table, sets.subnets4, [element('subnets4', ['20.0.0.0/8'])]));
  nft('delete element inet tnet subnets4 { 20.0.0.0/8, 128.0.0.0/1 }');
  t.deepEqual(read(sets.subnets4), []);
});

kernelTest('IPv6, marks and ranges of ports go both ways', t => {
  const others = [
    {name: 'six', key: ['ipv6_addr'], data: [], interval: true},
    {name: 'marks', key: ['mark'], data: [], interval: false},
    {name: 'marked', key: ['inet_service'], data: ['mark'], interval: false},
    {name: 'ranges', key: ['inet_proto', 'inet_service'], data: ['ipv4_addr'], interval: true},
    {name: 'ports', key: ['inet_service'], data: ['ipv4_addr'], interval: true},
    {
      name: 'six-to',
      key: ['inet_proto', 'ipv6_addr', 'inet_service'],
      data: ['ipv6_addr', 'inet_service'],
      interval: false,
    },
  ] as const satisfies readonly NftSet[];
  const added = [
    element('six', ['fd00::/64']),
    element('six', ['ff00::/8']),
    element('marks', ['0x000000ff']),
    element('marked', ['80'], ['0x00000001']),
    element('ranges', ['tcp', '8000-8010'], ['172.17.0.2']),
    element('ranges', ['udp', '53'], ['172.17.0.3']),
    element('ports', ['9000-9010'], ['172.17.0.2']),
    element('ports', ['9011-65535'], ['172.17.0.3']),
    element('six-to', ['tcp', 'fd00::1', '80'], ['fd00::2', '8080']),
  ];
  socket.batch(createTable({...table, sets: others, chains: []}));
  const of = (set: NftSet) => added.filter(({set: name}) => name === set.name);
  socket.batch(others.flatMap(set => addElements(table, set, of(set))));
  for (const set of others) t.deepEqual(sorted(read(set)), sorted(of(set)), set.name);
  const shown = nft('list', 'table', 'inet', 'tnet').replaceAll(/\s+/g, ' ');
  for (const text of [
    'fd00::/64',
    'ff00::/8',
    '0x000000ff',
    '80 : 0x00000001',
    'tcp . 8000-8010 : 172.17.0.2',
    '9000-9010 : 172.17.0.2, 9011-65535 : 172.17.0.3',
    'tcp . fd00::1 . 80 : fd00::2 . 8080',
  ]) {
    t.true(shown.includes(text), `${text} in ${shown}`);
  }
  socket.batch(others.flatMap(set => deleteElements(table, set, of(set))));
  for (const set of others) t.deepEqual(read(set), [], set.name);
});

kernelTest('a batch is all or nothing, and names the message that failed', t => {
  socket.batch([...createTable(table), ...addElements(table, sets.published4, [elements[11]!])]);
  const other = element('published4', elements[11]!.fields, ['172.17.0.9', '80']);
  const messages = [
    ...addElements(table, sets.bridges, [element('bridges', ['new'])]),
    ...addElements(table, sets.published4, [other]),
  ];
  const error = t.throws(() => socket.batch(messages, 'publish'), {instanceOf: KernelError})!;
  t.is(
    error.message,
    'Cannot publish: add element "tcp . 127.0.0.1 . 8080" to set "published4" of table "tnet": File exists',
  );
  t.like(error.cause, {index: 1});
  t.deepEqual(read(sets.bridges), []);
  t.notThrows(
    () => socket.batch(addElements(table, sets.published4, [elements[11]!])),
    'an equal element may be there',
  );
  t.throws(() => socket.batch(deleteElements(table, sets.published4, [other, other])), {
    message: /No such file or directory$/,
  });
});

kernelTest('getElements() finds what is there', t => {
  socket.batch([...createTable(table), ...bySet(addElements)]);
  const get = (set: NftSet, one: NftElement) =>
    decodeElements(
      getElements(table, set, [one]).flatMap(message => socket.request(message)),
      set,
    );
  t.deepEqual(get(sets.published4, elements[11]!), [elements[11]!]);
  t.is(t.throws(() => get(sets.bridges, element('bridges', ['no'])), {instanceOf: KernelError})?.errno, 2);
});

kernelTest('5,000 elements are one transaction, in reasonable time', t => {
  socket.batch(createTable(table));
  const many = Array.from({length: 5000}, (_, i) =>
    element('published4', ['tcp', `10.0.${i >> 8}.${i & 255}`, '80'], ['172.17.0.2', '80']),
  );
  const times = [() => addElements(table, sets.published4, many), () => read(sets.published4)] as const;
  const start = performance.now();
  socket.batch(times[0]());
  const added = performance.now();
  const back = times[1]();
  const dumped = performance.now();
  t.log(`added in ${(added - start).toFixed(0)} ms, read in ${(dumped - added).toFixed(0)} ms`);
  t.deepEqual(sorted(back), sorted(many));
  socket.batch([flushElements(table, sets.published4)]);
  t.deepEqual(read(sets.published4), []);
});

kernelTest('batchAsync() deletes on a worker', async t => {
  socket.batch(createTable(table));
  await socket.batchAsync(deleteTable(table));
  await t.throwsAsync(socket.batchAsync(deleteTable(table)), {
    message: 'Cannot delete table "tnet": No such file or directory',
  });
});

kernelTest('a monitor learns that nft deleted our table, and who did it', t => {
  const {openNetlink, joinGroup, receive} = native!();
  const fd = openNetlink(12);
  joinGroup(fd, netfilterGroups.nftables);
  const monitor = openNetlinkSocket({
    native: {openNetlink: () => fd, request: () => [], requestAsync: async () => []},
    protocol: 'netfilter',
  });
  socket.batch(createTable({...table, sets: [], chains: []} satisfies NftTable));
  nft('delete', 'table', 'inet', 'tnet');
  const events = decodeEvents(receive(fd));
  monitor.close();
  t.deepEqual(
    events.map(event => `${event.event} ${event.object} ${eventTable(event)}`),
    ['new table tnet', 'new generation null', 'del table tnet', 'new generation null'],
  );
  const [ours, theirs] = events
    .filter(({object}) => object === 'generation')
    .map(({message}) => decodeGeneration(message));
  t.is(ours!.pid, process.pid);
  t.is(theirs!.process, 'nft');
});
