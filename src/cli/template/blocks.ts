import {type Cursor, cursorOf, type Expression, parsePipeline, type Scope} from './expression.ts';
import type {Segment} from './segments.ts';
import {type Token, tokenize} from './tokens.ts';
import {formatValue, isFields, isTrue, typeName} from './value.ts';

export type Render = (scope: Scope) => string;

/** The segments that are left to read. */
type Rest = Segment[];

interface Block {
  readonly render: Render;
  /** The action that ended it: `end`, `else` with what follows, or none at the end of the template. */
  readonly end: readonly Token[];
}

export function parseTemplate(segments: readonly Segment[]): Render {
  const {render, end} = parseBlock([...segments]);
  if (end.length > 0) throw new SyntaxError(`template: unexpected {{${end[0]!.text}}}`);
  return render;
}

function parseBlock(rest: Rest): Block {
  const parts: Render[] = [];
  const render: Render = scope => parts.map(part => part(scope)).join('');
  for (let segment = rest.shift(); segment !== undefined; segment = rest.shift()) {
    const {kind, text} = segment;
    if (kind === 'text') {
      parts.push(() => text);
      continue;
    }
    const tokens = tokenize(text);
    const word = tokens[0]?.kind === 'word' ? tokens[0].text : '';
    if (word === 'end' || word === 'else') return {render, end: tokens};
    parts.push(parseAction(word, tokens, rest));
  }
  return {render, end: []};
}

const unsupported = ['template', 'define', 'block', 'break', 'continue'];

const controls: Readonly<Record<string, (tokens: readonly Token[], rest: Rest) => Render>> = {
  if: ifBlock,
  with: withBlock,
  range: rangeBlock,
};

function parseAction(word: string, tokens: readonly Token[], rest: Rest): Render {
  if (unsupported.includes(word)) throw new SyntaxError(`template: {{${word}}} is not supported`);
  if (Object.hasOwn(controls, word)) return controls[word]!(tokens.slice(1), rest);
  const {names, assigns, value} = parseAssignment(tokens);
  if (names.length === 0) return scope => formatValue(value(scope));
  return scope => {
    if (assigns && !scope.variables.has(names[0]!)) throw new SyntaxError(`template: undefined variable "${names[0]}"`);
    scope.variables.set(names[0]!, value(scope));
    return '';
  };
}

interface Assignment {
  readonly names: readonly string[];
  /** `=`, of a variable that is there; otherwise `:=`. */
  readonly assigns: boolean;
  readonly value: Expression;
}

/** `pipeline`, `$x := pipeline`, `$i, $x := pipeline`. */
function parseAssignment(tokens: readonly Token[]): Assignment {
  const at = tokens.findIndex(({text, kind}) => kind === 'sign' && (text === ':=' || text === '='));
  const names = tokens.slice(0, Math.max(at, 0)).filter(({kind}) => kind === 'variable');
  const cursor = cursorOf(tokens.slice(at + 1));
  const value = parsePipeline(cursor);
  refuseMore(cursor);
  return {names: names.map(({text}) => text), assigns: tokens[at]?.text === '=', value};
}

function refuseMore(cursor: Cursor): void {
  const more = cursor.peek();
  if (more) throw new SyntaxError(`template: unexpected "${more.text}" in command`);
}

interface Branches {
  readonly body: Render;
  readonly otherwise: Render;
}

/** Up to `{{end}}`; `{{else if x}}` is an `if` inside the else that ends with it. */
function parseBranches(name: string, rest: Rest): Branches {
  const {render: body, end} = parseBlock(rest);
  if (end.length === 0) throw new SyntaxError(`template: {{${name}}} has no {{end}}`);
  if (end[0]!.text === 'end') return {body, otherwise: () => ''};
  const chained = end[1]?.text;
  if (chained === 'if') return {body, otherwise: ifBlock(end.slice(2), rest)};
  if (chained === 'with') return {body, otherwise: withBlock(end.slice(2), rest)};
  const {render: otherwise, end: last} = parseBlock(rest);
  if (last[0]?.text !== 'end') throw new SyntaxError(`template: {{else}} of {{${name}}} has no {{end}}`);
  return {body, otherwise};
}

/** Variables made inside are gone after it. */
function inner(scope: Scope, entries: readonly (readonly [string, unknown])[], dot = scope.dot): Scope {
  return {dot, variables: new Map([...scope.variables, ...entries])};
}

function ifBlock(tokens: readonly Token[], rest: Rest): Render {
  const {names, value} = parseAssignment(tokens);
  const {body, otherwise} = parseBranches('if', rest);
  return scope => {
    const held = value(scope);
    const entries = names.map(name => [name, held] as const);
    return (isTrue(held) ? body : otherwise)(inner(scope, entries));
  };
}

function withBlock(tokens: readonly Token[], rest: Rest): Render {
  const {names, value} = parseAssignment(tokens);
  const {body, otherwise} = parseBranches('with', rest);
  return scope => {
    const held = value(scope);
    const entries = names.map(name => [name, held] as const);
    return isTrue(held) ? body(inner(scope, entries, held)) : otherwise(inner(scope, entries));
  };
}

function rangeBlock(tokens: readonly Token[], rest: Rest): Render {
  const {names, value} = parseAssignment(tokens);
  const {body, otherwise} = parseBranches('range', rest);
  return scope => {
    const entries = entriesOf(value(scope));
    if (entries.length === 0) return otherwise(scope);
    const bind = (key: unknown, each: unknown) =>
      names.map((name, i) => [name, names.length === 2 && i === 0 ? key : each] as const);
    return entries.map(([key, each]) => body(inner(scope, bind(key, each), each))).join('');
  };
}

/** Of a map in the order of its keys, as Go. */
function entriesOf(value: unknown): readonly (readonly [unknown, unknown])[] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((each, i) => [i, each] as const);
  if (isFields(value)) return Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  throw new SyntaxError(`template: range can't iterate over ${typeName(value)}`);
}
