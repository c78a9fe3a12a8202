import type {NamespacePath} from '../../kernel/item.ts';
import type {TraceSpec} from '../../kernel/trace/facts.ts';
import type {VethPair} from '../../kernel/trace/follow-skb.ts';
import type {Ip} from '../../model/ip.ts';
import {portName} from '../topology/plan-lab.ts';
import {hostNode, type Topology} from '../topology/topology.ts';
import type {WhyProbe} from './probe-of.ts';

/** What the tracer asks for and the names it needs, as JSON can carry it. */
export interface WhyPlan {
  readonly spec: TraceSpec;
  /** Namespace → node. */
  readonly names: readonly (readonly [NamespacePath, string])[];
}

export interface WhyWorld {
  readonly topology: Topology;
  /** '' for the lab's host: the tracer stands there. */
  readonly pathOf: (node: string) => NamespacePath;
  /** Of every node, as they are now. */
  readonly addresses: readonly {readonly node: string; readonly address: Ip}[];
}

/** Of a silent wait nothing more is learnt; a host that is not there is told after 3 s of ARP. */
const timeoutMs = 3500;
/** A watch costs a millisecond; a big lab's hosts do not forward. */
const maxWatched = 8;

/** From a probe to what the kernel is to watch, in all namespaces of the lab. Pure. */
export function planWhy({from, to, proto, port}: WhyProbe, {topology, pathOf, addresses}: WhyWorld): WhyPlan {
  const nodes = topology.nodes.filter(({name}) => name !== hostNode);
  const homes = addresses.map(({node, address}) => ({address, ns: pathOf(node)}));
  const home = homes.find(({address}) => address === to);
  const between = nodes.length <= maxWatched ? nodes : nodes.filter(({router}) => router);
  return {
    spec: {
      from: pathOf(from),
      proto,
      to,
      port,
      veths: [...portPairs(topology, pathOf), ...cablePairs(topology, pathOf)],
      homes,
      between: between.map(({name}) => pathOf(name)),
      expected: home === undefined || home.ns === '' ? null : {ns: home.ns, address: to, port},
      mode: {kind: 'probe', timeoutMs},
    },
    names: nodes.map(({name}) => [pathOf(name), name]),
  };
}

function portPairs({nodes}: Topology, pathOf: WhyWorld['pathOf']): readonly VethPair[] {
  return nodes.flatMap(({name: node, interfaces}) =>
    interfaces.map(({name}, i) => ({host: portName(node, i), inside: name, ns: pathOf(node)})),
  );
}

function cablePairs({links}: Topology, pathOf: WhyWorld['pathOf']): readonly VethPair[] {
  return links.map(({ends: [a, b]}) => ({host: a.name, hostNs: pathOf(a.node), inside: b.name, ns: pathOf(b.node)}));
}
