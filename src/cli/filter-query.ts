/** `--filter` as commander leaves it. */
export interface Filtered {
  readonly filter?: readonly string[];
}

/** Docker's `filters`: a JSON object of lists. */
export function filterQuery({filter = []}: Filtered): {filters?: string} {
  if (filter.length === 0) return {};
  const filters: Record<string, string[]> = {};
  for (const text of filter) {
    const at = text.indexOf('=');
    if (at < 1) throw new SyntaxError(`invalid filter "${text}": want name=value`);
    const name = text.slice(0, at);
    filters[name] = [...(filters[name] ?? []), text.slice(at + 1)];
  }
  return {filters: JSON.stringify(filters)};
}
