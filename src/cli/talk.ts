import {once} from 'node:events';
import type {Duplex} from 'node:stream';
import {createDetachFilter, parseDetachKeys} from '../api/detach-keys.ts';
import type {Io, Output} from './context.ts';
import {copyOutput} from './copy-output.ts';
import {enterRawMode, followSize, type Size} from './terminal.ts';

export interface Talk {
  readonly io: Io;
  /** The process has a terminal. */
  readonly tty: boolean;
  /** Our input goes to it. */
  readonly stdin: boolean;
  /** As typed; undefined is the default. */
  readonly detachKeys?: string | undefined;
  readonly resize: (size: Size) => void;
}

/** Joins our streams with a process's until its output ends, or the detach keys are typed. */
export async function talk(streams: Duplex, {io, tty, stdin, detachKeys, resize}: Talk): Promise<'ended' | 'detached'> {
  streams.on('error', () => {}); // its end says the same
  const keys = parseDetachKeys(detachKeys ?? '');
  const restore = tty && stdin ? enterRawMode(io) : () => {};
  const unfollow = tty ? followSize(io, resize) : () => {};
  const typing = tty ? feedTyped(io, streams, keys) : feed(io, streams);
  try {
    if (!stdin) streams.end();
    const output = tty ? copyRaw(streams, io.stdout) : copyOutput(streams, io);
    const ended = output.then(
      () => 'ended' as const,
      () => 'ended' as const, // torn when the daemon goes; the exit tells which it was
    );
    return await (stdin ? Promise.race([ended, typing.begin()]) : ended);
  } finally {
    typing.end();
    unfollow();
    restore();
  }
}

interface Typing {
  /** Resolves when the user detaches. */
  begin(): Promise<'detached'>;
  end(): void;
}

function feed({stdin}: Io, streams: Duplex): Typing {
  return {
    begin() {
      stdin.pipe(streams);
      return new Promise(() => {});
    },
    end: () => void stdin.unpipe(streams),
  };
}

/** Not a pipe: what follows the detach keys is for our shell. */
function feedTyped({stdin}: Io, streams: Duplex, keys: readonly number[]): Typing {
  const filter = createDetachFilter(keys);
  let detach = (): void => {};
  const onData = (chunk: Buffer): void => {
    const {data, detached} = filter(chunk);
    if (data.length > 0) streams.write(data);
    if (!detached) return;
    streams.write(Buffer.from(keys)); // they are no input: the daemon takes them, and tells that we left
    detach();
  };
  const onEnd = (): void => void streams.end();
  return {
    begin() {
      stdin.on('data', onData).once('end', onEnd);
      return new Promise(resolve => (detach = () => resolve('detached')));
    },
    end() {
      stdin.off('data', onData).off('end', onEnd).pause();
    },
  };
}

async function copyRaw(streams: Duplex, output: Output): Promise<void> {
  for await (const chunk of streams) if (!output.write(chunk)) await once(output, 'drain');
}
