import test from 'ava';
import {allotIndexes} from '../../src/kernel/fresh-indexes.ts';
import type {LinkItem} from '../../src/kernel/item.ts';

const plain = {kind: 'link', up: true, group: 0, mtu: null, mac: null, altname: null, master: null} as const;
const rest = {...plain, hairpin: false, isolated: false, peer: null} as const;
const end = (ns: string, name: string): LinkItem['peer'] => ({ns, name, mac: null, mtu: null});
const links: readonly (LinkItem & {readonly ns: string})[] = [
  {...rest, ns: 'host', name: 'lo', type: 'loopback'},
  {...rest, ns: 'host', name: 'lan', type: 'bridge'},
  {...rest, ns: 'host', name: 'c1', type: 'veth', peer: end('c1', 'eth0')},
  {...rest, ns: 'host', name: 'c1-1', type: 'veth', peer: end('c1', 'eth1')},
];

test('allotIndexes() numbers each namespace from what is there already', t => {
  const indexes = allotIndexes(links, 3);
  t.deepEqual(
    ['lo', 'lan', 'c1', 'c1-1'].map(name => indexes.of('host', name)),
    [1, 4, 5, 6],
  );
  t.deepEqual(
    ['lo', 'eth0', 'eth1'].map(name => indexes.of('c1', name)),
    [1, 4, 5],
  );
});

test('allotIndexes() says which link nobody makes', t => {
  t.throws(() => allotIndexes(links, 1).of('c1', 'eth7'), {message: 'Cannot find link "eth7" in "c1": none is made'});
});
