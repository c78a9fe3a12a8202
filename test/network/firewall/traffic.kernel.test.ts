import test from 'ava';
import {loadNative} from '../../../src/kernel/native.ts';
import {
  addElements,
  decodeElements,
  deleteElements,
  dumpElements,
} from '../../../src/kernel/netlink/nftables/elements.ts';
import {createTable, replaceTable} from '../../../src/kernel/netlink/nftables/objects.ts';
import type {NftElement, NftTable} from '../../../src/kernel/netlink/nftables/types.ts';
import {openNetlinkSocket} from '../../../src/kernel/netlink/socket.ts';
import {parsePortMapping} from '../../../src/model/port-mapping.ts';
import {tnetTable} from '../../../src/network/firewall/nft.ts';
import {trafficChains, trafficElements, trafficSets} from '../../../src/network/firewall/traffic.ts';
import {ask, serve} from '../../fixture/echo.ts';
import {belongings, makeHost, makeNeighbour, run} from '../../fixture/host.ts';
import {makeNetwork} from '../../fixture/network.ts';

makeHost();

/** Our table with its published ports counted. */
const published = new Set(['published4', 'published4-any']);
const counted: NftTable = {
  ...tnetTable,
  sets: [
    ...tnetTable.sets.map(set => (published.has(set.name) ? {...set, counter: true as const} : set)),
    ...trafficSets.filter(({name}) => !tnetTable.sets.some(set => set.name === name)),
  ],
  chains: [
    ...tnetTable.chains,
    ...trafficChains.filter(({name}) => !tnetTable.chains.some(chain => chain.name === name)),
  ],
};
const socket = openNetlinkSocket({native: loadNative(), protocol: 'netfilter'});

const read = (table: NftTable): NftElement[] =>
  table.sets.flatMap(set => decodeElements(socket.dump(dumpElements(table, set)), set));
const adding = (table: NftTable, elements: readonly NftElement[]) =>
  table.sets.flatMap(set =>
    addElements(
      table,
      set,
      elements.filter(element => element.set === set.name),
    ),
  );
const countOf = (...fields: readonly string[]) =>
  read(counted).find(element => element.counter && element.fields.join() === fields.join())?.counter;

const ports = ['8080:80', '8080:80/udp', '127.0.0.1:5353:80/udp'];

test.serial('traffic counts connections, packets and bytes of published ports, for clients near and far', async t => {
  t.timeout(30_000);
  const before = belongings();
  const neighbour = makeNeighbour();
  const net = await makeNetwork({wrap: kernel => ({...kernel, watch: () => () => {}})});
  const web = await net.attach('web', {ports});
  const elements = [...read(tnetTable), ...ports.flatMap(text => trafficElements(parsePortMapping(text)))];
  socket.batch([...replaceTable(counted), ...adding(counted, elements)]);
  const server = await serve(web.sandbox, 80);

  t.is(await ask(neighbour.netns, 'udp', '192.0.2.1:8080'), '192.0.2.2');
  // IP and UDP headers are 28 bytes; asked "\n", answered "you are 192.0.2.2\n".
  t.deepEqual(countOf('udp', '8080'), {packets: 1, bytes: 29});
  t.deepEqual(countOf('udp', '8080', 'original'), {packets: 1, bytes: 29});
  t.deepEqual(countOf('udp', '8080', 'reply'), {packets: 1, bytes: 28 + 'you are 192.0.2.2\n'.length});

  for (let i = 0; i < 3; i++) t.is(await ask(null, 'udp', '127.0.0.1:5353'), '172.17.0.1');
  t.deepEqual(countOf('udp', '127.0.0.1', '5353')?.packets, 3);
  t.deepEqual(countOf('udp', '5353', 'original', '127.0.0.1'), {packets: 3, bytes: 3 * 29});
  t.deepEqual(countOf('udp', '5353', 'reply', '127.0.0.1')?.packets, 3);

  for (const from of [neighbour.netns, neighbour.netns, null]) t.truthy(await ask(from, 'tcp', '192.0.2.1:8080'));
  t.is(countOf('tcp', '8080')?.packets, 3);
  t.true(countOf('tcp', '8080', 'original')!.packets >= 3 * 4);
  t.true(countOf('tcp', '8080', 'reply')!.bytes >= 3 * (3 * 40 + 'you are 192.0.2.2\n'.length));

  t.truthy(await ask(neighbour.netns, 'tcp', '192.0.2.1:8080'));
  t.is(countOf('tcp', '8080')?.packets, 4);
  socket.batch(
    deleteElements(counted, counted.sets.find(({name}) => name === 'published4-any')!, [
      {set: 'published4-any', fields: ['tcp', '8080'], data: []},
    ]),
  );
  t.is(countOf('tcp', '8080'), undefined);

  server.kill('SIGKILL');
  await net.detach(web).catch(() => {});
  await net.controller.close();
  run('ip link del eth0; umount /run/tnet-test/netns/neighbour-eth0; rm /run/tnet-test/netns/neighbour-eth0');
  t.deepEqual(belongings(), before);
});

test.serial('nft accepts its own listing of the counting table again', t => {
  const elements = ['8080:80', '127.0.0.1:53:53/udp', '[fd00::1]:9000-9001:9000-9001/sctp'].map(parsePortMapping);
  const table = {...counted, sets: counted.sets.filter(set => !published.has(set.name)), chains: trafficChains};
  socket.batch([...createTable(table), ...adding(table, elements.flatMap(trafficElements))]);
  run('nft list ruleset > /run/ruleset && nft -c -f /run/ruleset');
  t.is(read(table).length, 2 + 2 + 2);
  t.true(read(table).every(({counter}) => counter?.packets === 0 && counter.bytes === 0));
  run('nft flush ruleset');
});
