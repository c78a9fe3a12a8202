/** Draws what bench/plugins.ts has measured: node dist/bench/plot.js plugins.json > docs/plugins.svg */
import {readFileSync} from 'node:fs';

interface Row {
  readonly n: number;
  readonly add: number;
  readonly del: number;
}

interface Line {
  readonly label: string;
  readonly color: string;
  readonly dash: string;
  readonly points: readonly {readonly n: number; readonly ms: number}[];
}

/** In pixels; the names of the lines stand right of the plot. */
const plot = {left: 56, top: 32, width: 460, height: 300, right: 130, bottom: 44};

const reports = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Readonly<
  Record<string, {readonly rows: readonly Row[]}>
>;
const lines = Object.entries(reports).flatMap(([kind, {rows}]) => linesOf(kind, rows));
const largest = Math.max(1, ...lines.flatMap(({points}) => points.map(({n}) => n)));
const decades = Math.ceil(Math.log10(Math.max(...lines.flatMap(({points}) => points.map(({ms}) => ms)))));
process.stdout.write(draw());

function linesOf(kind: string, rows: readonly Row[]): readonly Line[] {
  const color = kind === 'tnet' ? '#0969da' : '#bc4c00';
  return [
    {label: `${kind} ADD`, color, dash: '', points: rows.map(({n, add: ms}) => ({n, ms}))},
    {label: `${kind} DEL`, color, dash: ' stroke-dasharray="6 4"', points: rows.map(({n, del: ms}) => ({n, ms}))},
  ];
}

function x(n: number): number {
  return Math.round(plot.left + (plot.width * n) / largest);
}

/** Logarithmic from 1 ms on: one side is a hundred times the other. */
function y(ms: number): number {
  return Math.round(plot.top + plot.height * (1 - Math.log10(Math.max(1, ms)) / decades));
}

function draw(): string {
  const [width, height] = [plot.left + plot.width + plot.right, plot.top + plot.height + plot.bottom];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="#57606a">`,
    `<rect width="${width}" height="${height}" fill="#fff"/>`,
    text(plot.left, 18, 'bridge + portmap: ms a chain, medians, by containers attached already'),
    ...Array.from({length: decades + 1}, (_, i) => level(10 ** i)),
    ...lines[0]!.points.map(({n}) => text(x(n), plot.top + plot.height + 20, String(n), 'middle')),
    ...lines.flatMap(drawLine),
    '</svg>\n',
  ].join('\n');
}

function level(ms: number): string {
  const [from, to] = [plot.left, plot.left + plot.width];
  const rule = `<path d="M${from} ${y(ms)}H${to}" stroke="#d0d7de"/>`;
  return rule + text(from - 8, y(ms) + 4, String(ms), 'end');
}

function drawLine({label, color, dash, points}: Line): readonly string[] {
  const way = points.map(({n, ms}) => `${x(n)},${y(ms)}`).join(' ');
  const last = points.at(-1)!;
  return [
    `<polyline points="${way}" fill="none" stroke="${color}" stroke-width="2"${dash}/>`,
    text(x(last.n) + 8, y(last.ms) + 4, `${label} ${last.ms.toFixed(0)}`),
  ];
}

function text(left: number, top: number, words: string, anchor = 'start'): string {
  return `<text x="${left}" y="${top}" text-anchor="${anchor}">${words}</text>`;
}
