/** What Native.receivePackets() puts around each frame. */
export const recordHead = 28;
export const recordTail = 16;

/** Records of one source, in the order of their time. */
export interface Batch {
  readonly source: number;
  readonly records: Buffer;
}

/** Offset of the record after the one at `at`. */
export function nextRecord(records: Buffer, at: number): number {
  return at + recordHead + ((records.readUInt32LE(at + 8) + 3) & ~3) + recordTail;
}

/** Nanoseconds since 1970 as a double: exact to 256 ns, which is less than two packets of one conversation are apart. */
export function recordTime(records: Buffer, at: number): number {
  return records.readUInt32LE(at) * 2 ** 32 + records.readUInt32LE(at + 4);
}

interface Head extends Batch {
  at: number;
  time: number;
}

/**
 * Joins what several sources gave into one row by time, as runs of one source each that share the memory of `batches`
 * (a source may have several, in order). What is later than `until` (ns since 1970) is `rest`: a source that was
 * read before could still bring something earlier.
 */
export function mergeRecords(
  batches: readonly Batch[],
  until: number,
): {runs: readonly Batch[]; rest: readonly Batch[]} {
  const runs: Batch[] = [];
  const heads = batches.map((batch): Head => ({...batch, at: 0, time: recordTime(batch.records, 0)}));
  let waiting = heads;
  for (;;) {
    const [first, second] = earliest(waiting);
    if (first === null || first.time > until) break;
    runs.push(takeRun(first, Math.min(until, second?.time ?? Number.POSITIVE_INFINITY)));
    if (first.at === first.records.length) waiting = waiting.filter(head => head !== first);
  }
  return {runs, rest: waiting.map(({source, records, at}) => ({source, records: records.subarray(at)}))};
}

/** The first of two with the same time wins, so that batches of one source stay in order. */
function earliest(heads: readonly Head[]): readonly [Head | null, Head | null] {
  let [first, second]: [Head | null, Head | null] = [null, null];
  for (const head of heads) {
    if (first === null || head.time < first.time) [first, second] = [head, first];
    else if (second === null || head.time < second.time) second = head;
  }
  return [first, second];
}

/** Moves `head` behind its records up to `limit`, the first one in any case. */
function takeRun(head: Head, limit: number): Batch {
  const {records, source, at: start} = head;
  do {
    head.at = nextRecord(records, head.at);
    if (head.at < records.length) head.time = recordTime(records, head.at);
  } while (head.at < records.length && head.time <= limit);
  return {source, records: records.subarray(start, head.at)};
}
