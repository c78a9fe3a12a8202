import {type Duplex, Readable, Transform} from 'node:stream';
import {createDetachFilter} from '../api/detach-keys.ts';
import {demultiplex, encodeFrame} from '../api/stdcopy.ts';
import type {Hijacked} from './route.ts';

/**
 * Joins a client's socket with a container's streams until the container's output ends. A client that has no more
 * input closes its half only: output goes on. A client that leaves altogether, or types the detach keys, detaches.
 */
export function joinStreams(socket: Duplex, hijacked: Hijacked): void {
  const {stream, stdin, endsStdin} = hijacked;
  const output = selectOutput(hijacked);
  for (const source of new Set([stream, output])) source.on('error', () => socket.destroy());
  socket.once('close', () => {
    if (!stdin || !endsStdin || stream.destroyed) return void stream.destroy();
    stream.end(() => stream.destroy()); // what it had written is written first
  });
  const detach = (): void => {
    socket.end();
    hijacked.onDetach();
  };
  output.pipe(socket);
  if (!stdin) socket.resume();
  else if (hijacked.detachKeys === null) socket.pipe(stream, {end: endsStdin});
  else socket.pipe(withoutDetachKeys(hijacked.detachKeys, detach)).pipe(stream, {end: endsStdin});
}

function withoutDetachKeys(keys: readonly number[], onDetach: () => void): Transform {
  const filter = createDetachFilter(keys);
  let open = true;
  return new Transform({
    transform(chunk: Buffer, _encoding, done) {
      const {data, detached} = open ? filter(chunk) : {data: Buffer.alloc(0), detached: false};
      if (detached) {
        open = false;
        onDetach();
      }
      done(null, data);
    },
  });
}

/** Frames as they come, those that were asked for; of a terminal what is in them. */
function selectOutput({stream, stdout, stderr, tty, before}: Hijacked): Readable {
  if (stdout && stderr && !tty && before === undefined) return stream;
  return Readable.from(selectFrames(before === undefined ? [stream] : [before, stream], {stdout, stderr, tty}));
}

async function* selectFrames(
  sources: readonly AsyncIterable<Buffer>[],
  {tty, ...wanted}: {stdout: boolean; stderr: boolean; tty: boolean},
): AsyncGenerator<Buffer> {
  for (const source of sources) {
    for await (const frame of demultiplex(source)) {
      if (frame.stream === 'stdin' || !wanted[frame.stream]) continue;
      yield tty ? frame.payload : encodeFrame(frame.stream, frame.payload);
    }
  }
}
