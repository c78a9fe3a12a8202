import {closeSync, readSync} from 'node:fs';
import type {Fd, Native} from '../native.ts';
import {decodeIcmp, type IcmpMessage} from './icmp.ts';

const anyAddress = {4: '0.0.0.0', 6: '::'} as const;

export interface ListenSpec {
  readonly native: Pick<Native, 'openIcmp' | 'watch'>;
  readonly netnsFd: Fd | undefined;
  readonly family: 4 | 6;
}

/** Hears all ICMP of a namespace until the function returned is called. ICMP errors name who sent them and what about; an errno does not. */
export function listenIcmp(
  {native, netnsFd, family}: ListenSpec,
  onMessage: (message: IcmpMessage) => void,
): () => void {
  const fd = native.openIcmp(anyAddress[family], netnsFd);
  const buffer = Buffer.alloc(2048);
  const stop = native.watch(fd, () => {
    for (let size = read(fd, buffer); size > 0; size = read(fd, buffer)) {
      const message = decodeIcmp(buffer.subarray(0, size), family);
      if (message !== null) onMessage(message);
    }
  });
  return () => {
    stop();
    closeSync(fd);
  };
}

/** 0 when there is nothing more (EAGAIN). */
function read(fd: Fd, buffer: Buffer): number {
  try {
    return readSync(fd, buffer, 0, buffer.length, null);
  } catch {
    return 0;
  }
}
