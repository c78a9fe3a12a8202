import type {Command} from 'commander';
import type {ContainerSummary} from '../../api/engine-types.ts';
import type {Context} from '../context.ts';
import {type Filtered, filterQuery} from '../filter-query.ts';
import {formatPorts} from '../format-ports.ts';
import {type Listing, type ListOptions, listOptions, printListing, shortId} from '../listing.ts';
import {collect, parseInteger} from '../parse.ts';
import {formatSize, psRow, psTitles} from '../ps-row.ts';

interface PsOptions extends ListOptions, Filtered {
  readonly size?: boolean;
  readonly all?: boolean;
  readonly last?: number;
  readonly latest?: boolean;
}

export function registerPs(program: Command, context: Context): void {
  listOptions(program.command('ps'))
    .description('list containers')
    .option('-a, --all', 'also those that do not run')
    .option('-n, --last <n>', 'the newest, whatever their state', parseInteger)
    .option('-l, --latest', 'the newest one')
    .option('-s, --size', 'also what they have written, and with their image (virtual)')
    .option('-f, --filter <filter>', 'name, status, label, network, publish … =value (repeatable)', collect)
    .addHelpText(
      'after',
      "\nExamples:\n  tnet ps -a --filter status=exited\n  tnet ps --format '{{.Names}}: {{.Status}}'\n  tnet rm -f $(tnet ps -aq)",
    )
    .action(async (options: PsOptions) => {
      const client = await context.connect();
      const limit = options.latest ? 1 : options.last;
      const query = {all: options.all, limit, size: wantsSize(options), ...filterQuery(options)};
      const containers = await client.call<ContainerSummary[]>('GET', '/containers/json', {query});
      printListing(containers, listing(options), options, context);
    });
}

/** A template that names it asks for it, as with Docker. */
function wantsSize({size, format = ''}: PsOptions): boolean {
  return size === true || /\.Size\b/.test(format);
}

function listing(options: PsOptions): Listing<ContainerSummary> {
  const size = options.size === true;
  return {
    columns: [
      {title: 'CONTAINER ID'},
      {title: 'NAME', shrinksTo: 8},
      {title: 'IMAGE', shrinksTo: 5},
      {title: 'COMMAND', shrinksTo: 7},
      {title: 'STATUS', shrinksTo: 8},
      {title: 'PORTS', shrinksTo: 12},
      ...(size ? [{title: 'SIZE'}] : []),
    ],
    key: ({Id}) => Id,
    template: {titles: psTitles, row: container => psRow(container, options)},
    row: ({Id, Names, Image, Command, Status, Ports, ...sizes}) => [
      shortId(Id, options),
      (Names[0] ?? '').slice(1),
      Image,
      shorten(Command.replace(/\s+/g, ' '), options),
      Status,
      formatPorts(Ports),
      ...(size ? [formatSize(sizes)] : []),
    ],
  };
}

/** 20 characters of it are enough to know it, as in `docker ps`. */
function shorten(command: string, {trunc}: ListOptions): string {
  return trunc && command.length > 20 ? `${command.slice(0, 19)}…` : command;
}
