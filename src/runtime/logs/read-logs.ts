import {dirname} from 'node:path';
import {closeLogFiles, isRotated, type LogFile, openLogFiles} from './log-files.ts';
import {type LogLine, type LogOptions, parseLogLine, timeNs} from './log-line.ts';
import {findTail, type LogPosition} from './tail.ts';
import {type Changes, watchFolder} from './watch-folder.ts';

/** What of a container's log is asked for, and until when. */
export interface LogSource {
  /** Of the file that is written; the older ones are beside it. */
  readonly path: string;
  /** Resolves when nothing more will be written. */
  readonly finished: Promise<unknown>;
}

const chunkBytes = 64 * 1024;

/**
 * Lines of a json-file log, oldest first, over every file of it. With `follow` it goes on until the container has ended, or
 * the reader returns: a generator that waits would take that in only after the next line. A missing file is an empty log.
 */
export function readLogs(source: LogSource, options: LogOptions): AsyncIterableIterator<LogLine> {
  let stop = (): void => {};
  const stopped = new Promise<void>(resolve => (stop = resolve));
  const finished = Promise.race([source.finished, stopped]);
  const untilMs = options.untilNs === null ? null : Number(options.untilNs / 1_000_000n) - Date.now();
  // setTimeout takes 24.8 days; the first line beyond `until` ends it too.
  if (untilMs !== null && options.follow && untilMs < 2 ** 31) setTimeout(stop, Math.max(0, untilMs)).unref();
  const lines = generateLines({...source, finished}, options);
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
  const {sinceNs, untilNs} = options;
  for await (const text of readTexts(source, options)) {
    const line = parseLogLine(text);
    if (!line || !options[line.stream]) continue;
    if (sinceNs !== null && timeNs(line) < sinceNs) continue;
    if (untilNs !== null && timeNs(line) > untilNs) return;
    yield line;
  }
}

/** Complete lines as they stand in the files. */
async function* readTexts(source: LogSource, options: LogOptions): AsyncGenerator<string> {
  const changes = options.follow ? watchFolder(dirname(source.path), source.finished) : null;
  let files: readonly LogFile[] = [];
  try {
    files = await openLogFiles(source.path);
    if (files.length === 0) return;
    let {file, offset} = await beginning(files, options);
    for (;;) {
      const isLast = file === files.length - 1;
      yield* readFile(files[file]!, offset, isLast && changes ? {changes, path: source.path} : null);
      offset = 0;
      if (!isLast) file++;
      // While it is being written to, only a successor ends a file; between two renames there is none to be seen.
      else if (!changes || (changes.ended() && !(await isRotated(files[file]!, source.path)))) return;
      else [files, file] = await openNewer(files, source.path);
    }
  } finally {
    changes?.close();
    await closeLogFiles(files);
  }
}

async function beginning(files: readonly LogFile[], {tail, stdout, stderr}: LogOptions): Promise<LogPosition> {
  if (tail === null) return {file: 0, offset: 0};
  return findTail(files, tail, text => {
    const line = parseLogLine(text);
    return line !== null && (line.stream === 'stdout' ? stdout : stderr);
  });
}

/** The files again, and which of them follows the one that was read: the oldest when that is gone already. */
async function openNewer(read: readonly LogFile[], path: string): Promise<[readonly LogFile[], number]> {
  const files = await openLogFiles(path);
  const {inode} = read.at(-1)!;
  // Closed only now: an inode that is free could have been given to a newer file.
  await closeLogFiles(read);
  return [files, files.findIndex(file => file.inode === inode) + 1];
}

interface Follow {
  readonly changes: Changes;
  readonly path: string;
}

/** Complete lines from `start`; one that is followed is read until it has a successor, or its container has ended. */
async function* readFile(file: LogFile, start: number, follow: Follow | null): AsyncGenerator<string> {
  let offset = start;
  let rest = Buffer.alloc(0);
  for (;;) {
    // Before the read: what was written before either is read now.
    const over = follow === null || follow.changes.ended() || (await isRotated(file, follow.path));
    const {bytesRead, buffer} = await file.handle.read(Buffer.allocUnsafe(chunkBytes), 0, chunkBytes, offset);
    offset += bytesRead;
    rest = Buffer.concat([rest, buffer.subarray(0, bytesRead)]);
    for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
      yield rest.toString('utf8', 0, end);
      rest = rest.subarray(end + 1);
    }
    if (bytesRead > 0) continue;
    if (over) return;
    await follow?.changes.next();
  }
}
