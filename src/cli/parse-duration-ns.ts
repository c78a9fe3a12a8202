import {InvalidArgumentError} from 'commander';
import {parseDuration} from '../model/duration.ts';

/** Go's durations, `1m30s` or `500ms`; ns. */
export function parseDurationNs(text: string): number {
  const ns = parseDuration(text);
  if (ns === null) throw new InvalidArgumentError('Want a duration like 30s or 1m30s.');
  return ns;
}
