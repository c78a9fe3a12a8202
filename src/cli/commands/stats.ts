import {setTimeout as sleep} from 'node:timers/promises';
import type {Command} from 'commander';
import {ApiError} from '../../api/api-error.ts';
import type {Client} from '../../api/client.ts';
import type {ContainerStats} from '../../api/container-stats-types.ts';
import type {ContainerSummary} from '../../api/engine-types.ts';
import {type ContainerFigures, containerFigures} from '../container-figures.ts';
import type {Context} from '../context.ts';
import {shortId} from '../listing.ts';
import {printTemplate} from '../print-template.ts';
import {redraw} from '../redraw.ts';
import {type Column, formatTable} from '../table.ts';

interface StatsOptions {
  readonly all?: boolean;
  readonly stream: boolean;
  readonly trunc: boolean;
  readonly json?: boolean;
  readonly format?: string;
}

type Readings = ReadonlyMap<string, ContainerStats>;

const intervalMs = 1000;

export function registerStats(program: Command, context: Context): void {
  program
    .command('stats')
    .description('what containers use: CPU, memory, network, disks, processes')
    .argument('[container...]', 'all that run without')
    .option('-a, --all', 'also those that do not run')
    .option('--no-stream', 'print once')
    .option('--no-trunc', 'whole ids')
    .option('--json', 'one JSON object a container and line, once')
    .option('--format <format>', 'json, table, or a template as {{.Name}}: {{.CPUPerc}}')
    .addHelpText('after', "\nExamples:\n  tnet stats\n  tnet stats --no-stream --format '{{.Name}} {{.MemUsage}}' web")
    .action(async (names: string[], options: StatsOptions) => {
      const client = await context.connect();
      await show(() => read(client, names, options), options, context);
    });
}

/** CPU time needs two readings, so even one table takes a second. Ends with the process, or when the terminal is gone. */
async function show(next: () => Promise<Readings>, options: StatsOptions, context: Context): Promise<void> {
  const {stdout} = context.io;
  const live = options.stream && stdout.isTTY === true && isTable(options);
  let before = await next();
  if (live) redraw(table(before, new Map(), options, context), context);
  for (;;) {
    await sleep(intervalMs);
    const now = await next();
    if (!live) return printOnce(now, before, options, context);
    redraw(table(now, before, options, context), context);
    if (!stdout.writable) return;
    before = now;
  }
}

/** Those that are gone when their turn comes are left out, unless they were named. */
async function read(client: Client, names: readonly string[], {all}: StatsOptions): Promise<Readings> {
  const listed = async (): Promise<readonly string[]> =>
    (await client.call<ContainerSummary[]>('GET', '/containers/json', {query: {all}})).map(({Id}) => Id);
  const refs = names.length > 0 ? names : await listed();
  const results = await Promise.allSettled(refs.map(ref => readOne(client, ref)));
  const answers = results.flatMap(result => {
    if (result.status === 'fulfilled') return [result.value];
    if (names.length === 0 && isGone(result.reason)) return [];
    throw result.reason;
  });
  return new Map(answers.map(each => [each.id, each]));
}

async function readOne(client: Client, ref: string): Promise<ContainerStats> {
  const query = {stream: '0', 'one-shot': '1'};
  return client.call<ContainerStats>('GET', `/containers/${encodeURIComponent(ref)}/stats`, {query});
}

function isGone(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404;
}

function isTable({json, format = 'table'}: StatsOptions): boolean {
  return json !== true && format === 'table';
}

function figures(now: Readings, before: Readings, options: StatsOptions): readonly ContainerFigures[] {
  return [...now.values()].map(each => containerFigures(each, before.get(each.id), id => shortId(id, options)));
}

function printOnce(...[now, before, options, context]: Parameters<typeof table>): void {
  const rows = figures(now, before, options);
  if (isTable(options)) context.print(table(now, before, options, context));
  else if (options.json || options.format === 'json') for (const row of rows) context.print(JSON.stringify(row));
  else printTemplate(rows, {format: options.format!, row: {titles: {}, row: row => ({...row})}}, context);
}

function table(now: Readings, before: Readings, options: StatsOptions, {io}: Context): string {
  const rows = figures(now, before, options);
  const id = options.trunc ? [] : [{title: 'CONTAINER ID', cell: ({ID}: ContainerFigures) => ID}];
  const columns = [...id, ...figureColumns];
  return formatTable(
    columns,
    rows.map(row => columns.map(({cell}) => cell(row))),
    io.stdout,
  );
}

interface FigureColumn extends Column {
  cell(figures: ContainerFigures): string;
}

/** At most 80 columns wide, so without MEM %: templates and JSON have it. */
const figureColumns: readonly FigureColumn[] = [
  {title: 'NAME', shrinksTo: 6, cell: ({Name}) => Name},
  {title: 'CPU %', cell: ({CPUPerc}) => CPUPerc},
  {title: 'MEM / LIMIT', cell: ({MemUsage}) => MemUsage},
  {title: 'NET I/O', cell: ({NetIO}) => NetIO},
  {title: 'BLOCK I/O', cell: ({BlockIO}) => BlockIO},
  {title: 'PIDS', cell: ({PIDs}) => PIDs},
];
