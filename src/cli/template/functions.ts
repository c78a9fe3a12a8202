import {printf} from './printf.ts';
import {fieldOf, formatValue, isFields, isTrue, typeName} from './value.ts';

export type TemplateFunction = (...args: readonly unknown[]) => unknown;

/** Those of Go's text/template and of Docker's command (docker/cli templates) that make sense for JSON. */
export const functions: Readonly<Record<string, TemplateFunction>> = {
  json: value => JSON.stringify(value ?? null),
  join: (list, separator) => asList('join', list).map(formatValue).join(formatValue(separator)),
  split: (text, separator) => formatValue(text).split(formatValue(separator)),
  upper: text => formatValue(text).toUpperCase(),
  lower: text => formatValue(text).toLowerCase(),
  title: text => formatValue(text).replace(/(?<=^|\s)\S/g, letter => letter.toUpperCase()),
  pad: (text, left, right) => `${' '.repeat(Number(left))}${formatValue(text)}${' '.repeat(Number(right))}`,
  truncate: (text, length) => formatValue(text).slice(0, Number(length)),
  print: (...args) => args.map(formatValue).join(' '),
  println: (...args) => `${args.map(formatValue).join(' ')}\n`,
  printf: (format, ...args) => printf(formatValue(format), args),
  len: lengthOf,
  index: (value, ...keys) => keys.reduce(entryOf, value),
  slice: (value, from = 0, to = undefined) =>
    (typeof value === 'string' ? value : asList('slice', value)).slice(
      Number(from),
      to === undefined ? undefined : Number(to),
    ),
  not: value => !isTrue(value),
  and: (...args) => args.find(arg => !isTrue(arg)) ?? args.at(-1),
  or: (...args) => args.find(isTrue) ?? args.at(-1),
  eq: (value, ...others) => others.some(other => isEqual(value, other)),
  ne: (a, b) => !isEqual(a, b),
  lt: (a, b) => compare(a, b) < 0,
  le: (a, b) => compare(a, b) <= 0,
  gt: (a, b) => compare(a, b) > 0,
  ge: (a, b) => compare(a, b) >= 0,
};

function asList(name: string, value: unknown): readonly unknown[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value;
  throw new SyntaxError(`template: ${name} of ${typeName(value)}: want a list`);
}

function lengthOf(value: unknown): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'string') return Buffer.byteLength(value);
  if (Array.isArray(value)) return value.length;
  if (isFields(value)) return Object.keys(value).length;
  throw new SyntaxError(`template: len of ${typeName(value)}`);
}

/** A missing key is '', as in Go's maps of strings: `{{index .Config.Labels "x"}}`. */
function entryOf(value: unknown, key: unknown): unknown {
  if (typeof key === 'string')
    return isFields(value) && Object.hasOwn(value, key) ? fieldOf(value, key) : missing(value);
  if (!Array.isArray(value)) throw new SyntaxError(`template: index of ${typeName(value)}`);
  const at = Number(key);
  if (!Number.isInteger(at) || at < 0 || at >= value.length)
    throw new SyntaxError(`template: index out of range: ${formatValue(key)}`);
  return value[at];
}

function missing(value: unknown): '' {
  if (value === null || value === undefined || isFields(value)) return '';
  throw new SyntaxError(`template: index of ${typeName(value)} by a name`);
}

function isEqual(a: unknown, b: unknown): boolean {
  if (typeof a !== typeof b && a !== null && b !== null)
    throw new SyntaxError(`template: incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
  return a === b;
}

function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  throw new SyntaxError(`template: incompatible types for comparison: ${typeName(a)} and ${typeName(b)}`);
}
