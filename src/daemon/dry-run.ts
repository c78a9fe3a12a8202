import type {Verbs} from '../runtime/preview.ts';
import {encodeOperations} from './encode-operations.ts';
import type {ServerParts} from './parts.ts';
import {queryFlag} from './query.ts';
import {json, type Reply} from './reply.ts';
import type {Call} from './route.ts';

/** `?dryRun=1`: say what would be done, and do nothing. */
export function isDryRun(query: URLSearchParams): boolean {
  return queryFlag(query, 'dryRun');
}

/** Answers a call with the real verbs, or, asked for a dry run, with the operations of pretended ones: 200 and `{"Operations": […]}`. */
export async function perform(
  parts: ServerParts,
  call: Call,
  handle: (verbs: Verbs, call: Call) => Promise<Reply>,
): Promise<Reply> {
  if (!isDryRun(call.query)) return handle(parts, call);
  return json(encodeOperations(await parts.preview(verbs => handle(verbs, call))));
}
