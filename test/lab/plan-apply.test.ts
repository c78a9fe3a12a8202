import test from 'ava';
import {itemKey, type World} from '../../src/kernel/diff.ts';
import type {Item, LinkItem} from '../../src/kernel/item.ts';
import {formatLabOp} from '../../src/lab/topology/format-changes.ts';
import {labWorld} from '../../src/lab/topology/lab-world.ts';
import {parseTopology} from '../../src/lab/topology/parse-topology.ts';
import {planApply} from '../../src/lab/topology/plan-apply.ts';
import type {Topology} from '../../src/lab/topology/topology.ts';

const same = (node: string): string => node;
const parse = (text: string, running: Topology | null = null): Topology =>
  parseTopology(`name: t\n${text}`, 't.yaml', running);
const worldOf = (text: string): World => labWorld(parse(text), same);

/** As it would be read of a lab that is what `text` says. */
const builtFrom = (text: string): World => worldOf(text);

const plan = (
  before: string,
  after: string,
  actual = builtFrom(before),
  ending: readonly string[] = [],
): readonly string[] =>
  planApply({actual, owned: worldOf(before), want: worldOf(after), ending: new Set(ending)}).map(op =>
    formatLabOp(op, same),
  );

const lan = 'networks: {lan: {subnet: 10.0.0.0/24, gateway: host}}\n';

test('planApply() has nothing to do where nothing has changed', t => {
  const text = `${lan}nodes: {"c[1-3]": {net: lan}, x: {routes: [{to: 10.0.0.0/8, via: 192.0.2.1}]}}\nlinks: [{ends: [c1:up, x:eth0], addr: [192.0.2.1/24, 192.0.2.2/24]}]`;
  t.deepEqual(plan(text, text), []);
});

test('planApply() adds a node with its port, address and route, and touches no other', t => {
  t.deepEqual(plan(`${lan}nodes: {c1: {net: lan}}`, `${lan}nodes: {c1: {net: lan}, c2: {net: lan}}`), [
    'add link "lo" type loopback on c2',
    'add link "c2" type veth master lan to c2:eth0 on host',
    'add address "10.0.0.3/24" dev eth0 on c2',
    'add route "0.0.0.0/0" via 10.0.0.1 dev eth0 on c2',
  ]);
});

test('planApply() deletes the links of a node that goes, and leaves what is inside to its end', t => {
  t.deepEqual(
    plan(`${lan}nodes: {c1: {net: lan}, c2: {net: lan}}`, `${lan}nodes: {c1: {net: lan}}`, undefined, ['c2']),
    ['del link "c2" type veth master lan to c2:eth0 on host'],
  );
});

test('planApply() makes a cable anew whose other end is another node now', t => {
  const nodes = 'nodes: {r: {}, a: {}, b: {}}\n';
  const cable = (to: string) => `${nodes}links: [{ends: [r:up, ${to}:eth0], addr: [192.0.2.1/24, 192.0.2.2/24]}]`;
  t.deepEqual(plan(cable('a'), cable('b')), [
    'del link "up" type veth to a:eth0 on r',
    'add link "up" type veth to b:eth0 on r',
    'add address "192.0.2.1/24" dev up on r',
    'add address "192.0.2.2/24" dev eth0 on b',
  ]);
});

test('planApply() swaps the ends of two cables', t => {
  const nodes = 'nodes: {r: {}, s: {}, a: {}, b: {}}\n';
  const cables = (one: string, two: string) =>
    `${nodes}links: [{ends: [r:up, ${one}:eth0], addr: none}, {ends: [s:up, ${two}:eth0], addr: none}]`;
  const ops = plan(cables('a', 'b'), cables('b', 'a'));
  t.deepEqual(ops.slice(0, 2).sort(), [
    'del link "up" type veth to a:eth0 on r',
    'del link "up" type veth to b:eth0 on s',
  ]);
  t.deepEqual(ops.slice(2), ['add link "up" type veth to b:eth0 on r', 'add link "up" type veth to a:eth0 on s']);
});

test('planApply() leaves what others have made, and what the file does not speak of', t => {
  const text = `${lan}nodes: {c1: {net: lan}}`;
  const built = builtFrom(text);
  const port = {...(built.get('host link c1') as Item & LinkItem), hairpin: true, mtu: 1500};
  const extra: Item = {ns: 'c1', kind: 'address', link: 'eth0', address: '10.0.0.99' as never, prefixLength: 24};
  t.deepEqual(plan(text, text, new Map([...built, [itemKey(port), port], [itemKey(extra), extra]])), []);
});

test('planApply() gives a link its usual MTU again when the file no longer says one', t => {
  const text = (mtu: string) => `${lan}nodes: {c1: {net: lan${mtu}}}`;
  t.deepEqual([...plan(text(', mtu: 1400'), text(''))].sort(), [
    'set link "c1" mtu 1500 on host',
    'set link "eth0" mtu 1500 on c1',
  ]);
});

test('planApply() tells routes to one prefix apart by their metric', t => {
  const text = (metrics: readonly number[]) =>
    `${lan}nodes: {c1: {net: lan, default: none, routes: [${metrics.map(metric => `{to: 10.9.0.0/16, via: 10.0.0.1, metric: ${metric}}`).join(', ')}]}}`;
  t.deepEqual(plan(text([5]), text([5, 7])), ['add route "10.9.0.0/16" via 10.0.0.1 dev eth0 metric 7 on c1']);
});

test('parseTopology() lets a lab that is up keep what it was given', t => {
  const before = parse(
    'networks: {a: {}, b: {}}\nnodes: {c1: {net: a}, c2: {net: b}}\nlinks: [{ends: [c1:x, c2:x]}, {ends: [c1:y, c2:y]}]',
  );
  const after = parse(
    'networks: {z: {}, b: {}, a: {}}\nnodes: {c0: {net: a}, c1: {net: a}, c2: {net: b}}\nlinks: [{ends: [c0:x, c1:z]}, {ends: [c1:y, c2:y]}]',
    before,
  );
  const subnet = ({networks}: Topology, name: string) => networks.find(network => network.name === name)?.subnet;
  const address = ({nodes}: Topology, name: string) =>
    nodes.find(node => node.name === name)?.interfaces[0]?.address?.address;
  for (const name of ['a', 'b']) t.is(subnet(after, name), subnet(before, name));
  t.is(subnet(after, 'z'), '10.2.0.0/24' as never);
  for (const name of ['c1', 'c2']) t.is(address(after, name), address(before, name));
  t.is(address(after, 'c0'), '10.0.0.3' as never);
  t.deepEqual(
    after.links.map(({ends}) => ends[0].address?.address),
    ['10.255.0.1', '10.255.1.1'] as never,
  );
});
