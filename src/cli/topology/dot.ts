import type {Graph, GraphNode} from './graph.ts';

const shapes: Readonly<Record<GraphNode['kind'], string>> = {network: 'hexagon', container: 'box', port: 'oval'};

/** For graphviz: `tnet topology --format dot | dot -Tsvg`. */
export function formatDot({nodes, edges}: Graph): string {
  return [
    'graph tnet {',
    '  rankdir=LR;',
    ...nodes.map(({key, kind, lines}) => `  ${key} [shape=${shapes[kind]}, label=${quote(lines)}];`),
    ...edges.map(({from, to, lines}) => `  ${from} -- ${to}${lines.length > 0 ? ` [label=${quote(lines)}]` : ''};`),
    '}',
  ].join('\n');
}

/** A label's `\N` would be the node's name and `&lt;` a sign: backslashes, ampersands and quotation marks are escaped. */
function quote(lines: readonly string[]): string {
  const safe = (line: string): string =>
    line
      .replace(/\p{C}/gu, '?')
      .replace(/&/g, '&amp;')
      .replace(/[\\"]/g, sign => `\\${sign}`);
  return `"${lines.map(safe).join('\\n')}"`;
}
