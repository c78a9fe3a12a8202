import * as v from 'valibot';
import {isMap, isPair, isScalar, LineCounter, type Node, parseDocument, type YAMLMap} from 'yaml';

/** One thing that is wrong with a file, and where: lines and columns count from 1. */
export interface Problem {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
}

/** All that is wrong with a file, one line each: `topology.yaml:3:7: unknown key "adress"; did you mean "address"?` */
export class DocumentError extends SyntaxError {
  override readonly name = 'DocumentError';
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    super(problems.map(formatProblem).join('\n'));
    this.problems = problems;
  }
}

/** What was read, and the way to say where a part of it stands. */
export interface Document<T> {
  readonly value: T;
  /** A problem with the value at `keys`, for what a schema cannot see. */
  problemAt(keys: readonly (string | number)[], message: string): Problem;
}

export function formatProblem({path, line, column, message}: Problem): string {
  return `${path}:${line}:${column}: ${message}`;
}

/** YAML text to a value of the schema. Throws DocumentError with every problem. */
export function readDocument<S extends v.GenericSchema>(
  text: string,
  {path, schema}: {readonly path: string; readonly schema: S},
): Document<v.InferOutput<S>> {
  const lines = new LineCounter();
  const document = parseDocument(text, {lineCounter: lines});
  const at = (offset: number, message: string): Problem => {
    const {line, col} = lines.linePos(offset);
    return {path, line: Math.max(line, 1), column: Math.max(col, 1), message};
  };
  if (document.errors.length > 0)
    throw new DocumentError(document.errors.map(error => at(error.pos[0], error.message.split(' at line')[0]!)));
  const root = document.contents as Node | null;
  const problemAt = (keys: readonly (string | number)[], message: string): Problem => at(offsetOf(root, keys), message);
  const result = v.safeParse(schema, document.toJS());
  if (result.success) return {value: result.output, problemAt};
  throw new DocumentError(
    result.issues.flatMap(leaves).map(issue => problemAt(keysOf(issue), describe(issue, schema))),
  );
}

/** Of a union, the alternative that came farthest: the others were not meant. Its issues have their paths from the union on. */
function leaves(issue: v.BaseIssue<unknown>): readonly v.BaseIssue<unknown>[] {
  if (issue.type !== 'union' || issue.issues === undefined) return [issue];
  const depth = ({path}: v.BaseIssue<unknown>): number => path?.length ?? 0;
  const deepest = Math.max(...issue.issues.map(depth));
  if (deepest === 0) return [issue];
  return issue.issues
    .filter(inner => depth(inner) === deepest)
    .flatMap(inner => leaves({...inner, path: [...(issue.path ?? []), ...(inner.path ?? [])] as never}));
}

function keysOf({path}: v.BaseIssue<unknown>): readonly (string | number)[] {
  return (path ?? []).map(({key}) => key as string | number);
}

function describe(issue: v.BaseIssue<unknown>, schema: v.GenericSchema): string {
  const key = keysOf(issue).at(-1);
  if (issue.type === 'strict_object' && issue.expected === 'never') {
    const known = knownKeys(schema, keysOf(issue).slice(0, -1));
    return `unknown key "${key}"${suggestion(String(key), known)}`;
  }
  if (issue.received === 'undefined' && issue.type !== 'union')
    return `key "${key}" is missing: want ${issue.expected}`;
  const subject = key === undefined ? 'the file' : `"${key}"`;
  const isDefault = issue.message.startsWith('Invalid ');
  return isDefault ? `${subject} is ${issue.received}: want ${issue.expected}` : `${subject}: ${issue.message}`;
}

function suggestion(key: string, known: readonly string[]): string {
  if (known.length === 0) return '';
  const near = known.find(name => distance(name, key) <= 2);
  return near === undefined ? `; want one of ${known.join(', ')}` : `; did you mean "${near}"?`;
}

/** Keys that an object at `keys` may have, as far as the schema is followed. */
function knownKeys(schema: v.GenericSchema, keys: readonly (string | number)[]): readonly string[] {
  const {entries, item, value, wrapped, options, pipe} = schema as Partial<{
    entries: Record<string, v.GenericSchema>;
    item: v.GenericSchema;
    value: v.GenericSchema;
    wrapped: v.GenericSchema;
    options: readonly v.GenericSchema[];
    pipe: readonly v.GenericSchema[];
  }>;
  if (wrapped) return knownKeys(wrapped, keys);
  if (pipe && !entries) return knownKeys(pipe[0]!, keys);
  if (options) return options.filter(option => typeof option === 'object').flatMap(option => knownKeys(option, keys));
  const [first, ...rest] = keys;
  if (first === undefined) return Object.keys(entries ?? {});
  const next = entries?.[first] ?? item ?? value;
  return next === undefined ? [] : knownKeys(next, rest);
}

/** Levenshtein's. */
function distance(a: string, b: string): number {
  let row = Array.from({length: b.length + 1}, (_, i) => i);
  for (const [i, left] of [...a].entries()) {
    const next = [i + 1];
    for (const [j, right] of [...b].entries())
      next.push(Math.min(next[j]! + 1, row[j + 1]! + 1, row[j]! + (left === right ? 0 : 1)));
    row = next;
  }
  return row.at(-1)!;
}

/** Of the deepest node on the way that is there: a missing key is reported where its object begins. */
function offsetOf(root: Node | null, keys: readonly (string | number)[]): number {
  let node: Node | null = root;
  let offset = root?.range?.[0] ?? 0;
  for (const key of keys) {
    const pair = isMap(node) ? pairOf(node, key) : undefined;
    const next = pair
      ? pair.value
      : (node as {get?(key: string | number, keep: boolean): unknown} | null)?.get?.(key, true);
    offset = pair?.offset ?? (next as Node | undefined)?.range?.[0] ?? offset;
    if (next === undefined || next === null) break;
    node = next as Node;
  }
  return offset;
}

function pairOf(map: YAMLMap, key: string | number): {offset: number; value: unknown} | undefined {
  const pair = map.items.find(item => isPair(item) && isScalar(item.key) && String(item.key.value) === String(key));
  const offset = (pair?.key as Node | undefined)?.range?.[0];
  return pair === undefined || offset === undefined ? undefined : {offset, value: pair.value};
}
