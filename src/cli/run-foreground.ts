import type {IncomingMessage} from 'node:http';
import {text} from 'node:stream/consumers';
import type {Client} from '../api/client.ts';
import type {WaitResult} from '../api/engine-types.ts';
import type {Io} from './context.ts';
import {forwardSignals} from './forward-signals.ts';
import {talk} from './talk.ts';

export interface ForegroundOptions {
  readonly interactive?: boolean;
  readonly rm?: boolean;
  readonly tty?: boolean;
  readonly detachKeys?: string;
  /** Signals are forwarded unless it is false. */
  readonly sigProxy?: boolean;
}

export interface Foreground {
  readonly client: Client;
  readonly id: string;
  readonly options: ForegroundOptions;
  readonly io: Io;
}

/** Attaches, waits and only then starts, so that no output and no exit is lost. Resolves to the container's exit code; 0 when detached. */
export async function runForeground({client, id, options, io}: Foreground): Promise<number> {
  const path = `/containers/${id}`;
  const {interactive: stdin = false, tty = false, detachKeys, sigProxy = true} = options;
  const query = {stream: true, stdin, stdout: true, stderr: true, detachKeys};
  const streams = await client.upgrade(`${path}/attach`, {query});
  const exit = await client.stream('POST', `${path}/wait`, {query: {condition: options.rm ? 'removed' : 'next-exit'}});
  streams.on('error', () => {}); // its end says the same
  const started = client.call('POST', `${path}/start`);
  const restore = sigProxy ? proxySignals(client, id, started) : () => {};
  try {
    await started;
    const resize = (size: {h: number; w: number}): void =>
      void client.call('POST', `${path}/resize`, {query: {...size}}).catch(() => {});
    const end = await talk(streams, {io, tty, stdin, detachKeys, resize});
    return end === 'detached' ? 0 : await readExit(exit, id);
  } finally {
    restore();
    streams.destroy();
    exit.destroy();
  }
}

/** Sends our signals to a container, once it has started. */
export function proxySignals(client: Client, id: string, started: Promise<unknown> = Promise.resolve()): () => void {
  return forwardSignals(
    signal => void started.then(() => client.call('POST', `/containers/${id}/kill`, {query: {signal}})).catch(() => {}),
  );
}

/** The answer of /wait. */
export async function readExit(exit: IncomingMessage, id: string): Promise<number> {
  const body = await text(exit).catch(() => '');
  if (body === '') throw new Error(`the daemon went away; the container goes on: tnet logs -f ${id.slice(0, 12)}`);
  const {StatusCode, Error: failure} = JSON.parse(body) as WaitResult;
  if (failure) throw new Error(failure.Message);
  return StatusCode;
}
