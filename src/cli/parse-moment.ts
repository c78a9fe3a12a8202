import {InvalidArgumentError} from 'commander';

const unitMs: Readonly<Record<string, number>> = {d: 86_400_000, h: 3_600_000, m: 60_000, s: 1000, ms: 1};

/** A time as the API takes it, seconds since 1970: from those, RFC 3339, a date, or a duration like `10m` or `1h30m` before now. */
export function parseMoment(text: string): string {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return text;
  const ms = /^(\d{1,9}(ms|[dhms]))+$/.test(text) ? Date.now() - durationMs(text) : Date.parse(text);
  if (Number.isNaN(ms) || ms < 0) throw new InvalidArgumentError('Want a time like 2026-01-02T03:04:05 or 10m.');
  return (ms / 1000).toFixed(3);
}

function durationMs(text: string): number {
  const parts = [...text.matchAll(/(\d+)(ms|[dhms])/g)];
  return parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitMs[unit!]!, 0);
}
