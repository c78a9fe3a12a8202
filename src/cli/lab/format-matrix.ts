import type {Matrix} from '../../lab/matrix.ts';
import type {Output} from '../context.ts';
import {paint} from './paint.ts';

const signs = {yes: ['✓', 'green'], no: ['✗', 'red'], none: ['·', 'dim']} as const;

/** Senders to the left, receivers above. */
export function formatMatrix({nodes, cells}: Matrix, output: Output): string {
  const width = Math.max(4, ...nodes.map(name => name.length)) + 1;
  const row = (name: string, columns: readonly string[]): string =>
    [name.padEnd(width), ...columns].join(' ').trimEnd();
  const cell = (value: keyof typeof signs, i: number): string =>
    paint(output, signs[value][1], signs[value][0]) + ' '.repeat(Math.max(nodes[i]!.length, 1) - 1);
  return [row('from', nodes), ...nodes.map((name, i) => row(name, cells[i]!.map(cell)))].join('\n');
}
