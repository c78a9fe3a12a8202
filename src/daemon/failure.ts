import type {ErrorBody} from '../api/api-error.ts';
import {type ErrorCode, errorStatus, TnetError} from '../errors.ts';

export interface Failure {
  readonly status: number;
  readonly body: ErrorBody;
  /** Not foreseen: the log gets its stack. */
  readonly bug: boolean;
}

/** The answer for whatever was thrown. A rollback that failed too (AggregateError) is told by its first cause. */
export function describeFailure(thrown: unknown): Failure {
  const error = thrown instanceof AggregateError ? (thrown.errors[0] as unknown) : thrown;
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  if (error instanceof TnetError)
    return {status: errorStatus(error.code).http, body: {message, code: error.code}, bug: false};
  return {status: 500, body: {message: `tnet daemon: ${message}`, code: 'ERR_DAEMON'}, bug: true};
}

/** Runs a decoder: what model parsers throw for bad text becomes a 400. */
export function decoding<T>(decode: () => T): T {
  try {
    return decode();
  } catch (cause) {
    if (cause instanceof SyntaxError || cause instanceof RangeError)
      throw new TnetError('ERR_BAD_REQUEST', cause.message, {cause});
    throw cause;
  }
}

export function badRequest(message: string, code: ErrorCode = 'ERR_BAD_REQUEST'): TnetError {
  return new TnetError(code, message);
}
