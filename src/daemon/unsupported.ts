import {badRequest} from './failure.ts';

/** What a field may hold besides nothing. */
export type Accepted = Readonly<Record<string, (value: unknown) => boolean>>;

export const anything = (): boolean => true;
export const oneOf =
  (...values: readonly unknown[]) =>
  (value: unknown): boolean =>
    values.includes(value);

/**
 * Refuses what was asked for and would not happen: every field of `given` must be empty, or accepted. Docker's clients
 * always send all fields, most of them empty.
 */
export function refuseUnsupported(given: Readonly<Record<string, unknown>>, accepted: Accepted, where: string): void {
  for (const [name, value] of Object.entries(given)) {
    if (isEmpty(value) || (Object.hasOwn(accepted, name) && accepted[name]?.(value))) continue;
    throw badRequest(`${where}${name} ${shorten(JSON.stringify(value))} is not supported`, 'ERR_UNSUPPORTED');
  }
}

/** Go's zero values and empty collections. Not collections of them: `{"/run":""}` is `--tmpfs /run`. */
export function isEmpty(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length === 0;
  return value === undefined || value === null || value === false || value === 0 || value === '';
}

function shorten(json: string): string {
  return json.length > 60 ? `${json.slice(0, 59)}…` : json;
}
