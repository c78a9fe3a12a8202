import {portName} from '../../lab/topology/plan-lab.ts';
import type {InterfaceAddress, Topology, TopologyNode} from '../../lab/topology/topology.ts';
import type {Graph, GraphEdge} from '../topology/graph.ts';

/** As `tnet topology` draws it: networks, nodes on them, cables between nodes. */
export function labGraph({networks, nodes, links}: Topology): Graph {
  const all = [...new Set([...nodes.map(({name}) => name), ...links.flatMap(({ends}) => ends.map(({node}) => node))])];
  const nodeKey = (name: string): string => `c${all.indexOf(name)}`;
  const networkKey = (name: string): string => `n${networks.findIndex(each => each.name === name)}`;
  const ports = nodes.flatMap(({name, interfaces}) =>
    interfaces.map(
      (each): GraphEdge => ({
        from: networkKey(each.network),
        to: nodeKey(name),
        lines: [each.name, ...text(each.address)],
      }),
    ),
  );
  const cables = links.map(
    ({ends: [a, b]}): GraphEdge => ({
      from: nodeKey(a.node),
      to: nodeKey(b.node),
      lines: [[a.name, ...text(a.address)].join(' '), [b.name, ...text(b.address)].join(' ')],
    }),
  );
  return {
    nodes: [
      ...networks.map(({name, subnet}) => ({
        key: networkKey(name),
        kind: 'network' as const,
        lines: subnet === null ? [name] : [name, subnet],
      })),
      ...all.map(name => ({key: nodeKey(name), kind: 'container' as const, lines: [name]})),
    ],
    edges: [...ports, ...cables],
  };
}

function text(address: InterfaceAddress | null): readonly string[] {
  return address === null ? [] : [`${address.address}/${address.prefixLength}`];
}

/** Switches with what is plugged into them, then cables. */
export function labText({networks, nodes, links}: Topology): string {
  const lines = [
    ...networks.flatMap(({name, bridge, subnet, gateway}) => [
      `${name}  bridge ${bridge}${subnet === null ? '' : `  ${subnet}`}${gateway === null ? '' : `  gateway ${gateway.node}`}`,
      ...branches(nodes.flatMap(node => portLines(node, name))),
    ]),
    ...links.map(({ends}) =>
      ends.map(({node, name, address}) => [`${node}:${name}`, ...text(address)].join(' ')).join('  ══  '),
    ),
  ];
  const alone = nodes.filter(
    ({name, interfaces}) => interfaces.length === 0 && !links.some(({ends}) => ends.some(({node}) => node === name)),
  );
  return [...lines, ...alone.map(({name}) => `${name}  no interface yet`)].join('\n');
}

function portLines(node: TopologyNode, network: string): readonly string[] {
  return node.interfaces.flatMap((each, i) =>
    each.network === network
      ? [[node.name, each.name, ...text(each.address), `(port ${portName(node.name, i)})`].join(' ')]
      : [],
  );
}

function branches(lines: readonly string[]): readonly string[] {
  return lines.map((line, i) => `${i === lines.length - 1 ? '└─' : '├─'} ${line}`);
}
