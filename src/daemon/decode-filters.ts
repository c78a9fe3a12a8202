import {badRequest} from './failure.ts';

export type Filters = ReadonlyMap<string, readonly string[]>;

/** How one filter judges one thing; values of one filter are alternatives (but labels must all be there), filters add up. */
export type Matchers<T> = Readonly<Record<string, (thing: T, value: string) => boolean>>;

/** `{"name":{"web":true}}`, as Docker's CLI sends it, or `{"name":["web"]}`. */
export function decodeFilters(json: string | null): Filters {
  if (json === null || json === '') return new Map();
  const filters = parse(json);
  return new Map(Object.entries(filters).map(([name, values]) => [name, filterValues(name, values)]));
}

/** Throws ERR_BAD_REQUEST, in Docker's words, for a filter that `matchers` does not know. */
export function applyFilters<T>(things: readonly T[], filters: Filters, matchers: Matchers<T>): readonly T[] {
  return things.filter(matchesFilters(filters, matchers));
}

/** The same for one thing after the other. */
export function matchesFilters<T>(filters: Filters, matchers: Matchers<T>): (thing: T) => boolean {
  const wanted = [...filters].map(([name, values]) => {
    const matches = Object.hasOwn(matchers, name) ? matchers[name] : undefined;
    if (matches === undefined) throw badRequest(`invalid filter '${name}'`);
    const every = name.startsWith('label');
    return (thing: T) => values.length === 0 || values[every ? 'every' : 'some'](value => matches(thing, value));
  });
  return thing => wanted.every(matches => matches(thing));
}

/** `key` or `key=value`. */
export function matchesLabel(labels: Readonly<Record<string, string>>, wanted: string): boolean {
  const at = wanted.indexOf('=');
  const key = at < 0 ? wanted : wanted.slice(0, at);
  return Object.hasOwn(labels, key) && (at < 0 || labels[key] === wanted.slice(at + 1));
}

function parse(json: string): object {
  try {
    const filters: unknown = JSON.parse(json);
    if (typeof filters === 'object' && filters !== null && !Array.isArray(filters)) return filters;
  } catch {}
  throw badRequest('invalid filters: want a JSON object');
}

function filterValues(name: string, values: unknown): readonly string[] {
  if (Array.isArray(values) && values.every(value => typeof value === 'string')) return values;
  if (typeof values !== 'object' || values === null || Array.isArray(values))
    throw badRequest(`invalid filter '${name}': want a list of texts`);
  return Object.entries(values as Record<string, unknown>)
    .filter(([, on]) => on === true)
    .map(([value]) => value);
}
