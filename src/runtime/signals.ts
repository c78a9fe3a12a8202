import {constants} from 'node:os';
import {TnetError} from '../errors.ts';

/** `TERM`, `SIGTERM`, `sigterm` or `15`. Throws ERR_BAD_REQUEST in Docker's words. */
export function signalNumber(text: string): number {
  const name = text.toUpperCase().replace(/^(?!SIG)/, 'SIG');
  const number = /^\d+$/.test(text) ? Number(text) : (constants.signals as Readonly<Record<string, number>>)[name];
  if (number === undefined || number < 1 || number > 64)
    throw new TnetError('ERR_BAD_REQUEST', `invalid signal: ${text}`);
  return number;
}
