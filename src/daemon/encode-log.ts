import {encodeFrame} from '../api/stdcopy.ts';
import type {LogLine} from '../runtime/engine.ts';

/** A log line as a frame; with `timestamps` its time goes before it, as `docker logs -t`. */
export function encodeLogLine({stream, time, text}: LogLine, timestamps: boolean): Buffer {
  return encodeFrame(stream, timestamps ? `${time} ${text}` : text);
}
