import {demultiplex} from '../api/stdcopy.ts';
import type {Io, Output} from './context.ts';

/** Writes a multiplexed stream to our stdout and stderr, no faster than they take it. */
export async function copyOutput(chunks: AsyncIterable<Uint8Array>, io: Pick<Io, 'stdout' | 'stderr'>): Promise<void> {
  for await (const {stream, payload} of demultiplex(chunks))
    await write(stream === 'stderr' ? io.stderr : io.stdout, payload);
}

/** Until it is out: what waits in our memory when the process ends is lost. */
async function write(output: Output, payload: Buffer): Promise<void> {
  await new Promise(resolve => output.write(payload, resolve));
}
