import {readFileSync} from 'node:fs';
import {type Command, Option} from 'commander';
import {enterForeground} from '../../lab/holder/enter.ts';
import {isAlive, type LabRecord} from '../../lab/labs.ts';
import {placeIn} from '../../lab/place.ts';
import {parseTopology} from '../../lab/topology/parse-topology.ts';
import {hostNode, type Topology} from '../../lab/topology/topology.ts';
import {up} from '../../lab/up.ts';
import type {Context} from '../context.ts';
import {formatTable} from '../table.ts';
import {formatDot} from '../topology/dot.ts';
import {formatMermaid} from '../topology/mermaid.ts';
import {formatMatrix} from './format-matrix.ts';
import {registerImpair} from './impair-command.ts';
import {chooseLab, type LabOption, labOption, labsOf, partsOf} from './lab-context.ts';
import {labGraph, labText} from './lab-graph.ts';

/** Commands that need a topology file and no exercise. */
export function registerTopologyCommands(lab: Command, context: Context): void {
  registerUp(lab, context);
  registerInspect(lab, context);
  registerEnter(lab, context);
  registerGraph(lab, context);
  registerMatrix(lab, context);
  registerImpair(lab, context);
}

function registerUp(lab: Command, context: Context): void {
  lab
    .command('up')
    .description('make the nodes, links, addresses and routes of a topology file, in a host of their own')
    .argument('[file]', 'topology file', 'topology.yaml')
    .option('-n, --name <name>', "the lab's name, instead of the file's")
    .action(async (file: string, {name}: {name?: string}) => {
      const start = performance.now();
      const topology = parseTopology(readFileSync(file, 'utf8'), file);
      const record = await up({
        ...partsOf(context),
        topology: {...topology, name: name ?? topology.name},
        scenario: null,
      });
      const {nodes, networks, links} = topology;
      const ms = Math.round(performance.now() - start);
      context.print(
        `${record.name} is up: ${nodes.length} nodes, ${networks.length} networks, ${links.length} links in ${ms} ms`,
      );
    });
}

function registerInspect(lab: Command, context: Context): void {
  lab
    .command('inspect')
    .description('show a lab: nodes, interfaces, addresses')
    .argument('[name]', 'lab; all of them in a list with --all')
    .option('-a, --all', 'list the labs')
    .option('--json', 'for programs')
    .action((name: string | undefined, {all, json}: {all?: boolean; json?: boolean}) => {
      if (all) return context.print(listLabs(labsOf(context).list(), context, json === true ? 'json' : 'text'));
      const record = chooseLab(context, name === undefined ? {} : {lab: name});
      context.print(json ? JSON.stringify(record, null, 2) : labText(record.topology));
    });
}

function listLabs(records: readonly LabRecord[], {io}: Context, format: 'json' | 'text'): string {
  if (format === 'json') return JSON.stringify(records, null, 2);
  const rows = records.map(record => [
    record.name,
    isAlive(record) ? 'up' : 'dead',
    `${record.topology.nodes.length}`,
    record.startedAt,
    record.scenario ?? '',
  ]);
  return formatTable(
    ['NAME', 'STATE', 'NODES', 'SINCE', 'EXERCISE'].map(title => ({title})),
    rows,
    io.stdout,
  );
}

function registerEnter(lab: Command, context: Context): void {
  lab
    .command('exec')
    .description('run a command on a node')
    .argument('<node>', "a node, or host for the lab's host")
    .argument('<command...>', 'command')
    .addOption(labOption())
    .passThroughOptions()
    .action((node: string, command: readonly string[], option: LabOption) => enter(context, option, {node, command}));
  lab
    .command('shell')
    .description("a shell on a node, or on the lab's host: ip, nft, tnet and everything else act on the lab alone")
    .argument('[node]', 'a node', hostNode)
    .addOption(labOption())
    .action((node: string, option: LabOption) => {
      const shell = context.io.env.SHELL ?? 'sh';
      return enter(context, option, {node, command: /\/bash$/.test(shell) ? [shell, '--norc'] : [shell]});
    });
}

async function enter(
  context: Context,
  option: LabOption,
  {node, command}: {node: string; command: readonly string[]},
): Promise<void> {
  const record = chooseLab(context, option);
  const isContainer = record.topology.nodes.some(each => each.name === node && each.image !== undefined);
  const place = placeIn(record, isContainer ? hostNode : node, {...context.io.env, PS1: `${record.name}:${node}# `});
  const words = isContainer ? [...insideContainer(context), node, ...command] : command;
  context.exitWith(await enterForeground({...place, cwd: process.cwd()}, words));
}

function insideContainer({io}: Context): readonly string[] {
  return ['tnet', 'exec', '-i', ...(io.stdin.isTTY && io.stdout.isTTY ? ['-t'] : [])];
}

const formats = {
  text: labText,
  mermaid: (topology: Topology) => formatMermaid(labGraph(topology)),
  dot: (topology: Topology) => formatDot(labGraph(topology)),
  json: (topology: Topology) => JSON.stringify(topology, null, 2),
} as const;

function registerGraph(lab: Command, context: Context): void {
  lab
    .command('graph')
    .description('draw a lab, or a topology file')
    .argument('[file]', 'topology file; left out: a lab that is up')
    .addOption(new Option('--format <format>', 'how').choices(Object.keys(formats)).default('text'))
    .addOption(labOption())
    .action((file: string | undefined, {format, ...option}: {format: keyof typeof formats} & LabOption) => {
      const topology =
        file === undefined ? chooseLab(context, option).topology : parseTopology(readFileSync(file, 'utf8'), file);
      context.print(formats[format](topology));
    });
}

function registerMatrix(lab: Command, context: Context): void {
  lab
    .command('matrix')
    .description('who reaches whom: an echo request from every node to every address of the others')
    .addOption(labOption())
    .option('--json', 'for programs')
    .action(async ({json, ...option}: {json?: boolean} & LabOption) => {
      const record = chooseLab(context, option);
      const {reachabilityMatrix} = await import('../../lab/matrix.ts');
      const matrix = await reachabilityMatrix(record, context.io.env);
      context.print(json ? JSON.stringify(matrix, null, 2) : formatMatrix(matrix, context.io.stdout));
    });
}
