import {closeSync, openSync} from 'node:fs';
import test from 'ava';
import {KernelError} from '../../../src/errors.ts';
import {decodeAddress, delAddress, dumpAddresses, newAddress} from '../../../src/kernel/netlink/address.ts';
import {
  addAltname,
  decodeLink,
  delAltname,
  delLink,
  delLinksByGroup,
  dumpLinks,
  getLink,
  type LinkInfo,
  newLink,
  setLink,
} from '../../../src/kernel/netlink/link.ts';
import {decodeNeigh, delNeigh, dumpNeighs, newNeigh} from '../../../src/kernel/netlink/neigh.ts';
import {decodeRoute, delRoute, dumpRoutes, newRoute, replaceRoute} from '../../../src/kernel/netlink/route.ts';
import {decodeRule, delRule, dumpRules, newRule} from '../../../src/kernel/netlink/rule.ts';
import {type NetlinkSocket, openNetlinkSocket} from '../../../src/kernel/netlink/socket.ts';
import type {Ip, Prefix} from '../../../src/model/ip.ts';
import type {Mac} from '../../../src/model/mac.ts';
import {live, run} from './live.ts';

const {kernelTest, native} = live('ip');
const group = 84_001;
const ip = (text: string) => text as Ip;
const prefix = (text: string) => text as Prefix;
const mac = (text: string) => text as Mac;
const json = (command: string): Record<string, unknown>[] => JSON.parse(run('ip', ['-j', ...command.split(' ')]));
const sandbox = `/proc/${process.pid}/task/${process.pid}/ns/net`;

let socket: NetlinkSocket;
test.before(() => {
  if (native) socket = openNetlinkSocket({native: native(), protocol: 'route'});
});
test.after.always('nothing is left', t => {
  if (!native) return;
  const made = socket
    .dump(dumpLinks())
    .map(decodeLink)
    .filter(({kind}) => kind !== null);
  // The second end of a veth goes with the first: ENODEV.
  socket.requestAll(made.map(({index}) => delLink(index)));
  const left = json('link show').map(({ifname}) => ifname);
  t.deepEqual(left, ['lo']);
  socket.close();
});

const link = (name: string): LinkInfo => decodeLink(socket.request(getLink(name))[0]!);
function addBridge(name: string, address: string): number {
  socket.request(
    newLink({
      name,
      kind: 'bridge',
      group,
      up: true,
      mac: mac('02:42:0a:58:00:01'),
      bridge: {forwardDelayMs: 0, stp: false},
    }),
  );
  const {index} = link(name);
  socket.request(newAddress({index, address: ip(address), prefixLength: 16}));
  return index;
}

kernelTest('newLink() makes what ip -d link shows: a bridge and a veth with master and peer', t => {
  const index = addBridge('br-a', '10.1.0.1');
  const netnsFd = openSync(sandbox, 'r');
  socket.request(
    newLink({
      name: 'veth-a',
      kind: 'veth',
      group,
      mtu: 1400,
      master: index,
      up: true,
      peer: {name: 'eth-a', mac: mac('02:42:0a:01:00:02'), mtu: 1400, netnsFd},
    }),
  );
  closeSync(netnsFd);
  const answers = socket.requestAll([
    setLink('veth-a', {hairpin: true}),
    setLink('veth-a', {ipv6LinkLocal: false}),
    addAltname('veth-a', 'tnet-0123456789abcdef'),
    setLink('eth-a', {up: true}),
  ]);
  t.deepEqual(
    answers.map(({error}) => error),
    [null, null, null, null],
  );
  const [bridge] = json('-d link show br-a');
  t.like(bridge, {
    address: '02:42:0a:58:00:01',
    linkinfo: {info_kind: 'bridge', info_data: {forward_delay: 0, stp_state: 0}},
  });
  const [shown] = json('-d link show veth-a');
  t.like(shown, {
    mtu: 1400,
    group: `${group}`,
    master: 'br-a',
    link: 'eth-a',
    altnames: ['tnet-0123456789abcdef'],
    inet6_addr_gen_mode: 'none',
    linkinfo: {info_kind: 'veth', info_slave_kind: 'bridge', info_slave_data: {hairpin: true}},
  });
  const peer = link('eth-a');
  t.like(peer, {mac: mac('02:42:0a:01:00:02'), mtu: 1400, masterIndex: null, hairpin: null});
  t.like(link('tnet-0123456789abcdef'), {
    name: 'veth-a',
    altnames: ['tnet-0123456789abcdef'],
    kind: 'veth',
    up: true,
    group,
    masterIndex: index,
    peerIndex: peer.index,
    hairpin: true,
  });
});

