import {createServer, Socket} from 'node:net';
import type {Native} from '../../kernel/native.ts';
import {type Ip, ipFamily} from '../../model/ip.ts';

export interface BandwidthSpec {
  readonly native: Native;
  readonly senderFd: number;
  readonly receiverFd: number;
  readonly address: Ip;
  readonly durationMs: number;
}

/** A token bucket's first burst passes at once, and TCP begins slowly: both are over by then. */
const warmUpMs = 150;
/** Fast enough: an unlimited link would keep the whole process busy. */
const enoughBytes = 32 << 20;
/** For the connection, and for what is stuck on the way. */
const patienceMs = 1000;

/** Bits a second that one TCP connection carries from namespace to namespace; null when next to nothing arrived. */
export function measureBandwidth({
  native,
  senderFd,
  receiverFd,
  address,
  durationMs,
}: BandwidthSpec): Promise<number | null> {
  const ip = ipFamily(address) === 6 ? '::' : '0.0.0.0';
  const {fd, port} = native.openSocket({type: 'tcp', ip, port: 0, listen: true, dropAll: false}, receiverFd);
  const out = native.openSocket({type: 'tcp', ip, port: 0, listen: false, dropAll: false}, senderFd);
  const sender = new Socket({fd: out.fd, manualStart: true} as ConstructorParameters<typeof Socket>[0]);
  const receivers: Socket[] = [];
  return new Promise(resolve => {
    const server = createServer(receiver => {
      receivers.push(receiver);
      receiver.on('error', () => {});
      receiver.on('data', data => note(data.length));
    });
    const meter = createMeter(durationMs);
    const end = (): void => {
      clearTimeout(timer);
      sender.destroy();
      for (const receiver of receivers) receiver.destroy(); // a lab that ends now delivers no FIN to it
      server.close();
      resolve(meter.rate());
    };
    const note = (bytes: number): void => {
      if (meter.note(bytes)) end();
    };
    const timer = setTimeout(end, warmUpMs + durationMs + patienceMs);
    server.on('error', end).listen({fd});
    sender
      .on('error', end)
      .on('drain', () => push(sender))
      .connect({port, host: address}, () => push(sender));
  });
}

const chunk = Buffer.alloc(1 << 16);

function push(sender: Socket): void {
  while (!sender.destroyed && sender.write(chunk));
}

interface Meter {
  /** True when enough is known. */
  note(bytes: number): boolean;
  rate(): number | null;
}

function createMeter(durationMs: number): Meter {
  let [first, begin, now, bytes, total] = [0, 0, 0, 0, 0];
  return {
    note(more) {
      now = performance.now();
      first ||= now;
      total += more;
      if (now - first < warmUpMs && total < enoughBytes) return false;
      if (begin === 0) begin = now;
      else bytes += more;
      return now - begin >= durationMs || bytes >= enoughBytes;
    },
    rate: () => (bytes === 0 || now === begin ? null : (bytes * 8000) / (now - begin)),
  };
}
