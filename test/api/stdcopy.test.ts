import test from 'ava';
import fc from 'fast-check';
import {demultiplex, encodeFrame, type StreamName} from '../../src/api/stdcopy.ts';

async function* cut(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

const collect = async (chunks: AsyncIterable<Uint8Array>): Promise<string[]> => {
  const frames: string[] = [];
  for await (const {stream, payload} of demultiplex(chunks)) frames.push(`${stream} ${payload}`);
  return frames;
};

test('encodeFrame() writes stream, three zeros, length in network order, payload', t => {
  t.is(encodeFrame('stderr', 'hé\n').toString('hex'), '0200000000000004' + '68c3a90a');
});

test('demultiplex() gives back the frames, however the stream is cut', async t => {
  const frame = fc.record({stream: fc.constantFrom<StreamName>('stdin', 'stdout', 'stderr'), text: fc.string()});
  await fc.assert(
    fc.asyncProperty(fc.array(frame), fc.integer({min: 1, max: 40}), async (frames, size) => {
      const bytes = Buffer.concat(frames.map(({stream, text}) => encodeFrame(stream, text)));
      t.deepEqual(
        await collect(cut(bytes, size)),
        frames.map(({stream, text}) => `${stream} ${Buffer.from(text)}`),
      );
    }),
  );
});

test('demultiplex() refuses what is no such stream, or torn', async t => {
  await t.throwsAsync(collect(cut(Buffer.from('HTTP/1.1 200 OK'), 15)), {
    instanceOf: SyntaxError,
    message: 'not a multiplexed stream',
  });
  await t.throwsAsync(collect(cut(Buffer.from('01000000ffffffff', 'hex'), 8)), {message: 'not a multiplexed stream'});
  await t.throwsAsync(collect(cut(encodeFrame('stdout', 'torn').subarray(0, 10), 3)), {
    message: /ends inside a frame \(10 of 12 bytes\)/,
  });
});
