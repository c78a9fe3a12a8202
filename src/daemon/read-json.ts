import type {IncomingMessage} from 'node:http';
import {badRequest} from './failure.ts';

export const maxBodyBytes = 4 * 1024 * 1024;

/** The body as JSON, null when there is none. What is too long is read and dropped: a client that still writes would not read our refusal. */
export async function readJson(request: IncomingMessage): Promise<unknown> {
  return parseJson(await readBody(request));
}

/** Null when there is none. */
export function parseJson(body: Buffer): unknown {
  if (body.length === 0) return null;
  try {
    return JSON.parse(body.toString()) as unknown;
  } catch (cause) {
    throw badRequest(`invalid JSON: ${(cause as Error).message.split('\n')[0]}`);
  }
}

/** At most 4 MiB. */
export function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) return void chunks.push(chunk);
      chunks.length = 0;
    });
    // Not before: an answer, and the end after it, would meet bytes on their way, and be lost to a reset.
    request.once('end', () => {
      if (size <= maxBodyBytes) resolve(Buffer.concat(chunks));
      else reject(badRequest(`request body is over ${maxBodyBytes / 1024 / 1024} MiB`));
    });
    request.once('error', reject);
  });
}
