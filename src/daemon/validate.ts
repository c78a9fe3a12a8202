import * as v from 'valibot';
import {badRequest} from './failure.ts';

/** The shim's program is NUL-separated, /etc/hosts and the log are lines: no text from outside may carry a NUL. */
export const text = v.pipe(
  v.string(),
  v.check(value => !value.includes('\0'), 'contains a NUL byte'),
);
export const texts = v.array(text);
export const labels = v.record(text, text);
/** Go sends null for an empty slice, map or pointer. */
export const orNull = <const T extends v.GenericSchema>(schema: T) => v.nullish(schema);
export const natural = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const integer = v.pipe(v.number(), v.safeInteger());

/** Throws ERR_BAD_REQUEST naming the first field that is wrong. */
export function validate<const T extends v.GenericSchema>(schema: T, input: unknown): v.InferOutput<T> {
  if (Array.isArray(input)) throw badRequest('invalid request: want an object'); // to valibot an array is one
  const result = v.safeParse(schema, input, {abortEarly: true});
  if (result.success) return result.output;
  const [issue] = result.issues;
  const path = v.getDotPath(issue);
  throw badRequest(`invalid request: ${path === null ? '' : `${path}: `}${issue.message}`);
}
