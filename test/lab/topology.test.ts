import test from 'ava';
import {serversOf} from '../../src/lab/await-serving.ts';
import {DocumentError} from '../../src/lab/document/read-document.ts';
import {namesOf, parseTopology} from '../../src/lab/topology/parse-topology.ts';
import {planLab, portName} from '../../src/lab/topology/plan-lab.ts';

const problemsOf = (text: string): readonly string[] => {
  try {
    parseTopology(text, 't.yaml');
    return [];
  } catch (error) {
    if (error instanceof DocumentError) return error.message.split('\n');
    throw error;
  }
};

test('namesOf() expands a range and keeps leading zeros', t => {
  t.deepEqual(namesOf('c[1-3]'), ['c1', 'c2', 'c3']);
  t.deepEqual(namesOf('n[08-10]x'), ['n08x', 'n09x', 'n10x']);
  t.deepEqual(namesOf('web'), ['web']);
});

test('parseTopology() gives the gateway the first address and skips those that are written', t => {
  const {nodes} = parseTopology(
    'name: a\nnetworks: {lan: {subnet: 10.1.0.0/24, gateway: r}}\nnodes: {"c[1-2]": {net: lan}, f: {net: {lan: 10.1.0.2}}, r: {net: lan}}',
    't.yaml',
  );
  const address = (name: string) => nodes.find(node => node.name === name)?.interfaces[0]?.address?.address;
  t.deepEqual(['r', 'f', 'c1', 'c2'].map(address), ['10.1.0.1', '10.1.0.2', '10.1.0.3', '10.1.0.4'] as never);
  t.is(nodes.find(({name}) => name === 'c1')?.routes[0]?.via, '10.1.0.1' as never);
  t.deepEqual(nodes.find(({name}) => name === 'r')?.routes, []);
});

test('parseTopology() says place and way out of every mistake', t => {
  t.deepEqual(problemsOf('name: a\nnodes:\n  c1:\n    net: lam\nnetworks:\n  lan: {}\n'), [
    't.yaml:4:5: no network "lam"; add it below "networks" or use one of lan',
  ]);
  t.deepEqual(problemsOf('name: a\nlinks:\n  - {ends: [x:eth0, host:p]}\n'), [
    't.yaml:3:6: no node "x"; add it below "nodes"',
  ]);
  t.regex(problemsOf('name: a\nnodes: {c: {net: [}')[0]!, /^t\.yaml:2:/);
  t.regex(problemsOf('nodes: {}')[0]!, /"name" is missing/);
});

test('planLab() orders bridges before their ports and routes last', t => {
  const topology = parseTopology(
    'name: a\nnetworks: {lan: {gateway: host}}\nnodes: {c1: {net: lan, sysctls: {net.ipv4.ip_forward: 1}}}',
    't.yaml',
  );
  const kinds = planLab(topology, node => node).map(item => ('name' in item ? `${item.kind} ${item.name}` : item.kind));
  t.deepEqual(kinds, ['link lo', 'link lo', 'link lan', 'link c1', 'address', 'address', 'sysctl', 'route']);
});

test('portName() fits into fifteen characters', t => {
  t.is(portName('c1', 0), 'c1');
  t.is(portName('a-very-long-nam', 1), 'a-very-long-n-1');
});

test('serversOf() finds the small servers of a topology, and only those', t => {
  const topology = parseTopology(
    'name: t\nnodes:\n  a: {run: [lab-serve http 80 hello, "sleep 9"]}\n  b: {run: lab-serve udp 53}\n  c: {run: "true; lab-serve tcp 9"}\n',
    't.yaml',
  );
  t.deepEqual(serversOf(topology), [
    {node: 'a', proto: 'tcp', port: 80},
    {node: 'b', proto: 'udp', port: 53},
  ]);
});

test('parseTopology() leads everything of IPv6 to a gateway with an address of IPv6', t => {
  const {nodes} = parseTopology(
    'name: t\nnetworks: {lan: {subnet: "2001:db8::/64", gateway: r}}\nnodes: {r: {net: lan}, c: {net: lan}}\n',
    't.yaml',
  );
  t.deepEqual(
    nodes.find(({name}) => name === 'c')?.routes.map(({to, via}) => [to, via]),
    [['::/0', '2001:db8::1']],
  );
});
