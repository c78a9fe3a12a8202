import * as v from 'valibot';
import type {TraceRequest} from '../model/trace.ts';
import {natural, text, validate} from './validate.ts';

const schema = v.object({
  from: text,
  to: text,
  follow: v.optional(v.boolean(), false),
  timeoutMs: v.optional(v.pipe(natural, v.minValue(1), v.maxValue(3_600_000)), 4000),
  family: v.optional(v.nullable(v.picklist([4, 6])), null),
});

/** Body of POST /tnet/trace. Throws ERR_BAD_REQUEST naming the field. */
export function decodeTrace(body: unknown): TraceRequest {
  return validate(schema, body ?? {});
}
