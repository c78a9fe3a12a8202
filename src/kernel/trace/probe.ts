import {createSocket} from 'node:dgram';
import {closeSync, writeSync} from 'node:fs';
import {Socket} from 'node:net';
import type {Ip} from '../../model/ip.ts';
import type {Fd, Native} from '../native.ts';
import {encodeEchoRequest, type IcmpMessage} from './icmp.ts';
import {listenIcmp} from './icmp-listener.ts';

/** What the sender was told. */
export type Answer =
  | (Told & {readonly afterMs: number})
  | {readonly kind: 'silence'; readonly afterMs: number}
  /** It was not our packet. */
  | {readonly kind: 'unknown'};

type Told =
  | {readonly kind: 'answered'; readonly what: 'SYN-ACK' | 'datagram' | 'echo reply'}
  /** By the destination: nothing takes this packet there, or a rule rejects it. */
  | {readonly kind: 'refused'; readonly what: string; readonly from: Ip | null}
  /** Somebody on the way, or the kernel itself, says that it cannot be delivered. `what` is an ICMP message's or errno's name. */
  | {readonly kind: 'unreachable'; readonly what: string; readonly from: Ip | null};

export interface ProbeSpec {
  readonly native: Pick<Native, 'openSocket' | 'openIcmp' | 'openWholeIcmp' | 'watch'>;
  readonly netnsFd: Fd | undefined;
  readonly proto: 'tcp' | 'udp' | 'icmp';
  readonly family: 4 | 6;
  readonly to: Ip;
  /** Ignored for icmp. */
  readonly port: number;
  /** Bytes of the echo request from the IP header on; left out: few. The kernel asks routers not to fragment it. */
  readonly size?: number;
  /** It is not cut here either, where the kernel has learned that the path is narrower. */
  readonly whole?: true;
}

export interface Probe {
  /** Source port, or the identifier of the echo: by it the packet is known on its way. */
  readonly id: number;
  /** Bytes from the IP header on. */
  readonly l3Length: number;
  /** Sends the one packet, and resolves to what comes of it. Never rejects. */
  send(timeoutMs: number): Promise<Answer>;
  close(): void;
}

/** With grace, what is told meanwhile comes first. */
type Tell = (answer: Told, graceMs?: number) => void;

const anyAddress = {4: '0.0.0.0', 6: '::'} as const;
const ipHeader = {4: 20, 6: 40} as const;

/** A socket of the source's namespace that is about to send. */
export function openProbe(spec: ProbeSpec): Probe {
  const {native, netnsFd, family} = spec;
  const sender = senders[spec.proto](spec);
  let stop = (): void => {};
  return {
    id: sender.id,
    l3Length: ipHeader[family] + sender.length,
    send: timeoutMs =>
      new Promise(resolve => {
        const start = performance.now();
        const afterMs = (): number => performance.now() - start;
        const timer = setTimeout(() => resolve({kind: 'silence', afterMs: afterMs()}), timeoutMs);
        const tell: Tell = (answer, graceMs = 0) => {
          const told = {...answer, afterMs: afterMs()};
          clearTimeout(timer);
          if (graceMs === 0) resolve(told);
          else setTimeout(() => resolve(told), graceMs);
        };
        stop = listenIcmp({native, netnsFd, family}, message => hear(message, {...spec, id: sender.id}, tell));
        sender.send(tell);
      }),
    close() {
      stop();
      sender.close();
    },
  };
}

interface Sender {
  readonly id: number;
  /** Bytes from the transport header on. */
  readonly length: number;
  send(tell: Tell): void;
  close(): void;
}

const senders: Readonly<Record<ProbeSpec['proto'], (spec: ProbeSpec) => Sender>> = {tcp, udp, icmp};

/** A connection that ends in good order as soon as it stands: a reset would kill servers that handle no errors. With the usual options a SYN has 40 bytes. */
function tcp({native, netnsFd, family, to, port}: ProbeSpec): Sender {
  const bound = bind(native, {type: 'tcp', family}, netnsFd);
  const socket = new Socket({fd: bound.fd, manualStart: true} as ConstructorParameters<typeof Socket>[0]);
  return {
    id: bound.port,
    length: 40,
    send(tell) {
      socket.on('error', (error: NodeJS.ErrnoException) => tellFailure(tell, error, 'RST'));
      socket.connect({port, host: to}, () => {
        tell({kind: 'answered', what: 'SYN-ACK'});
        socket.resume().end();
      });
    },
    close: () => void socket.destroy(),
  };
}

const greeting = Buffer.from('tnet trace');

function udp({native, netnsFd, family, to, port}: ProbeSpec): Sender {
  const bound = bind(native, {type: 'udp', family}, netnsFd);
  const socket = createSocket(family === 4 ? 'udp4' : 'udp6');
  // A length that few others have, so that the packet is known among them.
  const payload = Buffer.concat([greeting, Buffer.alloc(bound.port % 64)]);
  socket.on('error', () => {});
  const ready = new Promise<void>(resolve => socket.bind({fd: bound.fd}, resolve));
  return {
    id: bound.port,
    length: 8 + payload.length,
    async send(tell) {
      await ready;
      const failed = (error: NodeJS.ErrnoException | null): void => {
        if (error) tellFailure(tell, error, 'port unreachable');
      };
      socket.on('error', failed);
      socket.on('message', () => tell({kind: 'answered', what: 'datagram'}));
      socket.connect(port, to, ((error?: NodeJS.ErrnoException) => {
        if (error) failed(error);
        else socket.send(payload, failed);
      }) as () => void);
    },
    close: () => void socket.close(),
  };
}

function icmp({native, netnsFd, family, to, size, whole}: ProbeSpec): Sender {
  const id = 1 + Math.floor(Math.random() * 0xfffe);
  const length = size === undefined ? 16 + (id % 64) : size - ipHeader[family];
  let fd: Fd | null = null;
  return {
    id,
    length,
    send(tell) {
      try {
        const open = whole ? native.openWholeIcmp : native.openIcmp;
        fd = open(to, netnsFd); // connects: without a route it fails
        writeSync(fd, encodeEchoRequest(family, id, length));
      } catch (error) {
        tellFailure(tell, error as NodeJS.ErrnoException, 'refused');
      }
    },
    close() {
      if (fd !== null) closeSync(fd);
    },
  };
}

function bind(
  native: ProbeSpec['native'],
  {type, family}: {readonly type: 'tcp' | 'udp'; readonly family: 4 | 6},
  netnsFd: Fd | undefined,
): {fd: Fd; port: number} {
  return native.openSocket({type, ip: anyAddress[family], port: 0, listen: false, dropAll: false}, netnsFd);
}

/**
 * ECONNREFUSED comes of a RST and of ICMP's "port unreachable"; the rest is somebody's on the way, or our own kernel's
 * (EPERM: an output rule). The ICMP message that an errno comes of tells more, and may be heard a moment later.
 */
function tellFailure(tell: Tell, {code = 'error'}: NodeJS.ErrnoException, refusal: string): void {
  const refused = code === 'ECONNREFUSED';
  tell({kind: refused ? 'refused' : 'unreachable', what: refused ? refusal : code, from: null}, 2);
}

function hear(message: IcmpMessage, {proto, id}: ProbeSpec & {readonly id: number}, tell: Tell): void {
  if (message.kind === 'echo reply') {
    if (proto === 'icmp' && message.id === id) tell({kind: 'answered', what: 'echo reply'});
    return;
  }
  const {about, what, from} = message;
  if ((about.sport ?? about.echoId) !== id) return;
  tell({kind: what === 'port unreachable' ? 'refused' : 'unreachable', what, from});
}
