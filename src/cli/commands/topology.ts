import {type Command, Option} from 'commander';
import type {TopologyAnswer} from '../../api/topology.ts';
import type {Context, Io} from '../context.ts';
import {formatDot} from '../topology/dot.ts';
import {buildGraph} from '../topology/graph.ts';
import {formatMermaid} from '../topology/mermaid.ts';
import {formatText} from '../topology/text.ts';
import {buildTree, type Tree} from '../topology/tree.ts';

const formats = {
  text: (tree: Tree, io: Io) => formatText(tree, {width: widthOf(io), unicode: isUtf8(io.env)}),
  mermaid: (tree: Tree) => formatMermaid(buildGraph(tree)),
  dot: (tree: Tree) => formatDot(buildGraph(tree)),
  json: (tree: Tree) => JSON.stringify(tree, null, 2),
} as const;

export function registerTopology(program: Command, context: Context): void {
  program
    .command('topology')
    .description('show networks and the running containers on them as a tree, or draw them')
    .addOption(new Option('--format <format>', 'how').choices(Object.keys(formats)).default('text'))
    .addHelpText(
      'after',
      '\nExamples:\n  tnet topology\n  tnet topology --format dot | dot -Tsvg > topology.svg\n  tnet topology --format mermaid >> README.md',
    )
    .action(async ({format}: {format: keyof typeof formats}) => {
      const client = await context.connect();
      const tree = buildTree(await client.call<TopologyAnswer>('GET', '/tnet/topology'));
      context.print(formats[format](tree, context.io));
    });
}

/** In a pipe nothing is cut. */
function widthOf({stdout}: Io): number | null {
  return stdout.isTTY ? (stdout.columns ?? 80) : null;
}

/** The first that is set counts: locale(7). */
function isUtf8(env: Io['env']): boolean {
  return /utf-?8/i.test(env.LC_ALL || env.LC_CTYPE || env.LANG || '');
}
