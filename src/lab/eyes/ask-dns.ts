import {createSocket} from 'node:dgram';
import {Socket} from 'node:net';
import {decode, encode, type Packet} from 'dns-packet';
import type {DnsView, DnsWish} from '../check/eyes.ts';
import type {Standpoint} from './open-eyes.ts';

/** One question from inside a namespace. */
export function askDns(standpoint: Standpoint, wish: DnsWish): Promise<DnsView> {
  const query = encode({
    type: 'query',
    id: 1 + Math.floor(Math.random() * 0xfffe),
    flags: 0x100,
    questions: [{type: wish.type, name: wish.name}],
  });
  return new Promise(resolve => {
    const end = (view: DnsView): void => {
      clearTimeout(timer);
      close();
      resolve(view);
    };
    const timer = setTimeout(() => end({error: `no answer after ${wish.timeoutMs} ms`}), wish.timeoutMs);
    const close = (wish.over === 'udp' ? overUdp : overTcp)(standpoint, {...wish, query}, end);
  });
}

type Question = DnsWish & {readonly query: Buffer};

function overUdp({native, netnsFd}: Standpoint, {server, query}: Question, end: (view: DnsView) => void): () => void {
  const ip = server.includes(':') ? '::' : '0.0.0.0';
  const {fd} = native.openSocket({type: 'udp', ip, port: 0, listen: false, dropAll: false}, netnsFd);
  const socket = createSocket(ip === '::' ? 'udp6' : 'udp4');
  socket.on('error', error => end({error: error.message}));
  socket.on('message', message => end(viewOf(message)));
  socket.bind({fd}, () =>
    socket.connect(53, server, ((error?: Error) => {
      if (error) end({error: error.message});
      else socket.send(query);
    }) as () => void),
  );
  return () => void socket.close();
}

/** RFC 1035 4.2.2: two bytes of length before each message. */
function overTcp({native, netnsFd}: Standpoint, {server, query}: Question, end: (view: DnsView) => void): () => void {
  const ip = server.includes(':') ? '::' : '0.0.0.0';
  const {fd} = native.openSocket({type: 'tcp', ip, port: 0, listen: false, dropAll: false}, netnsFd);
  const socket = new Socket({fd, manualStart: true} as ConstructorParameters<typeof Socket>[0]);
  let received = Buffer.alloc(0);
  socket.on('error', error => end({error: error.message}));
  socket.on('data', (data: Buffer) => {
    received = Buffer.concat([received, data]);
    if (received.length >= 2 && received.length >= 2 + received.readUInt16BE()) end(viewOf(received.subarray(2)));
  });
  socket.connect({port: 53, host: server}, () => {
    const length = Buffer.alloc(2);
    length.writeUInt16BE(query.length);
    socket.resume().write(Buffer.concat([length, query]));
  });
  return () => void socket.destroy();
}

function viewOf(message: Buffer): DnsView {
  const {rcode, answers = []} = decode(message) as Packet & {readonly rcode?: string};
  return {
    rcode: rcode ?? 'NOERROR',
    answers: answers.flatMap(answer => ('data' in answer && typeof answer.data === 'string' ? [answer.data] : [])),
  };
}
