import {formatValue} from './value.ts';

/** Go's fmt.Sprintf, as far as values of JSON go: %s %v %d %q %t %x %f with width, `-`, `0` and precision. */
export function printf(format: string, args: readonly unknown[]): string {
  let next = 0;
  const text = format.replace(/%([-0]?)(\d*)(?:\.(\d+))?([a-zA-Z%])/g, (whole, flag, width, precision, verb) => {
    if (verb === '%') return '%';
    if (next >= args.length) return `%!${verb}(MISSING)`;
    const shown = formatVerb(verb, args[next++], precision);
    if (shown === null) throw new SyntaxError(`template: printf: "${whole}" is not supported`);
    if (flag === '-') return shown.padEnd(Number(width));
    return shown.padStart(Number(width), flag === '0' ? '0' : ' ');
  });
  const extra = args.slice(next);
  return extra.length === 0 ? text : `${text}%!(EXTRA ${extra.map(formatValue).join(', ')})`;
}

function formatVerb(verb: string, value: unknown, precision: string | undefined): string | null {
  switch (verb) {
    case 's':
    case 'v':
      return formatValue(value).slice(0, precision === undefined ? undefined : Number(precision));
    case 'd':
    case 't':
      return formatValue(value);
    case 'q':
      return JSON.stringify(formatValue(value));
    case 'x':
      return typeof value === 'number' ? value.toString(16) : Buffer.from(formatValue(value)).toString('hex');
    case 'f':
      return Number(value).toFixed(precision === undefined ? 6 : Number(precision));
    default:
      return null;
  }
}
