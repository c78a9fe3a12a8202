import {randomInt} from 'node:crypto';
import {createSocket, type Socket as UdpSocket} from 'node:dgram';
import {Socket as TcpSocket} from 'node:net';
import type {Fd, Native} from '../../kernel/native.ts';
import {ipFamily} from '../../model/ip.ts';
import {rcodes} from './answer.ts';
import {takeFrame, toFrame} from './frames.ts';
import type {Proto} from './responder.ts';
import {maxUpstreams, type Upstream} from './upstream.ts';
import {isAnswerTo, maxTcpBytes, type Query, rcodeOf, withId} from './wire.ts';

export interface Forwarder {
  /** The first upstream's response that is neither SERVFAIL nor REFUSED; null when there is none. Never rejects. */
  forward(query: Query, proto: Proto): Promise<Buffer | null>;
  /** Gives up what is in flight: its sockets would keep the namespace alive. */
  close(): void;
}

export interface ForwarderSpec {
  readonly native: Pick<Native, 'openSocket'>;
  /** Of the sandbox; stays the caller's. */
  readonly netnsFd: Fd;
  readonly upstreams: readonly Upstream[];
  /** For each upstream. */
  readonly timeoutMs: number;
}

/** One question to one upstream. */
interface Ask {
  readonly spec: ForwarderSpec;
  readonly upstream: Upstream;
  readonly sent: Buffer;
  readonly questionEnd: number;
}

type Settle = {readonly resolve: (response: Buffer) => void; readonly reject: (error: Error) => void};
type Close = () => void;

const port = 53;

export function createForwarder(spec: ForwarderSpec): Forwarder {
  const flying = new Set<Close>();
  let closed = false;
  const ask = async (upstream: Upstream, query: Query, proto: Proto): Promise<Buffer | null> => {
    const sent = withId(query, randomInt(0x1_0000));
    const asked = {spec, upstream, sent, questionEnd: query.questionEnd};
    try {
      const response = await within(spec.timeoutMs, flying, settle =>
        (proto === 'udp' ? askUdp : askTcp)(asked, settle),
      );
      const rcode = rcodeOf(response);
      return rcode === rcodes.SERVFAIL || rcode === rcodes.REFUSED ? null : response;
    } catch {
      return null; // unreachable, refused, late: the next one
    }
  };
  return {
    async forward(query, proto) {
      for (const upstream of spec.upstreams.slice(0, maxUpstreams)) {
        const response = closed ? null : await ask(upstream, query, proto);
        if (response !== null) return response;
      }
      return null;
    },
    close() {
      closed = true;
      for (const stop of [...flying]) stop();
    },
  };
}

/** Runs one ask, which returns how to close its socket, until it settles, `timeoutMs` are over, or `flying` is stopped. */
function within(timeoutMs: number, flying: Set<Close>, start: (settle: Settle) => Close): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    let over = false;
    let close: Close = () => undefined;
    const settle = (tell: () => void): void => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      flying.delete(stop);
      close();
      tell();
    };
    const fail = (error: Error): void => settle(() => reject(error));
    const stop = (): void => fail(new Error('given up'));
    const timer = setTimeout(stop, timeoutMs);
    flying.add(stop);
    try {
      close = start({resolve: response => settle(() => resolve(response)), reject: fail});
    } catch (error) {
      fail(error as Error);
    }
  });
}

/**
 * A socket of its own for each question: the kernel chooses its port at random, and connected it takes packets from the
 * upstream's address and port alone. What does not answer the question is passed over, not taken for a failure.
 */
function askUdp({spec, upstream, sent, questionEnd}: Ask, {resolve, reject}: Settle): Close {
  const socket = createSocket({
    type: ipFamily(upstream.ip) === 4 ? 'udp4' : 'udp6',
    lookup: (_name, _options, callback) => callback(null, upstream.ip, ipFamily(upstream.ip)),
  });
  socket.on('error', reject);
  socket.on('message', response => {
    if (isAnswerTo(sent, questionEnd, response)) resolve(response);
  });
  socket.on('connect', () => socket.send(sent));
  const close = (): void => void socket.close();
  try {
    if (upstream.from === 'sandbox') bindInSandbox(socket, spec, upstream);
    socket.connect(port, upstream.ip);
    return close;
  } catch (error) {
    close();
    throw error;
  }
}

function bindInSandbox(socket: UdpSocket, spec: ForwarderSpec, upstream: Upstream): void {
  socket.bind({fd: openInSandbox(spec, upstream, 'udp')});
}

/** A client that came by TCP may get an answer that UDP has no room for. */
function askTcp({spec, upstream, sent, questionEnd}: Ask, {resolve, reject}: Settle): Close {
  // net.Socket connects an fd that is bound and not yet connected, as it would one of its own.
  const socket = new TcpSocket(upstream.from === 'sandbox' ? {fd: openInSandbox(spec, upstream, 'tcp')} : {});
  let received = Buffer.alloc(0);
  socket.on('error', reject);
  socket.on('close', () => reject(new Error('closed without an answer')));
  socket.on('data', chunk => {
    received = Buffer.concat([received, chunk as Buffer]);
    try {
      const frame = takeFrame(received, maxTcpBytes);
      if (frame === null) return;
      if (isAnswerTo(sent, questionEnd, frame.message)) resolve(frame.message);
      else reject(new Error('another answer'));
    } catch (error) {
      reject(error as Error);
    }
  });
  socket.connect({port, host: upstream.ip}, () => socket.write(toFrame(sent)));
  return () => void socket.destroy();
}

function openInSandbox({native, netnsFd}: ForwarderSpec, {ip}: Upstream, type: Proto): Fd {
  const any = ipFamily(ip) === 4 ? '0.0.0.0' : '::';
  return native.openSocket({type, ip: any, port: 0, listen: false, dropAll: false}, netnsFd).fd;
}
