/** Values as Go's templates see JSON. */
export type Fields = Readonly<Record<string, unknown>>;

export function isFields(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Go's zero values are false. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (isFields(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** `%v`. What is nothing prints as Go prints a missing entry. */
export function formatValue(value: unknown): string {
  return value === null || value === undefined ? '<no value>' : formatInner(value);
}

function formatInner(value: unknown): string {
  if (value === null || value === undefined) return '<nil>';
  if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value).toString() : String(value);
  if (Array.isArray(value)) return `[${value.map(formatInner).join(' ')}]`;
  if (!isFields(value)) return String(value);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return `map[${entries.map(([key, each]) => `${key}:${formatInner(each)}`).join(' ')}]`;
}

/**
 * `.name`. A field that begins with a capital letter is Docker's: when there is none it is a mistake, and told. Others are
 * names of the user's, as labels and networks: they may be missing.
 */
export function fieldOf(value: unknown, name: string): unknown {
  if (isFields(value) && Object.hasOwn(value, name)) return value[name];
  if (value === null || value === undefined) throw new SyntaxError(`template: .${name} of nothing: nil pointer`);
  if (!isFields(value)) throw new SyntaxError(`template: can't evaluate field ${name} in ${typeName(value)}`);
  if (/^[A-Z]/.test(name)) throw new SyntaxError(`template: map has no entry for key "${name}"`);
  return undefined;
}

export function typeName(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (value === null || value === undefined) return 'nothing';
  return isFields(value) ? 'a map' : `a ${typeof value}`;
}
