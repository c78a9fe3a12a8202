import {decodeFilters, type Matchers, matchesFilters, matchesLabel} from './decode-filters.ts';
import {badRequest} from './failure.ts';

export interface Prunable {
  /** RFC 3339. */
  readonly created: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** `until`, `label` and `label!` of the prunes. */
export function decodePruneFilters(json: string | null, now: Date): (thing: Prunable) => boolean {
  const matchers: Matchers<Prunable> = {
    until: ({created}, value) => Date.parse(created) < untilMs(value, now),
    label: ({labels}, value) => matchesLabel(labels, value),
    'label!': ({labels}, value) => !matchesLabel(labels, value),
  };
  const filters = decodeFilters(json);
  for (const value of filters.get('until') ?? []) untilMs(value, now); // wrong even if there is nothing to prune
  return matchesFilters(filters, matchers);
}

const unitMs: Readonly<Record<string, number>> = {h: 3_600_000, m: 60_000, s: 1000, ms: 1};

/** Seconds since 1970, a duration of Go's (`24h`, `1h30m`) before now, or RFC 3339. */
function untilMs(value: string, now: Date): number {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(value)) return Number(value) * 1000;
  if (/^(\d{1,9}(ms|[hms]))+$/.test(value)) {
    const parts = [...value.matchAll(/(\d+)(ms|[hms])/g)];
    return now.getTime() - parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0);
  }
  const ms = Date.parse(value);
  if (Number.isNaN(ms)) throw badRequest(`invalid filter 'until=${value}': want a duration like 24h, or a time`);
  return ms;
}
