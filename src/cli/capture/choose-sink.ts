import type {Context} from '../context.ts';
import type {Received} from './receive.ts';
import {type OpenSink, printTo, writeTo} from './sinks.ts';

export interface SinkOptions {
  readonly write?: string;
  readonly print?: boolean;
}

/** Decided before anything is listened on. */
export function chooseSink(context: Context, {write, print}: SinkOptions): () => OpenSink {
  const {isTTY = false} = context.io.stdout;
  if (print && write !== undefined)
    throw new Error('--print and -w exclude each other: write a file, then tcpdump -r it');
  if (write === '-' && isTTY)
    throw new Error('packets are no text for a terminal: give -w a file, pipe the output, or use --print');
  if (print || (write === undefined && isTTY)) return () => printTo(context);
  return () => writeTo(write ?? '-', context);
}

/** How it ended: on standard error, and 1 when it broke off. */
export function reportCapture(context: Context, {packets, dropped}: Received): void {
  const lost = dropped === null ? 'then it broke off' : `${dropped} dropped by the kernel`;
  context.io.stderr.write(`tnet: ${packets} packets captured, ${lost}\n`);
  if (dropped === null) context.exitWith(1);
}
