import {createServer, type Socket} from 'node:net';
import type {Fd} from '../../kernel/native.ts';
import {takeFrame, toFrame} from './frames.ts';
import type {Respond} from './responder.ts';
import {maxQueryBytes} from './wire.ts';

export interface ServeTcpOptions {
  readonly respond: Respond;
  readonly maxConnections: number;
  /** Without a byte in either direction for so long, a connection is closed. */
  readonly idleMs: number;
  readonly onError: (error: unknown) => void;
}

/** Queries of one connection answered in one turn of the event loop, which is the daemon's; as libuv does with UDP. */
const queriesPerTurn = 32;

/** Answers on a listening socket, which is ours from now on. The function returned closes it with its connections. */
export function serveTcp(fd: Fd, options: ServeTcpOptions): () => void {
  const connections = new Set<Socket>();
  const server = createServer({allowHalfOpen: true}, socket => {
    connections.add(socket);
    socket.once('close', () => connections.delete(socket));
    serveConnection(socket, options);
  });
  server.maxConnections = options.maxConnections;
  server.on('error', options.onError);
  server.listen({fd});
  server.unref();
  return () => {
    server.close();
    for (const socket of connections) socket.destroy();
  };
}

/** Queries may come several at once and be answered in any order (RFC 7766 §6.2.1.1). A client that does not read is not read. */
function serveConnection(socket: Socket, {respond, idleMs}: ServeTcpOptions): void {
  let received: Buffer = Buffer.alloc(0);
  let pending = 0;
  let ended = false;

  const send = (response: Buffer): void => {
    pending--;
    if (socket.destroyed) return;
    socket.write(toFrame(response));
    finish();
  };
  const finish = (): void => {
    if (ended && pending === 0) socket.end();
  };
  /** Null when nothing whole is there. */
  const next = (): Buffer | null => {
    const frame = takeFrame(received, maxQueryBytes);
    if (frame === null) return null;
    received = frame.rest;
    return frame.message;
  };
  const pump = (): void => {
    for (let i = 0; i < queriesPerTurn && !socket.destroyed && !socket.writableNeedDrain; i++) {
      const message = next();
      if (message === null) return void socket.resume();
      pending++;
      respond(message, 'tcp', send);
    }
    socket.pause();
    if (!socket.writableNeedDrain) setImmediate(guardedPump);
  };
  /** What is no DNS ends the connection. */
  const guardedPump = (): void => {
    try {
      if (!socket.destroyed) pump();
    } catch {
      socket.destroy();
    }
  };

  socket.setTimeout(idleMs, () => socket.destroy());
  socket.on('error', () => socket.destroy());
  socket.on('drain', guardedPump);
  socket.on('data', chunk => {
    received = received.length === 0 ? chunk : Buffer.concat([received, chunk]);
    guardedPump();
  });
  socket.on('end', () => {
    ended = true;
    finish();
  });
  socket.unref();
}
