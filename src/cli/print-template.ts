import type {Context} from './context.ts';
import {formatTable} from './table.ts';
import {compileTemplate} from './template/template.ts';
import {type Fields, isFields} from './template/value.ts';

export interface TemplateRow<T> {
  /** By field: the title above its column. */
  readonly titles: Fields;
  row(thing: T): Fields;
}

/** The object of the API itself. */
export const apiRow: TemplateRow<unknown> = {titles: {}, row: thing => (isFields(thing) ? thing : {})};

/** A line for each thing. After `table `, columns with titles, which tabs (or `\t`, as a shell leaves it) part. */
export function printTemplate<T>(
  things: readonly T[],
  {format, row}: {readonly format: string; readonly row: TemplateRow<T>},
  context: Context,
): void {
  const table = /^table\s/.test(format);
  const text = format
    .slice(table ? 6 : 0)
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const render = compileTemplate(text);
  const rows = things.map(thing => row.row(thing));
  if (!table) {
    for (const fields of rows) context.print(render(fields));
    return;
  }
  const titles = {
    ...Object.fromEntries(Object.keys(rows[0] ?? {}).map(key => [key, key.toUpperCase()])),
    ...row.titles,
  };
  const columns = render(titles).split('\t');
  const cells = rows.map(fields => render(fields).split('\t'));
  context.print(
    formatTable(
      columns.map(title => ({title})),
      cells,
      context.io.stdout,
    ),
  );
}
