import test from 'ava';
import {parseTopology} from '../../src/lab/topology/parse-topology.ts';
import {planWhy} from '../../src/lab/why/plan-why.ts';
import {probeOf} from '../../src/lab/why/probe-of.ts';
import type {Ip} from '../../src/model/ip.ts';

const ip = (text: string): Ip => text as Ip;

test('probeOf() takes the packet of a check that sends one', t => {
  const to = ip('10.0.0.2');
  t.deepEqual(probeOf({type: 'reachable', from: 'c1', to, proto: 'icmp'}), {from: 'c1', to, proto: 'icmp', port: null});
  t.deepEqual(probeOf({type: 'http', from: 'c1', to, port: 80, path: '/', status: 200}), {
    from: 'c1',
    to,
    proto: 'tcp',
    port: 80,
  });
});

test('probeOf() has nothing to explain where nothing should arrive', t => {
  t.is(probeOf({type: 'reachable', from: 'c1', to: ip('10.0.0.2'), proto: 'icmp', not: true}), null);
  t.is(probeOf({type: 'unreachable', from: 'c1', to: ip('10.0.0.2'), proto: 'icmp'}), null);
  t.is(probeOf({type: 'netns', node: 'c1'}), null);
});

test('planWhy() names both ends of ports and cables, and watches the routers between', t => {
  const topology = parseTopology(
    'name: a\nnetworks: {lan: {}}\nnodes: {c1: {net: lan}, r1: {net: lan, router: true}, x: {}}\nlinks: [{ends: [r1:up, x:eth0]}]\n',
    'a.yaml',
  );
  const pathOf = (node: string): string => (node === 'host' ? '' : `/ns/${node}`);
  const probe = {from: 'c1', to: ip('10.255.0.2'), proto: 'icmp', port: null} as const;
  const {spec, names} = planWhy(probe, {topology, pathOf, addresses: [{node: 'x', address: ip('10.255.0.2')}]});
  t.deepEqual(spec.veths, [
    {host: 'c1', inside: 'eth0', ns: '/ns/c1'},
    {host: 'r1', inside: 'eth0', ns: '/ns/r1'},
    {host: 'up', hostNs: '/ns/r1', inside: 'eth0', ns: '/ns/x'},
  ]);
  t.deepEqual(spec.between, ['/ns/c1', '/ns/r1', '/ns/x']);
  t.deepEqual(spec.expected, {ns: '/ns/x', address: ip('10.255.0.2'), port: null});
  t.deepEqual(new Map(names).get('/ns/r1'), 'r1');
});
