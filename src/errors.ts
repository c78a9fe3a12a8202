/**
 * Every failure a caller may branch on. `http` is the Engine API status, `cni` the code of the CNI specification
 * (1-99 reserved by it, 100+ ours), `exit` the exit code of a command other than `run` (which has 125/126/127).
 */
const codes = {
  ERR_BAD_REQUEST: {http: 400, cni: 7, exit: 1},
  ERR_NETWORK_NOT_FOUND: {http: 404, cni: 7, exit: 1},
  ERR_CONTAINER_NOT_FOUND: {http: 404, cni: 3, exit: 1},
  ERR_EXEC_NOT_FOUND: {http: 404, cni: 3, exit: 1},
  ERR_IMAGE_NOT_FOUND: {http: 404, cni: 7, exit: 125},
  ERR_VOLUME_NOT_FOUND: {http: 404, cni: 7, exit: 1},
  ERR_PATH_NOT_FOUND: {http: 404, cni: 7, exit: 1},
  ERR_ATTACHMENT_NOT_FOUND: {http: 404, cni: 3, exit: 1},
  /** What an attachment needs of the kernel is not there any more. */
  ERR_ATTACHMENT_BROKEN: {http: 500, cni: 105, exit: 1},
  ERR_FORBIDDEN: {http: 403, cni: 7, exit: 1},
  ERR_NETWORK_IN_USE: {http: 403, cni: 7, exit: 1},
  ERR_NAME_IN_USE: {http: 409, cni: 7, exit: 1},
  ERR_CONFLICT: {http: 409, cni: 7, exit: 1},
  ERR_NOT_MODIFIED: {http: 304, cni: 0, exit: 0},
  ERR_ADDRESS_IN_USE: {http: 403, cni: 101, exit: 1},
  ERR_SUBNET_IN_USE: {http: 403, cni: 101, exit: 1},
  ERR_SUBNET_FULL: {http: 403, cni: 101, exit: 1},
  ERR_PORT_IN_USE: {http: 500, cni: 102, exit: 1},
  ERR_LINK_FOREIGN: {http: 500, cni: 103, exit: 1},
  ERR_COMMAND_NOT_FOUND: {http: 400, cni: 999, exit: 127},
  ERR_COMMAND_NOT_EXECUTABLE: {http: 400, cni: 999, exit: 126},
  ERR_LAUNCH: {http: 500, cni: 999, exit: 125},
  ERR_UNSUPPORTED: {http: 400, cni: 104, exit: 1},
  ERR_STORE: {http: 500, cni: 5, exit: 1},
  ERR_KERNEL: {http: 500, cni: 999, exit: 1},
  ERR_TIMEOUT: {http: 504, cni: 11, exit: 125},
  ERR_DAEMON: {http: 500, cni: 11, exit: 1},
} as const;

export type ErrorCode = keyof typeof codes;

/** Message style: what we did, the object in quotes, colon, the state. Always with `cause` when there is one. */
export class TnetError extends Error {
  override readonly name = 'TnetError';
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: {readonly cause?: unknown}) {
    super(message, options);
    this.code = code;
  }
}

/** A request the kernel refused. `errno` is positive, as in errno(3); `extack` is the kernel's own sentence, if it sent one. */
export class KernelError extends TnetError {
  readonly errno: number;
  readonly extack: string | null;

  constructor(
    message: string,
    detail: {readonly errno: number; readonly extack?: string | null; readonly cause?: unknown},
  ) {
    super('ERR_KERNEL', message, {cause: detail.cause});
    this.errno = detail.errno;
    this.extack = detail.extack ?? null;
  }
}

export function errorStatus(code: ErrorCode): (typeof codes)[ErrorCode] {
  return codes[code];
}
