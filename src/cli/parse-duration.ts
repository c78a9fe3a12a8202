import {InvalidArgumentError} from 'commander';
import {parseDuration as parse} from '../model/duration.ts';

/** Of an option, in ns. */
export function parseDuration(text: string): number {
  try {
    return parse(text);
  } catch {
    throw new InvalidArgumentError('Want a duration like 30s or 1m30s.');
  }
}
