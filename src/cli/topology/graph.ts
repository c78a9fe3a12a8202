import type {Member, Tree, TreeNetwork} from './tree.ts';

/** What a drawing of a tree is made of: a container is one node, however many networks it is on. */
export interface Graph {
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
}

export interface GraphNode {
  /** `n0`, `c0`, `p0`: chosen by us, so that no name of a user's is ever syntax. */
  readonly key: string;
  readonly kind: 'network' | 'container' | 'port';
  readonly lines: readonly string[];
}

export interface GraphEdge {
  readonly from: string;
  readonly to: string;
  readonly lines: readonly string[];
}

export function buildGraph({networks}: Tree): Graph {
  const members = new Map(networks.flatMap(network => network.members).map(member => [member.id, member]));
  const keys = new Map([...members.keys()].map((id, i) => [id, `c${i}`]));
  const edges = networks.flatMap((network, i) =>
    network.members.map(
      (member): GraphEdge => ({from: `n${i}`, to: keys.get(member.id)!, lines: interfaceLines(member)}),
    ),
  );
  const published = networks.flatMap(network =>
    network.members.flatMap(({id, ports}) => ports.map(port => ({port, to: keys.get(id)!}))),
  );
  return {
    nodes: [
      ...networks.map((network, i): GraphNode => ({key: `n${i}`, kind: 'network', lines: networkLines(network)})),
      ...[...members.values()].map(
        ({id, name}): GraphNode => ({key: keys.get(id)!, kind: 'container', lines: [name, id.slice(0, 12)]}),
      ),
      ...published.map(({port}, i): GraphNode => ({key: `p${i}`, kind: 'port', lines: [port]})),
    ],
    edges: [...edges, ...published.map(({to}, i): GraphEdge => ({from: `p${i}`, to, lines: []}))],
  };
}

function networkLines({name, device, driver, subnets}: TreeNetwork): readonly string[] {
  return [name, device || driver, ...subnets.map(({subnet, gateway}) => `${subnet} via ${gateway}`)];
}

function interfaceLines({interface: link}: Member): readonly string[] {
  return link === null ? [] : [link.name, ...link.addresses, link.mac];
}
