import {createSocket} from 'node:dgram';
import {createServer} from 'node:http';
import {createServer as createTcpServer} from 'node:net';
import {parseArgs} from 'node:util';

/**
 * `lab-serve` in a lab: servers to ask, without any tool on the machine. A program of its own: labs start many of them, and
 * all of tnet takes five times as long to read.
 */
function serve(args: readonly string[]): void {
  const {values, positionals} = parseArgs({args: [...args], options: {host: {type: 'string'}}, allowPositionals: true});
  const [proto = '', port, ...text] = positionals;
  const start = servers[proto as keyof typeof servers];
  if (start === undefined) throw new RangeError(`lab-serve: no server "${proto}": want http, tcp or udp`);
  start({port: Number(port), text: text.join(' ') || 'hello', host: values.host ?? '0.0.0.0'});
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

serve(process.argv.slice(2));
