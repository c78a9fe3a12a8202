import {styleText} from 'node:util';
import type {Output} from './context.ts';

export interface Column {
  readonly title: string;
  /** Narrowest width it may be cut to on a terminal; without it the column is never cut. */
  readonly shrinksTo?: number;
}

const gap = 3;

/** Columns padded with blanks. On a terminal the widest column that may be cut gives way, `…` marks it; elsewhere nothing is cut. */
export function formatTable(columns: readonly Column[], rows: readonly (readonly string[])[], output: Output): string {
  const natural = columns.map(({title}, i) => Math.max(title.length, ...rows.map(row => (row[i] ?? '').length)));
  const widths = output.isTTY ? fitWidths(columns, natural, output.columns ?? 80) : natural;
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cut(cell, widths[i]!).padEnd(widths[i]! + gap))
      .join('')
      .trimEnd();
  const header = line(columns.map(({title}) => title));
  return [output.isTTY ? styleText('bold', header) : header, ...rows.map(line)].join('\n');
}

/** Takes from the column with most to give, one character at a time, until the line fits or nobody can give. */
function fitWidths(columns: readonly Column[], natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  const spare = (i: number): number => widths[i]! - (columns[i]?.shrinksTo ?? Number.POSITIVE_INFINITY);
  let excess = widths.reduce((sum, w) => sum + w, gap * (widths.length - 1)) - width;
  for (; excess > 0; excess--) {
    const widest = widths
      .map((_, i) => i)
      .filter(i => spare(i) > 0)
      .sort((a, b) => widths[b]! - widths[a]!)[0];
    if (widest === undefined) break;
    widths[widest]!--;
  }
  return widths;
}

function cut(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text;
}
