import {functions, type TemplateFunction} from './functions.ts';
import type {Token} from './tokens.ts';
import {fieldOf} from './value.ts';

/** Where an expression is evaluated. */
export interface Scope {
  readonly dot: unknown;
  /** By name with its `$`; `$` itself is the whole data. */
  readonly variables: Map<string, unknown>;
}

export type Expression = (scope: Scope) => unknown;
/** With the arguments that are given to it: a function, or a field that is one. */
type Callable = (scope: Scope, args: readonly unknown[]) => unknown;

/** Reads tokens from the left. */
export interface Cursor {
  peek(): Token | undefined;
  next(): Token | undefined;
}

export function cursorOf(tokens: readonly Token[]): Cursor {
  let at = 0;
  return {peek: () => tokens[at], next: () => tokens[at++]};
}

/** `a b | c d`: the value of one command is the last argument of the next. */
export function parsePipeline(cursor: Cursor): Expression {
  let value = parseCommand(cursor, null);
  while (cursor.peek()?.text === '|') {
    cursor.next();
    value = parseCommand(cursor, value);
  }
  return value;
}

function parseCommand(cursor: Cursor, piped: Expression | null): Expression {
  const callee = parseOperand(cursor);
  const args: Expression[] = [];
  while (!endsCommand(cursor.peek())) {
    const arg = parseOperand(cursor);
    args.push(scope => arg(scope, []));
  }
  if (piped !== null) args.push(piped);
  return scope =>
    callee(
      scope,
      args.map(arg => arg(scope)),
    );
}

function endsCommand(token: Token | undefined): boolean {
  return token === undefined || (token.kind === 'sign' && token.text !== '(' && token.text !== '.');
}

/** A value with the fields that follow it at once: `$x.A.B`, `(index . 0).C`. */
function parseOperand(cursor: Cursor): Callable {
  let value = parsePrimary(cursor);
  for (let next = cursor.peek(); next?.kind === 'field' && !next.apart; next = cursor.peek()) {
    const name = cursor.next()!.text.slice(1);
    const owner = value;
    value = (scope, args) => apply(fieldOf(owner(scope, []), name), args, `.${name}`);
  }
  return value;
}

function parsePrimary(cursor: Cursor): Callable {
  const token = cursor.next();
  if (token === undefined) throw new SyntaxError('template: missing value for command');
  const {kind, text} = token;
  if (kind === 'string') return constant(unquote(text));
  if (kind === 'number') return constant(Number(text));
  if (kind === 'field') return (scope, args) => apply(fieldOf(scope.dot, text.slice(1)), args, text);
  if (kind === 'variable') return (scope, args) => apply(variable(scope, text), args, text);
  if (kind === 'word') return word(text);
  if (text === '.') return (scope, args) => apply(scope.dot, args, '.');
  if (text === '(') return parenthesized(cursor);
  throw new SyntaxError(`template: unexpected "${text}"`);
}

function parenthesized(cursor: Cursor): Callable {
  const inner = parsePipeline(cursor);
  if (cursor.next()?.text !== ')') throw new SyntaxError('template: unclosed left paren');
  return (scope, args) => apply(inner(scope), args, '(…)');
}

const words: Readonly<Record<string, unknown>> = {true: true, false: false, nil: null};

function word(name: string): Callable {
  if (Object.hasOwn(words, name)) return constant(words[name]);
  const call = Object.hasOwn(functions, name) ? functions[name] : undefined;
  if (call === undefined) throw new SyntaxError(`template: function "${name}" not defined`);
  return (_, args) => call(...args);
}

function constant(value: unknown): Callable {
  return (_, args) => apply(value, args, String(value));
}

function apply(value: unknown, args: readonly unknown[], name: string): unknown {
  if (typeof value === 'function') return (value as TemplateFunction)(...args);
  if (args.length > 0) throw new SyntaxError(`template: can't give argument to non-function ${name}`);
  return value;
}

function variable({variables}: Scope, name: string): unknown {
  if (!variables.has(name)) throw new SyntaxError(`template: undefined variable "${name}"`);
  return variables.get(name);
}

function unquote(text: string): string {
  if (text.startsWith('`')) return text.slice(1, -1);
  try {
    return JSON.parse(text) as string; // Go's \a, \v and \x are not JSON's
  } catch {
    throw new SyntaxError(`template: invalid string ${text}`);
  }
}
