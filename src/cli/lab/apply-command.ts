import {readFileSync} from 'node:fs';
import type {Command} from 'commander';
import {applyLab, planApplication, restartNodes} from '../../lab/apply/apply-lab.ts';
import {isNothing, type LabChanges, sizeOf} from '../../lab/apply/plan-changes.ts';
import {formatEnd} from '../../lab/impair/ends.ts';
import {formatImpairment} from '../../lab/impair/impairment.ts';
import type {LabRecord} from '../../lab/labs.ts';
import {nodeOf} from '../../lab/place.ts';
import {formatLabOp} from '../../lab/topology/format-changes.ts';
import {parseTopology} from '../../lab/topology/parse-topology.ts';
import type {Topology} from '../../lab/topology/topology.ts';
import type {Context} from '../context.ts';
import {chooseLab, type LabOption, labOption, labsOf, partsOf} from './lab-context.ts';

interface ApplyOptions {
  readonly name?: string;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

const help = `
Examples:
  tnet lab apply                              make the running lab what ./topology.yaml says now
  tnet lab apply --dry-run bigger.yaml        say what that would do
  tnet lab apply --name demo bigger.yaml      whatever name the file has

Nodes, links, addresses, routes and settings that are the same stay as they are, and so do their programs; what
others have made in the lab stays too. A node whose \`run\` has changed gets its programs anew.`;

/** Commands that change a lab which is up. */
export function registerApply(lab: Command, context: Context): void {
  lab
    .command('apply')
    .description('make a lab that is up into what a changed topology file says')
    .argument('[file]', 'topology file', 'topology.yaml')
    .option('-n, --name <name>', "which lab, instead of the file's name")
    .option('--dry-run', 'print the operations, do nothing')
    .option('--json', 'for programs')
    .addHelpText('after', help)
    .action((file: string, options: ApplyOptions) => apply(context, file, options));
  lab
    .command('restart')
    .description('end and start the programs of nodes; their links stay')
    .argument('<node...>', 'nodes')
    .addOption(labOption())
    .addHelpText('after', '\nExamples:\n  tnet lab restart web\n  tnet lab restart --lab demo r1 r2')
    .action(async (nodes: readonly string[], option: LabOption) => {
      await labsOf(context).locked(() =>
        restartNodes({record: chooseLab(context, option), start: partsOf(context)}, nodes),
      );
      context.print(nodes.join('\n'));
    });
}

async function apply(context: Context, file: string, {name, dryRun, json}: ApplyOptions): Promise<void> {
  const labs = labsOf(context);
  const start = performance.now();
  await labs.locked(async () => {
    const text = readFileSync(file, 'utf8');
    const record = labs.get(name ?? parseTopology(text, file).name);
    const topology = {...parseTopology(text, file, record.topology), name: record.name};
    const spec = {labs, record, topology, start: partsOf(context)};
    const changes = await (dryRun ? planApplication(spec) : applyLab(spec));
    const lines = linesOf(record, changes);
    if (json) return context.print(JSON.stringify({lab: record.name, changes: lines}, null, 2));
    for (const line of lines) context.print(line);
    if (!dryRun) context.print(summary(record, {changes, ms: Math.round(performance.now() - start)}));
    else if (isNothing(changes)) context.print(`${record.name}: no changes`);
  });
}

function linesOf({pid}: LabRecord, {newNodes, ops, goneNodes, restarts, impairs}: LabChanges): readonly string[] {
  return [
    ...newNodes.map(node => `add node ${node}`),
    ...ops.map(op => formatLabOp(op, ns => nodeOf(pid, ns))),
    ...impairs.map(end => `impair ${formatEnd(end)} ${formatImpairment(end.impairment) || 'no more'}`),
    ...goneNodes.map(node => `del node ${node}`),
    ...restarts.map(node => `${newNodes.includes(node) ? 'start' : 'restart'} the programs of ${node}`),
  ];
}

function summary({name}: Pick<Topology, 'name'>, {changes, ms}: {changes: LabChanges; ms: number}): string {
  if (isNothing(changes)) return `${name}: no changes`;
  const count = sizeOf(changes);
  return `${name}: ${count} ${count === 1 ? 'change' : 'changes'} in ${ms} ms`;
}
