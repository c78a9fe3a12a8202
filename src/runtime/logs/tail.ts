import type {FileHandle} from 'node:fs/promises';
import type {LogFile} from './log-files.ts';

const chunkBytes = 64 * 1024;

export interface LogPosition {
  /** Index of the file, oldest first. */
  readonly file: number;
  readonly offset: number;
}

/** Where the last `count` lines that are wanted begin, read backwards in chunks, over as many files as it takes. */
export async function findTail(
  files: readonly LogFile[],
  count: number,
  isWanted: (line: string) => boolean,
): Promise<LogPosition> {
  const last = files.length - 1;
  if (count === 0) return {file: last, offset: (await files[last]!.handle.stat()).size};
  let missing = count;
  for (let file = last; file >= 0; file--) {
    for await (const {text, offset} of readBackwards(files[file]!.handle))
      if (isWanted(text) && --missing === 0) return {file, offset};
  }
  return {file: 0, offset: 0};
}

/** Complete lines, last first, with where each begins. */
async function* readBackwards(file: FileHandle): AsyncGenerator<{text: string; offset: number}> {
  let {size: end} = await file.stat();
  let later = Buffer.alloc(0);
  while (end > 0) {
    const start = Math.max(0, end - chunkBytes);
    const {buffer} = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const block = Buffer.concat([buffer, later]);
    const first = start === 0 ? 0 : block.indexOf(10) + 1;
    for (let close = block.lastIndexOf(10); close >= first; ) {
      const open = close === 0 ? 0 : block.lastIndexOf(10, close - 1) + 1;
      yield {text: block.toString('utf8', open, close), offset: start + open};
      close = open - 1;
    }
    later = block.subarray(0, first);
    end = start;
  }
}
