import {encodeFrame} from '../api/stdcopy.ts';
import type {LogLine} from '../runtime/logs/log-line.ts';

export interface LogFormat {
  /** Its time goes before each line, as `docker logs -t`. */
  readonly timestamps: boolean;
  /** Then its attributes, of which there are none: Docker writes a space all the same. */
  readonly details: boolean;
  /** Of a terminal: no frames. */
  readonly tty: boolean;
}

/** A log line as a frame, or as it is. */
export function encodeLogLine({stream, time, text}: LogLine, {timestamps, details, tty}: LogFormat): Buffer {
  const line = `${timestamps ? `${time} ` : ''}${details ? ' ' : ''}${text}`;
  return tty ? Buffer.from(line) : encodeFrame(stream, line);
}
