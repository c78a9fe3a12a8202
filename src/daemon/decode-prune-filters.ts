import {decodeFilters, matchesFilters, matchesLabel} from './decode-filters.ts';
import {decodeUntil} from './decode-until.ts';

export interface Prunable {
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `until`, `label` and `label!` of the prunes; wrong ones are refused even when there is nothing to prune. */
export function decodePruneFilters(json: string | null, now: Date): (thing: Prunable) => boolean {
  const filters = decodeFilters(json);
  for (const value of filters.get('until') ?? []) decodeUntil(value, now.getTime());
  return matchesFilters<Prunable>(filters, {
    until: ({created}, value) => Date.parse(created) <= decodeUntil(value, now.getTime()),
    label: ({labels}, value) => matchesLabel(labels, value),
    'label!': ({labels}, value) => !matchesLabel(labels, value),
  });
}
