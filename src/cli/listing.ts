import type {Command} from 'commander';
import type {Context} from './context.ts';
import {apiRow, printTemplate, type TemplateRow} from './print-template.ts';
import {type Column, formatTable} from './table.ts';

export interface ListOptions {
  readonly quiet?: boolean;
  readonly trunc: boolean;
  readonly json?: boolean;
  /** `json`, `table`, or a template, after `table ` as columns. */
  readonly format?: string;
}

export interface Listing<T> {
  readonly columns: readonly Column[];
  row(thing: T): readonly string[];
  /** What templates may name, and its titles; without it the fields of the API. */
  readonly template?: TemplateRow<T>;
  /** What `-q` prints. */
  key(thing: T): string;
}

/** Options that every listing has; Docker's `--format json` and `--json` are the same: one object a line. */
export function listOptions(command: Command): Command {
  return command
    .option('-q, --quiet', 'ids only')
    .option('--no-trunc', 'whole ids and texts')
    .option('--json', 'one JSON object a line')
    .option('--format <format>', "json, or a template like '{{.ID}}'; 'table {{.ID}}\\t…' aligns columns");
}

export function printListing<T>(
  things: readonly T[],
  listing: Listing<T>,
  options: ListOptions,
  context: Context,
): void {
  if (options.json || options.format === 'json') for (const thing of things) context.print(JSON.stringify(thing));
  else if (options.format && options.format !== 'table')
    printTemplate(things, {format: options.format, row: listing.template ?? apiRow}, context);
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
