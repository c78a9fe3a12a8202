import {createServer as createHttpServer, type IncomingMessage, type Server, type ServerResponse} from 'node:http';
import type {Duplex} from 'node:stream';
import {apiVersion, tnetVersion} from '../api/version.ts';
import {type Answerer, createAnswerer} from './answerer.ts';
import {describeFailure} from './failure.ts';
import {answerUpgrade} from './hijack.ts';
import type {Logger} from './logger.ts';
import type {ServerParts} from './parts.ts';
import {sendReply} from './reply.ts';

export interface ApiServer {
  /** Only root, and whom root gives the socket's group, may connect: the API is as powerful as root. */
  listen(socketPath: string): Promise<void>;
  /** Lets short requests finish, cuts those that follow something. */
  close(): Promise<void>;
}

const graceMs = 5000;

/** Docker's clients take the API version and the builder from here; without `Builder-Version: 1` they want buildx. */
const headers = Object.entries({
  'api-version': apiVersion,
  'docker-experimental': 'false',
  'builder-version': '1',
  ostype: 'linux',
  server: `tnet/${tnetVersion} (linux)`,
});

type Connection = ServerResponse | Duplex;

export function createServer(parts: ServerParts): ApiServer {
  const answerer = createAnswerer(parts);
  const live = new Set<Connection>();
  const keep = (connection: Connection): void => {
    live.add(connection);
    connection.once('close', () => live.delete(connection));
  };
  const server = createHttpServer((request, response) => {
    // Who asked for the end is answered after close() has looked for idle connections, and would be kept for seconds.
    response.once('close', () => server.listening || server.closeIdleConnections());
    void respond({request, response, answerer, keep, log: parts.log});
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    keep(socket);
    void answerUpgrade({request, socket, head}, body => answerer.hijack(request, body));
  });
  return {
    async listen(socketPath) {
      const listening = new Promise<void>((resolve, reject) => server.once('error', reject).once('listening', resolve));
      // Born with its mode, 0660: with a chmod after it, there is a moment for others to connect, or to take it away.
      const umask = process.umask(0o117);
      try {
        server.listen(socketPath);
      } finally {
        process.umask(umask);
      }
      await listening;
    },
    close: () => close(server, live),
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly answerer: Answerer;
  readonly keep: (connection: Connection) => void;
  readonly log: Logger;
}

async function respond({request, response, answerer, keep, log}: Exchange): Promise<void> {
  for (const [name, value] of headers) response.setHeader(name, value);
  try {
    const reply = await answerer.answer(request);
    if (reply.kind === 'stream') keep(response);
    await sendReply(response, reply);
  } catch (error) {
    const {status, body, bug} = describeFailure(error);
    if (bug) log.error(`${request.method} ${request.url}`, error);
    else if (status >= 500) log.warn(`${request.method} ${request.url}: ${body.message}`);
    if (response.headersSent) return void response.destroy();
    if (!request.complete) response.setHeader('connection', 'close');
    await sendReply(response, status === 304 ? {kind: 'empty', status} : {kind: 'json', status, body});
  }
}

async function close(server: Server, live: ReadonlySet<Connection>): Promise<void> {
  const closed = new Promise(resolve => server.close(resolve));
  for (const connection of live) connection.destroy();
  const timer = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(timer);
}
