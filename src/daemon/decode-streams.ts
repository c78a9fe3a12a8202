import * as v from 'valibot';
import {type StreamsConfig, type TerminalSize, unknownSize} from '../model/streams.ts';
import {natural, orNull} from './validate.ts';

/** A terminal's numbers have 16 bits (tty_ioctl(4)). */
const characters = v.pipe(natural, v.maxValue(65_535));

/** Height, width: Docker's order. */
export const consoleSize = v.tuple([characters, characters]);

export const streamFields = {
  Tty: orNull(v.boolean()),
  AttachStdin: orNull(v.boolean()),
  AttachStdout: orNull(v.boolean()),
  AttachStderr: orNull(v.boolean()),
};

const schema = v.object({...streamFields, StdinOnce: orNull(v.boolean())});

export function decodeStreams(
  {Tty, StdinOnce, AttachStdin, AttachStdout, AttachStderr}: v.InferOutput<typeof schema>,
  size: v.InferOutput<typeof consoleSize> | null | undefined,
): StreamsConfig {
  return {
    tty: Tty ?? false,
    consoleSize: decodeConsoleSize(size),
    stdinOnce: StdinOnce ?? false,
    attach: {stdin: AttachStdin ?? false, stdout: AttachStdout ?? false, stderr: AttachStderr ?? false},
  };
}

export function decodeConsoleSize(size: readonly [number, number] | null | undefined): TerminalSize {
  return size ? {height: size[0], width: size[1]} : unknownSize;
}
