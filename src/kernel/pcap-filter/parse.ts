import {type Cursor, createCursor} from './cursor.ts';
import type {Filter} from './filter.ts';
import {parsePrimitive, parseValue, type Qualifiers} from './primitive.ts';

/**
 * The meaning of a filter in the language of pcap-filter(7): host, net, port, portrange with src and dst, protocols,
 * `ether host`, broadcast, multicast, less and greater, joined by and, or, not and parentheses. An empty text means all.
 * As there, `and` and `or` bind alike, from the left, and a value alone takes the words of the one before: `port 80 or
 * 443`. Throws SyntaxError that names the place.
 */
export function parseFilter(text: string): Filter {
  if (text.trim() === '') return {kind: 'all'};
  const cursor = createCursor(text);
  const {filter} = parseSum(cursor, null);
  if (cursor.peek() !== undefined) throw cursor.error('want "and" or "or" here');
  return filter;
}

/** A filter, and the words that a value alone after it takes over. */
interface Parsed {
  readonly filter: Filter;
  readonly qualifiers: Qualifiers | null;
}

function parseSum(cursor: Cursor, inherited: Qualifiers | null): Parsed {
  let left = parseTerm(cursor, inherited);
  for (let joint = cursor.take('and', 'or'); joint !== null; joint = cursor.take('and', 'or')) {
    const right = parseTerm(cursor, left.qualifiers);
    left = {filter: join(joint, left.filter, right.filter), qualifiers: right.qualifiers};
  }
  return left;
}

/** `port 80 or 443` becomes one test of two ports: a program of 2,600 instructions is the most that a socket may have (net.core.optmem_max). */
function join(joint: 'and' | 'or', left: Filter, right: Filter): Filter {
  if (joint === 'or' && left.kind === 'port' && right.kind === 'port') {
    const same = left.direction === right.direction && left.protocols.join() === right.protocols.join();
    if (same && left.direction !== 'both') return {...left, ranges: [...left.ranges, ...right.ranges]};
  }
  return {kind: joint, left, right};
}

function parseTerm(cursor: Cursor, inherited: Qualifiers | null): Parsed {
  if (cursor.take('not')) {
    const {filter, qualifiers} = parseTerm(cursor, inherited);
    return {filter: {kind: 'not', of: filter}, qualifiers};
  }
  if (cursor.take('(')) return parseParenthesis(cursor, inherited);
  const {filter, qualifiers} = parsePrimitive(cursor, inherited);
  if (filter !== null) return {filter, qualifiers};
  if (cursor.take('(')) return parseParenthesis(cursor, qualifiers); // port (80 or 443)
  return {filter: parseValue(cursor, qualifiers!), qualifiers};
}

function parseParenthesis(cursor: Cursor, inherited: Qualifiers | null): Parsed {
  const inner = parseSum(cursor, inherited);
  if (!cursor.take(')')) throw cursor.error('want ")"');
  return inner;
}
