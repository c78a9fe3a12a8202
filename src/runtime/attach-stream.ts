import {Duplex} from 'node:stream';
import type {ShimConnection} from './launch/shim-client.ts';

/** A client's view of a container's streams; it may exist before the container runs. */
export interface AttachStream {
  /** Readable: Docker's multiplexed frames, ends at exit. Writable: stdin, `end()` closes it. */
  readonly duplex: Duplex;
  /** Joins it to the process that runs now. It ends with it, and not before `known`. */
  connect(shim: ShimConnection, known?: Promise<unknown>): void;
  /** There will be no output (any more). */
  end(): void;
}

export function createAttachStream(): AttachStream {
  let shim: ShimConnection | null = null;
  let resume = (): void => {};
  const connected = new Promise<void>(resolve => (resume = resolve));
  const duplex = new Duplex({
    read: () => shim?.resume(),
    write: (chunk: Buffer, _encoding, done) =>
      void connected.then(() => (shim ? shim.writeStdin(chunk, done) : done())),
    final: done => void connected.then(() => (shim ? shim.endStdin(done) : done())),
    destroy: (error, done) => {
      shim?.close();
      done(error);
    },
  });
  const end = (): void => {
    resume();
    if (!duplex.readableEnded) duplex.push(null);
  };
  const connect: AttachStream['connect'] = (to, known = Promise.resolve()) => {
    if (duplex.destroyed) {
      to.close();
      return;
    }
    shim = to;
    to.subscribe(frame => {
      if (!duplex.push(frame)) to.pause();
    });
    void to.exited.then(() => known).finally(end);
    resume();
  };
  return {duplex, connect, end};
}
