import {once} from 'node:events';
import type {IncomingMessage} from 'node:http';
import type {Duplex} from 'node:stream';
import {badRequest, describeFailure} from './failure.ts';
import {joinStreams} from './join-streams.ts';
import {maxBodyBytes, parseJson} from './read-json.ts';
import {type Hijacked, mediaType} from './route.ts';

const upgraded = (type: string): string =>
  ['HTTP/1.1 101 UPGRADED', `Content-Type: ${type}`, 'Connection: Upgrade', 'Upgrade: tcp', '\r\n'].join('\r\n');

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the header: the body first, which Node does not parse here, then the client's input. */
  readonly head: Buffer;
}

/** Answers an upgrade: 101 and the streams, or the error as Docker words it. */
export async function answerUpgrade(
  {request, socket, head}: Upgrade,
  open: (body: unknown) => Promise<Hijacked>,
): Promise<void> {
  socket.on('error', () => {}); // the client may leave while the container is looked up
  try {
    const {body, input} = await takeBody({request, socket, head});
    const hijacked = await open(body);
    if (input.length > 0) socket.unshift(input);
    socket.write(upgraded(mediaType(hijacked.tty)));
    joinStreams(socket, hijacked);
  } catch (error) {
    refuseUpgrade(socket, error);
  }
}

async function takeBody({request, socket, head}: Upgrade): Promise<{body: unknown; input: Buffer}> {
  const length = Number(request.headers['content-length'] ?? 0);
  if (!(length <= maxBodyBytes)) throw badRequest('request body too large');
  let bytes = head;
  while (bytes.length < length) {
    const more = socket.read() as Buffer | null;
    if (more === null && socket.readableEnded) throw badRequest('request body ends early');
    if (more === null) await Promise.race([once(socket, 'readable'), once(socket, 'end'), once(socket, 'close')]);
    else bytes = Buffer.concat([bytes, more]);
  }
  return {body: parseJson(bytes.subarray(0, length)), input: bytes.subarray(length)};
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const {status, body} = describeFailure(error);
  const text = `${JSON.stringify(body)}\n`;
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
