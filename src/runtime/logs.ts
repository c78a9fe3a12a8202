import {type FSWatcher, watch} from 'node:fs';
import {type FileHandle, open} from 'node:fs/promises';
import type {LogLine, LogOptions} from './engine.ts';

/** What of a container's log is asked for, and until when. */
export interface LogSource {
  readonly path: string;
  /** Resolves when nothing more will be written. */
  readonly finished: Promise<unknown>;
}

const chunkBytes = 64 * 1024;

/**
 * Lines of a json-file log, oldest first. With `follow` it goes on until the container has ended, or the reader returns:
 * a generator that waits would take that in only after the next line. A missing file is an empty log.
 */
export function readLogs(source: LogSource, options: LogOptions): AsyncIterableIterator<LogLine> {
  let stop = (): void => {};
  const stopped = new Promise<void>(resolve => (stop = resolve));
  const lines = generateLines({...source, finished: Promise.race([source.finished, stopped])}, options);
  return {
    next: () => lines.next(),
    return() {
      stop();
      return lines.return(undefined);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

async function* generateLines(source: LogSource, options: LogOptions): AsyncGenerator<LogLine, undefined> {
  const file = await open(source.path).catch(() => null);
  if (file === null) return;
  try {
    const start = options.tail === null ? 0 : await tailOffset(file, options);
    for await (const text of readLines(file, start, options.follow ? source : null)) {
      const line = parseLine(text);
      if (line && options[line.stream]) yield line;
    }
  } finally {
    await file.close();
  }
}

/** Complete lines from `start`; with a source to follow, waits for more at the end of the file. */
async function* readLines(file: FileHandle, start: number, follow: LogSource | null): AsyncGenerator<string> {
  const changes = follow === null ? null : watchFile(follow);
  let offset = start;
  let rest = Buffer.alloc(0);
  try {
    for (;;) {
      const ended = changes?.ended() ?? true;
      const {bytesRead, buffer} = await file.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, offset);
      offset += bytesRead;
      rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
      for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
        yield rest.toString('utf8', 0, end);
        rest = rest.subarray(end + 1);
      }
      if (bytesRead > 0) continue;
      if (ended) return;
      await changes?.next();
    }
  } finally {
    changes?.close();
  }
}

/** `next()` resolves at the next write, or when the container has ended; a write before the call counts. */
function watchFile({path, finished}: LogSource): {next(): Promise<void>; ended(): boolean; close(): void} {
  let ended = false;
  let dirty = false;
  let wake = (): void => {};
  const touch = (): void => {
    dirty = true;
    wake();
  };
  const watcher: FSWatcher = watch(path, {persistent: false}, touch);
  void finished.finally(() => {
    ended = true;
    touch();
  });
  return {
    async next() {
      if (!dirty) await new Promise<void>(resolve => (wake = resolve));
      dirty = false;
    },
    ended: () => ended,
    close: () => watcher.close(),
  };
}

/** Where the last `tail` lines of the wanted streams begin, read backwards in chunks. */
async function tailOffset(file: FileHandle, {tail, stdout, stderr}: LogOptions): Promise<number> {
  const {size} = await file.stat();
  let wanted = tail ?? 0;
  let end = size;
  let later = Buffer.alloc(0);
  if (wanted === 0) return size;
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const {buffer} = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const block = Buffer.concat([buffer, later]);
    const first = start === 0 ? 0 : block.indexOf(10) + 1;
    for (let close = block.length - 1; close >= first; ) {
      const open = block.lastIndexOf(10, close - 1) + 1;
      const line = parseLine(block.toString('utf8', open, close));
      if (line && (line.stream === 'stdout' ? stdout : stderr) && --wanted === 0) return start + open;
      close = open - 1;
    }
    later = block.subarray(0, first);
    end = start;
  }
  return 0;
}

function parseLine(text: string): LogLine | null {
  try {
    const {log, stream, time} = JSON.parse(text) as {log: string; stream: LogLine['stream']; time: string};
    return {text: log, stream, time};
  } catch {
    return null; // a torn line after a crash or a full disk
  }
}
