/** `--log-driver` and `--log-opt`. */
export interface LogConfig {
  readonly driver: 'json-file' | 'none';
  /** As they were given; inspect tells them. */
  readonly options: Readonly<Record<string, string>>;
}

/** When a log is rotated; null is never. */
export interface LogRotation {
  readonly maxBytes: number;
  /** The one that is written included. */
  readonly maxFiles: number;
}

export const defaultLog: LogConfig = {driver: 'json-file', options: {}};

const units: Readonly<Record<string, number>> = {'': 1, k: 1e3, m: 1e6, g: 1e9, t: 1e12};

/** moby daemon/logger/jsonfilelog. Throws SyntaxError in its words. */
export function parseLogRotation({options}: LogConfig): LogRotation | null {
  const size = options['max-size'];
  const files = options['max-file'] ?? '1';
  if (!/^-?\d{1,9}$/.test(files)) throw new SyntaxError(`invalid max-file "${files}": want a number`);
  if (Number(files) < 1) throw new SyntaxError('max-file cannot be less than 1');
  if (size === undefined || size === '-1') return null;
  const maxBytes = parseDecimalSize(size);
  if (maxBytes <= 0) throw new SyntaxError('max-size must be a positive number');
  return {maxBytes, maxFiles: Number(files)};
}

/** `10m` is 10,000,000 bytes here (docker/go-units FromHumanSize), where `--memory 10m` is 10,485,760. */
function parseDecimalSize(text: string): number {
  const match = /^(\d+(?:\.\d+)?)\s*([kmgt]?)b?$/i.exec(text);
  if (!match) throw new SyntaxError(`invalid size: '${text}'`);
  return Math.floor(Number(match[1]) * units[match[2]!.toLowerCase()]!);
}
