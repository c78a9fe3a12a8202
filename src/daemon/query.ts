import type {TerminalSize} from '../model/streams.ts';
import {badRequest} from './failure.ts';

/** Go's strconv.ParseBool as Docker's servers use it: anything but these is true. */
export function queryFlag(query: URLSearchParams, name: string): boolean {
  const value = (query.get(name) ?? '').trim().toLowerCase();
  return !['', '0', 'no', 'false', 'none'].includes(value);
}

/** A number that is not negative; null when it is absent. */
export function queryNatural(query: URLSearchParams, name: string): number | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  if (!/^\d{1,9}$/.test(value)) throw badRequest(`invalid ${name} "${value}": want a number`);
  return Number(value);
}

/** Seconds of `stop -t`: negative is "without end". */
export function querySeconds(query: URLSearchParams, name: string): number | null {
  return query.get(name)?.startsWith('-') ? -1 : queryNatural(query, name);
}

/** `?h=` and `?w=` of a terminal. */
export function querySize(query: URLSearchParams): TerminalSize {
  const [height, width] = [queryNatural(query, 'h') ?? 0, queryNatural(query, 'w') ?? 0];
  if (height > 65_535 || width > 65_535) throw badRequest(`invalid terminal size ${width}x${height}`);
  return {width, height};
}

/** A time as `1700000000` or `1700000000.123456789`, seconds since 1970, in ns; null when it is absent. */
export function queryTimeNs(query: URLSearchParams, name: string): bigint | null {
  const value = query.get(name);
  if (value === null || value === '') return null;
  const [, seconds, fraction = ''] = /^(\d{1,12})(?:\.(\d{1,9}))?$/.exec(value) ?? [];
  if (seconds === undefined) throw badRequest(`invalid ${name} "${value}": want seconds since 1970`);
  return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
}

/** Refuses parameters that would change the answer and are not served. */
export function refuseParameters(query: URLSearchParams, names: readonly string[]): void {
  const asked = names.find(name => queryFlag(query, name));
  if (asked !== undefined)
    throw badRequest(`parameter ${asked}=${query.get(asked)} is not supported`, 'ERR_UNSUPPORTED');
}
