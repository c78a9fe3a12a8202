import {createSocket} from 'node:dgram';
import {createServer} from 'node:http';
import {createServer as createTcpServer} from 'node:net';
import type {Command} from 'commander';
import type {Context} from '../context.ts';

/** `lab-serve` in a lab: servers to ask, without any tool on the machine. */
export function registerServe(lab: Command, _context: Context): void {
  lab
    .command('serve', {hidden: true})
    .argument('<proto>', 'http, tcp or udp')
    .argument('<port>')
    .argument('[text...]', 'what it answers')
    .option('--host <address>', 'only on this address')
    .action((proto: string, port: string, text: readonly string[], {host}: {host?: string}) => {
      const serve = servers[proto as keyof typeof servers];
      if (serve === undefined) throw new RangeError(`no server "${proto}": want http, tcp or udp`);
      serve({port: Number(port), text: text.join(' ') || 'hello', host: host ?? '0.0.0.0'});
      return new Promise(() => {});
    });
}

interface ServeSpec {
  readonly port: number;
  readonly text: string;
  readonly host: string;
}

const servers = {
  /** `/bytes/N` is N bytes long; everything else says the text and who asked. */
  http: ({port, text, host}: ServeSpec) =>
    createServer((request, response) => {
      const [, bytes] = /^\/bytes\/(\d+)$/.exec(request.url ?? '') ?? [];
      response.end(
        bytes === undefined
          ? `${text}\nclient ${request.socket.remoteAddress}\n`
          : 'x'.repeat(Math.min(Number(bytes), 1 << 24)),
      );
    }).listen(port, host),
  tcp: ({port, text, host}: ServeSpec) =>
    createTcpServer(socket => {
      socket.on('error', () => {});
      socket.end(`${text}\nclient ${socket.remoteAddress}\n`);
    }).listen(port, host),
  udp: ({port, text, host}: ServeSpec) => {
    const socket = createSocket('udp4');
    socket.on('message', (_, from) => socket.send(`${text}\nclient ${from.address}\n`, from.port, from.address));
    socket.bind(port, host);
  },
} as const;
