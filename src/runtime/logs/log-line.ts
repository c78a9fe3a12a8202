export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  readonly time: string;
  /** With its newline, unless the line was cut or the output ended without one. */
  readonly text: string;
}

export interface LogOptions {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  /** Last lines only; null is all. */
  readonly tail: number | null;
  /** Of the lines that `tail` leaves; null is open. In ns since 1970, both ends included. */
  readonly sinceNs: bigint | null;
  readonly untilNs: bigint | null;
}

/** A record of the json-file format; null for a torn one, after a crash or a full disk. */
export function parseLogLine(text: string): LogLine | null {
  try {
    const {log, stream, time} = JSON.parse(text) as {log: string; stream: LogLine['stream']; time: string};
    return {text: log, stream, time};
  } catch {
    return null;
  }
}

/** ns since 1970; a Date would round to ms. */
export function timeNs({time}: LogLine): bigint {
  const [, fraction = ''] = /\.(\d+)Z$/.exec(time) ?? [];
  return BigInt(Date.parse(`${time.slice(0, 19)}Z`)) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9));
}
