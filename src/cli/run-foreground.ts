import type {IncomingMessage} from 'node:http';
import type {Duplex} from 'node:stream';
import {text} from 'node:stream/consumers';
import type {Client} from '../api/client.ts';
import type {WaitResult} from '../api/engine-types.ts';
import type {Io} from './context.ts';
import {copyOutput} from './copy-output.ts';
import type {RunOptions} from './create-body.ts';
import {forwardSignals} from './forward-signals.ts';

export interface Foreground {
  readonly client: Client;
  readonly id: string;
  readonly options: RunOptions;
  readonly io: Io;
}

/** Attaches, waits and only then starts, so that no output and no exit is lost. Resolves to the container's exit code. */
export async function runForeground({client, id, options, io}: Foreground): Promise<number> {
  const path = `/containers/${id}`;
  const stdin = options.interactive ?? false;
  const streams = await client.upgrade(`${path}/attach`, {query: {stream: true, stdin, stdout: true, stderr: true}});
  const exit = await client.stream('POST', `${path}/wait`, {query: {condition: options.rm ? 'removed' : 'next-exit'}});
  streams.on('error', () => {}); // its end says the same
  const started = client.call('POST', `${path}/start`);
  const restore = forwardSignals(
    signal => void started.then(() => client.call('POST', `${path}/kill`, {query: {signal}})).catch(() => {}),
  );
  try {
    await started;
    if (stdin) io.stdin.pipe(streams);
    else streams.end();
    await copyOutput(streams, io).catch(() => {}); // torn when the daemon goes; the exit tells which it was
    return await readExit(exit, id);
  } finally {
    restore();
    for (const stream of [streams, exit] satisfies readonly (Duplex | IncomingMessage)[]) stream.destroy();
    if (stdin) io.stdin.unpipe(streams);
  }
}

async function readExit(exit: IncomingMessage, id: string): Promise<number> {
  const body = await text(exit).catch(() => '');
  if (body === '') throw new Error(`the daemon went away; the container goes on: tnet logs -f ${id.slice(0, 12)}`);
  const {StatusCode, Error: failure} = JSON.parse(body) as WaitResult;
  if (failure) throw new Error(failure.Message);
  return StatusCode;
}
