import {InvalidArgumentError} from 'commander';
import {parseDuration} from '../model/duration.ts';

/** A time as the API takes it, seconds since 1970: from those, RFC 3339, a date, or a duration like `10m` or `1h30m` before now. */
export function parseMoment(text: string): string {
  if (/^\d{1,12}(\.\d{1,9})?$/.test(text)) return text;
  const ns = parseDuration(text);
  const ms = ns === null ? Date.parse(text) : Date.now() - ns / 1e6;
  if (Number.isNaN(ms) || ms < 0) throw new InvalidArgumentError('Want a time like 2026-01-02T03:04:05 or 10m.');
  return (ms / 1000).toFixed(3);
}