kernelTest('setLink() changes, renames and takes out of the bridge', t => {
  const index = addBridge('br-b', '10.2.0.1');
  socket.request(newLink({name: 'veth-b', kind: 'veth', master: index, peer: {name: 'eth-b'}}));
  socket.request(setLink('veth-b', {master: 0, mtu: 1300, group: 7, mac: mac('02:00:00:00:00:07')}));
  socket.request(setLink(link('veth-b').index, {name: 'veth-c'}));
  t.like(link('veth-c'), {
    masterIndex: null,
    mtu: 1300,
    group: 7,
    mac: mac('02:00:00:00:00:07'),
    up: false,
    operstate: 'down',
  });
  socket.request(addAltname('veth-c', 'other'));
  socket.request(delAltname('veth-c', 'other'));
  t.deepEqual(link('veth-c').altnames, []);
});

kernelTest('dumpLinks() filters by master and kind', t => {
  const index = addBridge('br-d', '10.4.0.1');
  socket.request(newLink({name: 'veth-d', kind: 'veth', master: index, peer: {name: 'eth-d'}}));
  const names = (filter: Parameters<typeof dumpLinks>[0]) =>
    socket.dump(dumpLinks(filter)).map(message => decodeLink(message).name);
  t.deepEqual(names({master: index}), ['veth-d']);
  t.true(names({kind: 'bridge'}).includes('br-d'));
  t.false(names({kind: 'bridge'}).includes('veth-d'));
  t.true(names({}).includes('lo'));
});

kernelTest('delLinksByGroup() deletes every link of the group, and says when there is none', t => {
  socket.requestAll(
    ['one', 'two'].map(name => newLink({name: `g-${name}`, kind: 'veth', group: 84_777, peer: {name: `h-${name}`}})),
  );
  socket.request(delLinksByGroup(84_777));
  t.throws(() => link('g-one'), {instanceOf: KernelError, message: /No such device/});
  t.is(t.throws(() => socket.request(delLinksByGroup(84_777)), {instanceOf: KernelError})?.errno, 19);
});

kernelTest('requestAsync() deletes a veth on a worker', async t => {
  socket.request(newLink({name: 'veth-w', kind: 'veth', peer: {name: 'eth-w'}}));
  await socket.requestAsync(delLink('veth-w'), 'delete link "veth-w"');
  await t.throwsAsync(socket.requestAsync(delLink('veth-w'), 'delete link "veth-w"'), {
    message: 'Cannot delete link "veth-w": No such device',
  });
});

kernelTest('newAddress() and dumpAddresses() agree with ip addr', t => {
  const index = addBridge('br-e', '10.5.0.1');
  socket.request(newAddress({index, address: ip('fd00:5::1'), prefixLength: 64, noDad: true}));
  const shown = socket.dump(dumpAddresses({index})).map(decodeAddress);
  t.true(
    shown.every(address => address.index === index),
    'the kernel filters',
  );
  t.like(
    shown.find(({address}) => address === '10.5.0.1'),
    {prefixLength: 16, scope: 0, tentative: false},
  );
  t.like(
    shown.find(({address}) => address === 'fd00:5::1'),
    {prefixLength: 64, tentative: false},
  );
  t.deepEqual(
    (json('-4 addr show dev br-e')[0]!.addr_info as {local: string}[]).map(({local}) => local),
    ['10.5.0.1'],
  );
  const again = () =>
    socket.request(
      newAddress({index, address: ip('10.5.0.1'), prefixLength: 16}),
      'add address "10.5.0.1/16" to "br-e"',
    );
  t.is(
    t.throws(again, {instanceOf: KernelError, message: /^Cannot add address "10.5.0.1\/16" to "br-e": File exists/})
      ?.code,
    'ERR_KERNEL',
  );
  socket.request(delAddress({index, address: ip('10.5.0.1'), prefixLength: 16}));
  t.is(
    t.throws(() => socket.request(delAddress({index, address: ip('10.5.0.1'), prefixLength: 16})), {
      instanceOf: KernelError,
    })?.errno,
    99,
  );
});

