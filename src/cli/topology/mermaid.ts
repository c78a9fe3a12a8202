import type {Graph, GraphNode} from './graph.ts';

const shapes: Readonly<Record<GraphNode['kind'], readonly [string, string]>> = {
  network: ['{{', '}}'],
  container: ['[', ']'],
  port: ['([', '])'],
};

/** `graph LR`, as GitHub and others draw it in Markdown. */
export function formatMermaid({nodes, edges}: Graph): string {
  const node = ({key, kind, lines}: GraphNode): string => `  ${key}${shapes[kind][0]}${quote(lines)}${shapes[kind][1]}`;
  return [
    'graph LR',
    ...nodes.map(node),
    ...edges.map(({from, to, lines}) =>
      lines.length > 0 ? `  ${from} ---|${quote(lines)}| ${to}` : `  ${from} --> ${to}`,
    ),
  ].join('\n');
}

/** Entities by number, `#34;` for a quotation mark: everything but letters, digits and what addresses consist of. */
function quote(lines: readonly string[]): string {
  const safe = (line: string): string => line.replace(/[^\p{L}\p{N} ._:/,-]/gu, sign => `#${sign.codePointAt(0)};`);
  return `"${lines.map(safe).join('<br/>')}"`;
}
