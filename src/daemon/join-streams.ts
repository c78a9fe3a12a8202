import {type Duplex, Readable} from 'node:stream';
import {demultiplex, encodeFrame} from '../api/stdcopy.ts';
import type {Hijacked} from './route.ts';

/**
 * Joins a client's socket with a container's streams until the container's output ends. A client that has no more
 * input closes its half only: output goes on. A client that leaves altogether detaches.
 */
export function joinStreams(socket: Duplex, hijacked: Hijacked): void {
  const {stream, stdin} = hijacked;
  const output = selectOutput(hijacked);
  for (const source of new Set([stream, output])) source.on('error', () => socket.destroy());
  socket.once('close', () => stream.destroy());
  output.pipe(socket);
  if (stdin) socket.pipe(stream);
  else socket.resume();
}

function selectOutput({stream, stdout, stderr}: Hijacked): Readable {
  return stdout && stderr ? stream : Readable.from(selectFrames(stream, {stdout, stderr}));
}

async function* selectFrames(stream: Duplex, wanted: {stdout: boolean; stderr: boolean}): AsyncGenerator<Buffer> {
  for await (const frame of demultiplex(stream)) {
    if (frame.stream === 'stdin' || !wanted[frame.stream]) continue;
    yield encodeFrame(frame.stream, frame.payload);
  }
}