kernelTest('newRoute(), replaceRoute(), delRoute() and dumpRoutes() agree with ip route', t => {
  const index = addBridge('br-f', '10.6.0.1');
  socket.request(newAddress({index, address: ip('fd00:6::1'), prefixLength: 64, noDad: true}));
  const specs = [
    {to: prefix('10.66.0.0/16'), via: ip('10.6.0.9'), oif: index},
    {to: prefix('10.67.0.0/16'), oif: index, prefsrc: ip('10.6.0.1'), table: 1006},
    {to: prefix('fd00:66::/64'), via: ip('fd00:6::9')},
    {to: prefix('10.68.0.0/16'), type: 'unreachable'},
  ] as const;
  for (const spec of specs) socket.request(newRoute(spec));
  socket.request(replaceRoute({...specs[0], via: ip('10.6.0.8')}));
  const ours = socket.dump(dumpRoutes({protocol: 84})).map(decodeRoute);
  t.like(
    ours.find(({to}) => to === '10.66.0.0/16'),
    {via: ip('10.6.0.8'), oif: index, scope: 0, table: 254},
  );
  t.like(
    ours.find(({to}) => to === '10.67.0.0/16'),
    {via: null, prefsrc: ip('10.6.0.1'), scope: 253, table: 1006},
  );
  t.like(
    ours.find(({to}) => to === 'fd00:66::/64'),
    {via: ip('fd00:6::9'), protocol: 84},
  );
  t.like(
    ours.find(({to}) => to === '10.68.0.0/16'),
    {type: 'unreachable'},
  );
  t.deepEqual(
    json('route show table 1006').map(({dst, protocol, scope}) => [dst, protocol, scope]),
    [['10.67.0.0/16', '84', 'link']],
  );
  t.is(socket.dump(dumpRoutes({table: 1006, family: 4})).length, 1);
  for (const spec of specs) socket.request(delRoute(spec.to === '10.66.0.0/16' ? {to: spec.to} : spec));
  t.is(socket.dump(dumpRoutes({protocol: 84})).length, 0);
  t.is(t.throws(() => socket.request(delRoute({to: prefix('10.66.0.0/16')})), {instanceOf: KernelError})?.errno, 3);
});

kernelTest('newNeigh(), delNeigh() and dumpNeighs() agree with ip neigh', t => {
  const index = addBridge('br-g', '10.7.0.1');
  const spec = {index, address: ip('10.7.0.2'), mac: mac('02:42:0a:07:00:02')};
  socket.request(newNeigh(spec));
  const found = socket.dump(dumpNeighs({index, family: 4})).map(decodeNeigh);
  // The kernel may have put multicast entries there too.
  t.deepEqual(
    found.filter(({state}) => state === 0x80),
    [{...spec, state: 0x80}],
  );
  t.like(json('neigh show dev br-g')[0], {dst: '10.7.0.2', lladdr: '02:42:0a:07:00:02', state: ['PERMANENT']});
  socket.request(delNeigh(spec));
  t.throws(() => socket.request(delNeigh(spec)), {instanceOf: KernelError, message: /No such file/});
});

kernelTest('newRule(), delRule() and dumpRules() agree with ip rule', t => {
  const spec = {
    family: 4,
    priority: 184,
    table: 1008,
    from: prefix('10.8.0.0/16'),
    iif: 'lo',
    mark: 1,
    markMask: 255,
  } as const;
  socket.request(newRule(spec));
  const found = socket
    .dump(dumpRules({family: 4}))
    .map(decodeRule)
    .find(({priority}) => priority === 184);
  t.like(found, {table: 1008, from: prefix('10.8.0.0/16'), iif: 'lo', mark: 1, markMask: 255, protocol: 84});
  t.like(
    json('rule show').find(({priority}) => priority === 184),
    {src: '10.8.0.0', srclen: 16, iif: 'lo', table: '1008', protocol: '84'},
  );
  socket.request(delRule(spec));
  t.is(t.throws(() => socket.request(delRule(spec)), {instanceOf: KernelError})?.errno, 2);
});

kernelTest('errors carry the sentence of the kernel', t => {
  const error = t.throws(
    () => socket.request(newRoute({to: prefix('10.9.0.0/16'), via: ip('1.2.3.4')}), 'add route "10.9.0.0/16"'),
    {
      instanceOf: KernelError,
    },
  )!;
  t.is(error.message, 'Cannot add route "10.9.0.0/16": Network is unreachable (Nexthop has invalid gateway)');
});
