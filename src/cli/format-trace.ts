import {styleText} from 'node:util';
import type {TraceHop, TraceOutcome, TraceReport} from '../model/trace.ts';
import type {Output} from './context.ts';
import {printable, wrap} from './wrap.ts';

/** The verdict, why, what to do, then the way hop by hop. Lines are broken at `width` columns. */
export function formatTrace(report: TraceReport, output: Output): string {
  const {summary, because, fix, hops, notes, outcome} = report;
  const width = output.isTTY ? Math.max(40, output.columns ?? 80) : 80;
  const paint = (text: string): string => (output.isTTY ? styleText(colours[outcome], text) : text);
  return [
    ...wrap(summary, {width, first: '', rest: '  '}).map(paint),
    ...(because === null ? [] : wrap(because, {width, first: '  because ', rest: '          '})),
    ...(fix === null ? [] : wrap(fix, {width, first: '  fix     ', rest: '          '})),
    '',
    ...hopLines(joinPolicies(hops), width),
    ...(notes.length === 0 ? [] : ['', ...notes.flatMap(note => wrap(note, {width, first: 'note: ', rest: '      '}))]),
  ].join('\n');
}

const colours: Readonly<Record<TraceOutcome, 'green' | 'red' | 'yellow'>> = {
  delivered: 'green',
  refused: 'yellow',
  rejected: 'red',
  dropped: 'red',
  unreachable: 'red',
  unanswered: 'yellow',
};

/** Chains of one table that had nothing to say share a line. */
function joinPolicies(hops: readonly TraceHop[]): readonly TraceHop[] {
  const lines: TraceHop[] = [];
  for (const hop of hops) {
    const last = lines.at(-1);
    const joins =
      last !== undefined && isSilent(hop) && isSilent(last) && last.where === hop.where && last.table === hop.table;
    if (!joins) lines.push(hop);
    else lines.splice(-1, 1, {...last, text: last.text.replace(': accept', `, ${hop.chain}: accept`)});
  }
  return lines;
}

function isSilent(hop: TraceHop): hop is TraceHop & {what: 'nft'} {
  return hop.what === 'nft' && hop.text.endsWith(': accept (policy)');
}

function hopLines(hops: readonly TraceHop[], width: number): readonly string[] {
  const places = Math.min(16, Math.max(...hops.map(({where}) => where.length)));
  return hops.flatMap(({where, text, atMs}, i) => {
    const at = atMs === null || atMs < 0.0005 ? '' : ` +${atMs.toFixed(2)} ms`;
    const start = `${String(i + 1).padStart(2)}  ${cut(printable(where), places).padEnd(places)}  `;
    return wrap(`${text}${at}`, {width, first: start, rest: ' '.repeat(start.length)});
  });
}

function cut(text: string, length: number): string {
  return text.length > length ? `${text.slice(0, length - 1)}…` : text;
}
