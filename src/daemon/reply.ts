import {once} from 'node:events';
import type {ServerResponse} from 'node:http';

/** An answer as data, so that routes can be tested without a socket. */
export type Reply =
  | {readonly kind: 'json'; readonly status: number; readonly body: unknown}
  | {readonly kind: 'text'; readonly status: number; readonly body: string}
  | {readonly kind: 'bytes'; readonly headers: Headers; readonly body: Uint8Array}
  | {readonly kind: 'empty'; readonly status: number; readonly headers?: Headers}
  | {
      readonly kind: 'stream';
      readonly type: string;
      readonly chunks: AsyncIterable<Uint8Array | string>;
      readonly headers?: Headers;
    };

type Headers = Readonly<Record<string, string>>;

export const json = (body: unknown, status = 200): Reply => ({kind: 'json', status, body});
export const empty = (status = 204): Reply => ({kind: 'empty', status});
export const stream = (type: string, chunks: AsyncIterable<Uint8Array | string>): Reply => ({
  kind: 'stream',
  type,
  chunks,
});

export async function sendReply(response: ServerResponse, reply: Reply): Promise<void> {
  if (reply.kind === 'empty') return void response.writeHead(reply.status, reply.headers).end();
  if (reply.kind === 'stream') return sendStream(response, reply);
  if (reply.kind === 'bytes')
    return void response.writeHead(200, {...reply.headers, 'content-length': reply.body.length}).end(reply.body);
  const type = reply.kind === 'json' ? 'application/json' : 'text/plain; charset=utf-8';
  const body = reply.kind === 'json' ? `${JSON.stringify(reply.body)}\n` : reply.body;
  response.writeHead(reply.status, {'content-type': type, 'content-length': Buffer.byteLength(body)}).end(body);
}

/** The header goes out at once: `docker run` waits for that of /wait before it starts the container. A client that leaves ends the source. */
async function sendStream(response: ServerResponse, {type, chunks, headers}: Reply & {kind: 'stream'}): Promise<void> {
  response.writeHead(200, {'content-type': type, ...headers}).flushHeaders();
  const iterator = chunks[Symbol.asyncIterator]();
  response.once('close', () => void iterator.return?.().catch(() => {}));
  for (;;) {
    const next = await iterator.next();
    if (next.done || response.destroyed) break;
    if (!response.write(next.value)) await Promise.race([once(response, 'drain'), once(response, 'close')]);
  }
  response.end();
}
