import {badRequest} from './failure.ts';

const unitsMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Docker's `until`: seconds since 1970, RFC 3339, or a duration of Go's before now, as `1h30m`; ms since 1970. Throws ERR_BAD_REQUEST. */
export function decodeUntil(text: string, nowMs: number): number {
  if (/^\d{1,12}(\.\d+)?$/.test(text)) return Number(text) * 1000;
  const parts = [...text.matchAll(/(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h)/g)];
  if (parts.length > 0 && parts.map(([part]) => part).join('') === text)
    return nowMs - parts.reduce((sum, [, count, unit]) => sum + Number(count) * unitsMs[unit!]!, 0);
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (Number.isNaN(time)) throw badRequest(`invalid filter 'until=${text}': want a time or a duration as 24h`);
  return time;
}
