import {type Command, Option} from 'commander';
import type {Context} from './context.ts';
import {type Column, formatTable} from './table.ts';

export interface ListOptions {
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly json?: boolean;
  readonly format?: 'json' | 'table';
}

export interface Listing<T> {
  readonly columns: readonly Column[];
  row(thing: T): readonly string[];
  /** What `-q` prints. */
  key(thing: T): string;
}

/** Options that every listing has; Docker's `--format json` and `--json` are the same: one object a line. */
export function listOptions(command: Command): Command {
  return command
    .option('-q, --quiet', 'ids only')
    .option('--no-trunc', 'whole ids and texts')
    .option('--json', 'one JSON object a line')
    .addOption(new Option('--format <format>', 'the same as --json when it is json').choices(['json', 'table']));
}

export function printListing<T>(
  things: readonly T[],
  listing: Listing<T>,
  options: ListOptions,
  context: Context,
): void {
  if (options.json || options.format === 'json') for (const thing of things) context.print(JSON.stringify(thing));
  else if (options.quiet) for (const thing of things) context.print(shortId(listing.key(thing), options));
  else context.print(formatTable(columnsFor(listing.columns, options), things.map(listing.row), context.io.stdout));
}

/** 12 digits, as Docker shows ids. */
export function shortId(id: string, {trunc}: Pick<ListOptions, 'trunc'>): string {
  return trunc ? id.replace(/^sha256:/, '').slice(0, 12) : id;
}

function columnsFor(columns: readonly Column[], {trunc}: ListOptions): readonly Column[] {
  return trunc ? columns : columns.map(({title}) => ({title}));
}
