import {createSocket, type Socket} from 'node:dgram';
import {closeSync, openSync} from 'node:fs';
import {setTimeout as sleep} from 'node:timers/promises';
import {loadNative} from '../../../src/kernel/native.ts';

/** Where a socket stands: a lab's node. */
export interface Standpoint {
  /** Path of its network namespace. */
  readonly netns: string;
  readonly address: string;
}

export interface Received {
  /** What arrived, in the order of arrival. */
  readonly numbers: readonly number[];
  /** From sending to arrival, of what arrived. */
  readonly delaysMs: readonly number[];
}

const settleMs = 300;

/**
 * Sends numbered datagrams of `bytes` from node to node, some at a time, and waits until `wanted` have arrived or, after the last, nothing
 * more comes for 300 ms.
 */
export async function sendNumbered(
  from: Standpoint,
  to: Standpoint,
  {count, bytes = 64, wanted = Number.POSITIVE_INFINITY}: {count: number; bytes?: number; wanted?: number},
): Promise<Received> {
  const [receiver, port] = await bind(to);
  const [sender] = await bind(from);
  const [numbers, delaysMs, sent]: number[][] = [[], [], []];
  let last = performance.now();
  receiver.on('message', message => {
    last = performance.now();
    const number = message.readUInt32BE();
    numbers!.push(number);
    delaysMs!.push(last - sent![number]!);
  });
  for (let i = 0; i < count; i++) {
    const data = Buffer.alloc(bytes);
    data.writeUInt32BE(i);
    sent![i] = performance.now();
    await new Promise<void>(resolve => sender.send(data, port, to.address, () => resolve()));
    if (i % 8 === 7) await sleep(1);
  }
  last = performance.now();
  while (performance.now() - last < settleMs && numbers!.length < wanted) await sleep(5);
  for (const socket of [receiver, sender]) socket.close();
  return {numbers: numbers!, delaysMs: delaysMs!};
}

async function bind({netns}: Standpoint): Promise<[Socket, number]> {
  const netnsFd = openSync(netns, 'r');
  try {
    const {fd, port} = loadNative().openSocket(
      {type: 'udp', ip: '0.0.0.0', port: 0, listen: false, dropAll: false},
      netnsFd,
    );
    const socket = createSocket('udp4');
    await new Promise<void>(resolve => socket.bind({fd}, resolve));
    return [socket, port];
  } finally {
    closeSync(netnsFd);
  }
}
