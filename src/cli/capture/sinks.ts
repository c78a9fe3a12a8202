import {closeSync, openSync, writeSync} from 'node:fs';
import type {Context, Output} from '../context.ts';
import {formatPacket, printable, type SeenBy} from './packet-line.ts';
import type {Sink} from './receive.ts';

export type OpenSink = Sink & {close(): void};

/** To a file that is made or emptied, or to our standard output for `-`. */
export function writeTo(path: string, context: Context): OpenSink {
  const listening = announceOn(context);
  if (path === '-') return {write: chunk => writeAll(context.io.stdout, chunk), listening, close() {}};
  const fd = openSync(path, 'w');
  return {
    write(chunk) {
      for (let at = 0; at < chunk.length; ) at += writeSync(fd, chunk, at);
    },
    listening,
    close: () => closeSync(fd),
  };
}

/** One line a packet. Lines of one chunk go out together. */
export function printTo(context: Context): OpenSink {
  const seenBy: SeenBy[] = [];
  let lines = '';
  return {
    block(block) {
      if (block.kind === 'interface') seenBy.push(block);
      if (block.kind === 'packet') lines += `${formatPacket(block, seenBy[block.interfaceId])}\n`;
    },
    write() {
      const text = lines;
      lines = '';
      return writeAll(context.io.stdout, text);
    },
    listening: announceOn(context),
    close() {},
  };
}

/** Nobody has to guess when the capture has begun, and on what. */
function announceOn({io}: Context): Sink['listening'] {
  return (comment, interfaces) =>
    void io.stderr.write(`tnet: capturing ${comment} on ${interfaces.map(printable).join(', ')}\n`);
}

/** Also when it is closed: nobody will ever drain it. */
async function writeAll(output: Output, data: Uint8Array | string): Promise<void> {
  if (data.length === 0 || output.write(data)) return;
  await new Promise<void>(resolve => {
    const done = (): void => {
      output.off('drain', done).off('close', done);
      resolve();
    };
    output.on('drain', done).on('close', done);
  });
}
