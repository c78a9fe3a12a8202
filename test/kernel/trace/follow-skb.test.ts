import test from 'ava';
import {dropBeforeDevice, type FirstSight, followAnswer, followSkb} from '../../../src/kernel/trace/follow-skb.ts';
import type {SkbEvent} from '../../../src/kernel/trace/skb-event.ts';

/** Two containers, a and b, on one bridge: `a`'s packet is the buffer 1, the answer 2. */
const veths = [
  {host: 'va', inside: 'eth0', ns: '/a'},
  {host: 'vb', inside: 'eth0', ns: '/b'},
];
const etherType = 0x800;
const sight: FirstSight = {ns: '/a', link: 'eth0', etherType, l3Length: 60, pid: 7, afterUs: 0, beforeUs: 1000};

const send = (skb: string, link: string, atUs: number, more: object = {}): SkbEvent =>
  ({event: 'send', skb, link, atUs, pid: 7, l3Length: 60, etherType, ...more}) as SkbEvent;
const receive = (skb: string, link: string, atUs: number): SkbEvent =>
  ({event: 'receive', skb, link, atUs, pid: 7, l3Length: 60}) as SkbEvent;
const drop = (skb: string, reason: string, atUs: number, more: object = {}): SkbEvent =>
  ({event: 'drop', skb, reason, atUs, pid: 7, etherType, location: 'f+0x1/0x2', ...more}) as SkbEvent;
const bridged = [send('1', 'eth0', 1), receive('1', 'va', 2), send('1', 'vb', 3), receive('1', 'eth0', 4)];
const where = (path: ReturnType<typeof followSkb>) =>
  path?.passages.map(({ns, link, event}) => `${event} ${ns ?? '?'} ${link}`);

test('followSkb() follows a buffer from namespace to namespace', t => {
  const path = followSkb([...bridged, drop('1', 'NO_SOCKET', 5)], sight, veths);
  t.deepEqual(where(path), ['send /a eth0', 'receive  va', 'send  vb', 'receive /b eth0']);
  t.like(path?.end, {reason: 'NO_SOCKET'});
});

test('followSkb() ends with the buffer: its address is another packet’s then', t => {
  const path = followSkb([...bridged, drop('1', 'NO_SOCKET', 5), send('1', 'eth0', 6)], sight, veths);
  t.is(path?.passages.length, 4);
});

test('followSkb() takes no packet that leaves another namespace by a link of that name', t => {
  const other = [send('9', 'eth0', 1), receive('9', 'vb', 2)];
  t.is(followSkb(other, sight, veths), null);
  t.is(followSkb([...other, ...bridged], sight, veths)?.skb, '1');
});

test('followSkb() prefers what our process sent, takes what another sent on after ARP, and no other length', t => {
  const theirs = [send('8', 'eth0', 0, {pid: 3}), receive('8', 'va', 1)];
  t.is(followSkb([...theirs, ...bridged], sight, veths)?.skb, '1');
  t.is(followSkb(theirs, sight, veths)?.skb, '8');
  t.is(followSkb([send('8', 'eth0', 0, {pid: 3, l3Length: 99}), receive('8', 'va', 1)], sight, veths), null);
  t.is(followSkb(bridged, {...sight, afterUs: 2}, veths), null);
});

test('followSkb() takes the last one when it follows somebody’s packet', t => {
  const again = [send('5', 'eth0', 20), receive('5', 'va', 21)];
  t.is(followSkb([...bridged, ...again], {...sight, pid: null}, veths)?.skb, '5');
  t.is(followSkb([...bridged, ...again], {...sight, pid: null, beforeUs: 10}, veths)?.skb, '1');
});

test('followAnswer() is what is sent where the packet arrived, soon after', t => {
  const answer = [send('2', 'eth0', 6), receive('2', 'vb', 7), send('2', 'va', 8), receive('2', 'eth0', 9)];
  const events = [...bridged, ...answer];
  const path = followSkb(events, sight, veths)!;
  t.deepEqual(where(followAnswer(events, path, {etherType, veths, to: '/a'})), [
    'send /b eth0',
    'receive  vb',
    'send  va',
    'receive /a eth0',
  ]);
  const late = [...bridged, send('2', 'eth0', 60_000)];
  t.is(followAnswer(late, followSkb(late, sight, veths)!, {etherType, veths, to: '/a'}), null);
});

test('followAnswer() is no packet that somebody else sends at that moment by a link of that name', t => {
  const stray = [send('3', 'eth0', 5), receive('3', 'veth99', 6), drop('3', 'IP_RPFILTER', 7)];
  const path = followSkb([...bridged, ...stray], sight, veths)!;
  t.is(followAnswer([...bridged, ...stray], path, {etherType, veths, to: '/a'}), null);
});

test('followSkb() on the host takes only its own process’s packets where the link is not known', t => {
  const host: FirstSight = {...sight, ns: '', link: null};
  t.is(followSkb([send('8', 'eth0', 1, {pid: 3})], host, veths), null);
  t.is(followSkb([send('8', 'vb', 1), receive('8', 'eth0', 2)], host, veths)?.passages[1]?.ns, '/b');
  t.is(followSkb([send('8', 'eth0', 1, {pid: 3})], {...host, link: 'eth0'}, veths)?.skb, '8');
  const container = [send('8', 'eth0', 1, {pid: 3}), receive('8', 'veth99', 2)];
  t.is(followSkb(container, {...host, link: 'eth0'}, veths), null);
});

test('followAnswer() is none for a packet that was dropped on the way', t => {
  const events = [...bridged.slice(0, 2), drop('1', 'NETFILTER_DROP', 3), send('2', 'va', 4)];
  t.is(followAnswer(events, followSkb(events, sight, veths)!, {etherType, veths, to: '/a'}), null);
});

test('dropBeforeDevice() finds what never left: at once by us, or given up by the neighbour table', t => {
  t.like(dropBeforeDevice([drop('1', 'IP_OUTNOROUTES', 5)], sight, 'nothing'), {skb: '1', passages: []});
  t.is(dropBeforeDevice([drop('1', 'QUEUE_PURGE', 3_000_000)], sight, 'nothing'), null);
  t.is(dropBeforeDevice([drop('1', 'NETFILTER_DROP', 5, {pid: 3})], sight, 'nothing'), null);
  const givenUp = [drop('1', 'NEIGH_FAILED', 3_000_000, {pid: 0})];
  t.like(dropBeforeDevice(givenUp, sight, 'host unreachable')?.end, {reason: 'NEIGH_FAILED'});
  t.is(dropBeforeDevice(givenUp, sight, 'nothing'), null);
});
