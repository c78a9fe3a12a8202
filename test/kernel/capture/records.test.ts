import test from 'ava';
import fc from 'fast-check';
import {createBlockCutter, decodeBlock} from '../../../src/api/pcapng-decode.ts';
import {encodeInterface, encodeSection, encodeStatistics, sealPackets} from '../../../src/api/pcapng-encode.ts';
import {type Batch, mergeRecords, nextRecord, recordTime} from '../../../src/kernel/capture/records.ts';

/** A record as Native.receivePackets() makes it. */
function record(time: number, frame: Buffer, type = 0): Buffer {
  const bytes = Buffer.alloc(28 + ((frame.length + 3) & ~3) + 16);
  const words = [Math.floor(time / 2 ** 32), time % 2 ** 32, frame.length, frame.length + 100, type];
  words.forEach((word, i) => void bytes.writeUInt32LE(word, i * 4));
  frame.copy(bytes, 28);
  return bytes;
}

const times = ({records}: Batch): number[] => {
  const found: number[] = [];
  for (let at = 0; at < records.length; at = nextRecord(records, at)) found.push(recordTime(records, at));
  return found;
};

const batchOf = (source: number, stamps: readonly number[]): Batch => ({
  source,
  records: Buffer.concat(stamps.map(stamp => record(stamp, Buffer.alloc(stamp % 7)))),
});

test('mergeRecords() gives every record up to the limit once, in the order of time, and keeps the others', t => {
  const stamps = fc.array(fc.nat(1000), {minLength: 1, maxLength: 20}).map(list => list.sort((a, b) => a - b));
  fc.assert(
    fc.property(fc.array(stamps, {maxLength: 5}), fc.nat(1000), (sources, until) => {
      const {runs, rest} = mergeRecords(
        sources.map((list, source) => batchOf(source, list)),
        until,
      );
      const all = sources.flat().sort((a, b) => a - b);
      t.deepEqual(
        runs.flatMap(times),
        all.filter(time => time <= until),
      );
      t.deepEqual(
        rest.flatMap(times).sort((a, b) => a - b),
        all.filter(time => time > until),
      );
      sources.forEach((list, id) => {
        const mine = [...runs, ...rest].filter(({source}) => source === id).flatMap(times);
        t.deepEqual(mine, list);
      });
    }),
  );
});

test('mergeRecords() keeps several batches of one source in their order, with equal times too', t => {
  const batches = [batchOf(0, [1, 5]), batchOf(0, [5, 5, 9]), batchOf(1, [2, 5, 8])];
  const {runs} = mergeRecords(batches, Number.POSITIVE_INFINITY);
  t.deepEqual(runs.flatMap(times), [1, 2, 5, 5, 5, 5, 8, 9]);
});

test('pcapng: what is encoded is decoded again, however the stream is cut', t => {
  const frames = [Buffer.from('0123456789abc'), Buffer.alloc(0), Buffer.alloc(1500, 7)];
  const records = Buffer.concat(
    frames.map((frame, i) => record(1_790_000_000 * 2 ** 30 + i * 2 ** 20, frame, [0, 4, 3][i])),
  );
  t.deepEqual(sealPackets(records, 1, 10), {bytes: records.length, packets: 3});
  const stream = Buffer.concat([
    encodeSection({application: 'tnet 1', comment: 'container "web"'}),
    encodeInterface({type: 'ethernet', snaplen: 96, name: 'lo', description: '', mac: null, filter: ''}),
    encodeInterface({
      type: 'raw',
      snaplen: 96,
      name: 'tun0',
      description: 'container web',
      mac: '02:42:ac:11:00:02',
      filter: 'tcp',
    }),
    records,
    encodeStatistics({id: 1, timeMs: 1_790_000_000_123, accepted: 5, dropped: 2 ** 33}),
  ]);
  for (const size of [1, 7, 64, 100_000]) {
    const cut = createBlockCutter();
    const pieces = Array.from({length: Math.ceil(stream.length / size)}, (_, i) =>
      stream.subarray(i * size, (i + 1) * size),
    );
    const blocks = pieces.flatMap(piece => cut(piece)).map(decodeBlock);
    t.deepEqual(
      blocks.filter(({kind}) => kind !== 'packet'),
      [
        {kind: 'section', comment: 'container "web"'},
        {kind: 'interface', name: 'lo', description: '', type: 'ethernet'},
        {kind: 'interface', name: 'tun0', description: 'container web', type: 'raw'},
        {kind: 'statistics', accepted: 5, dropped: 2 ** 33},
      ],
    );
    const packets = blocks.flatMap(block => (block.kind === 'packet' ? [block] : []));
    t.deepEqual(
      packets.map(({frame}) => frame),
      frames,
    );
    t.deepEqual(
      packets.map(({direction}) => direction),
      ['in', 'out', 'in'],
    );
    t.deepEqual(
      packets.map(({length, interfaceId}) => [length, interfaceId]),
      [
        [113, 1],
        [100, 1],
        [1600, 1],
      ],
    );
    t.is(packets[1]!.time - packets[0]!.time, 2n ** 20n);
  }
});

test('sealPackets() ends after as many packets as are wanted', t => {
  const records = Buffer.concat([1, 2, 3].map(time => record(time, Buffer.alloc(8))));
  const {bytes, packets} = sealPackets(records, 0, 2);
  t.deepEqual([packets, bytes], [2, (records.length / 3) * 2]);
});

test('createBlockCutter() refuses what is no pcapng', t => {
  t.throws(() => createBlockCutter()(Buffer.from('{"message":"no such container"}')), {instanceOf: SyntaxError});
});
