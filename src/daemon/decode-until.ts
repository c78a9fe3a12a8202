import {parseDuration} from '../model/duration.ts';
import {badRequest} from './failure.ts';

/** Docker's `until`: seconds since 1970, RFC 3339, or a duration of Go's before now, as `1h30m`; ms since 1970. Throws ERR_BAD_REQUEST. */
export function decodeUntil(text: string, nowMs: number): number {
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const ns = parseDuration(text);
  if (ns !== null) return nowMs - ns / 1e6;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw badRequest(`invalid filter 'until=${text}': want a time or a duration as 24h`);
  return time;
}
