import type {ErrorCode} from '../errors.ts';

/** What the daemon answered instead of 2xx. `code` is null when another program answered. */
export class ApiError extends Error {
  override readonly name = 'ApiError';
  readonly status: number;
  readonly code: ErrorCode | null;

  constructor(message: string, detail: {readonly status: number; readonly code?: ErrorCode | null}) {
    super(message);
    this.status = detail.status;
    this.code = detail.code ?? null;
  }
}

/** Docker's `{"message"}`; ours has the code beside it, so that a client can branch without reading prose. */
export interface ErrorBody {
  readonly message: string;
  readonly code?: ErrorCode;
}

/** The error in an answer's body; a body that is no JSON is taken as the message. */
export function decodeError(status: number, body: string): ApiError {
  const {message, code} = parseBody(body);
  return new ApiError(message || `the daemon answered ${status}`, {status, code: code ?? null});
}

function parseBody(body: string): ErrorBody {
  try {
    return JSON.parse(body) as ErrorBody;
  } catch {
    return {message: body.trim()};
  }
}
