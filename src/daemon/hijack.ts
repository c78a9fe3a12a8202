import type {IncomingMessage} from 'node:http';
import type {Duplex} from 'node:stream';
import {describeFailure} from './failure.ts';
import {joinStreams} from './join-streams.ts';
import type {Hijacked} from './route.ts';

const upgraded = [
  'HTTP/1.1 101 UPGRADED',
  'Content-Type: application/vnd.docker.multiplexed-stream',
  'Connection: Upgrade',
  'Upgrade: tcp',
  '\r\n',
].join('\r\n');

export interface Upgrade {
  readonly request: IncomingMessage;
  readonly socket: Duplex;
  /** What came after the header: the body first, which Node does not parse here, then the client's input. */
  readonly head: Buffer;
}

/** Answers an upgrade: 101 and the streams, or the error as Docker words it. */
export async function answerUpgrade({request, socket, head}: Upgrade, open: () => Promise<Hijacked>): Promise<void> {
  socket.on('error', () => {}); // the client may leave while the container is looked up
  try {
    const hijacked = await open();
    const input = head.subarray(Number(request.headers['content-length'] ?? 0));
    if (input.length > 0) socket.unshift(input);
    socket.write(upgraded);
    joinStreams(socket, hijacked);
  } catch (error) {
    refuseUpgrade(socket, error);
  }
}

function refuseUpgrade(socket: Duplex, error: unknown): void {
  const {status, body} = describeFailure(error);
  const text = `${JSON.stringify(body)}\n`;
  socket.end(
    `HTTP/1.1 ${status} Refused\r\nContent-Type: application/json\r\nContent-Length: ${Buffer.byteLength(text)}\r\nConnection: close\r\n\r\n${text}`,
  );
}
