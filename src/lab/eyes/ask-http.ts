import {request} from 'node:http';
import {Socket} from 'node:net';
import type {HttpView, HttpWish} from '../check/eyes.ts';
import type {Standpoint} from './open-eyes.ts';

/** A GET from inside a namespace. Without an agent: that would connect from ours. What goes wrong is an answer too: `connection refused`, `no answer after 1000 ms`. */
export function askHttp({native, netnsFd}: Standpoint, {to, port, path, timeoutMs}: HttpWish): Promise<HttpView> {
  const {fd} = native.openSocket(
    {type: 'tcp', ip: to.includes(':') ? '::' : '0.0.0.0', port: 0, listen: false, dropAll: false},
    netnsFd,
  );
  const socket = new Socket({fd, manualStart: true} as ConstructorParameters<typeof Socket>[0]);
  return new Promise(resolve => {
    const end = (view: HttpView): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(view);
    };
    const timer = setTimeout(() => end({error: `no answer after ${timeoutMs} ms`}), timeoutMs);
    const asking = request({host: to, port, path, createConnection: () => socket.connect({port, host: to})}, answer => {
      const parts: Buffer[] = [];
      answer.on('data', (data: Buffer) => parts.push(data));
      answer.on('end', () => end({status: answer.statusCode ?? 0, body: Buffer.concat(parts).toString()}));
      answer.on('error', error => end({error: error.message}));
    });
    asking.on('error', (error: NodeJS.ErrnoException) => end({error: words[error.code ?? ''] ?? error.message}));
    asking.end();
  });
}

const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ECONNRESET: 'connection reset',
};
