import {type ChildProcess, spawn} from 'node:child_process';
import {createHash} from 'node:crypto';
import {once} from 'node:events';
import type {Readable} from 'node:stream';
import {PassThrough, Transform} from 'node:stream';
import {pipeline} from 'node:stream/promises';
import {createGunzip} from 'node:zlib';
import {TnetError} from '../../errors.ts';
import {unpackError} from '../archive/archive-error.ts';
import {feed} from '../archive/feed.ts';
import {FilesError, runFiles} from '../archive/run-files.ts';

export interface Unpacked {
  /** `sha256:` of the uncompressed archive. */
  readonly digest: string;
  readonly sizeBytes: number;
}

/** Unpacks an archive into an empty directory, by tnet-files with that directory as its root. ERR_BAD_REQUEST, ERR_STORE. */
export async function unpackLayer(directory: string, archive: Readable): Promise<Unpacked> {
  const hash = createHash('sha256');
  let sizeBytes = 0;
  const meter = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      hash.update(chunk);
      sizeBytes += chunk.length;
      done(null, chunk);
    },
  });
  const run = runFiles([
    ['root', directory],
    ['unpack', '/', '', 'layer'],
  ]);
  const copied = copyPlain(archive, meter);
  copied.catch((error: Error) => meter.destroy(error));
  const fed = pipeline(meter, run.input);
  fed.catch(run.cancel);
  // What the archive's own reading says is closer to the cause than what tnet-files makes of its end.
  const [read, written] = await Promise.allSettled([copied, run.done, fed]);
  if (written.status === 'rejected' && written.reason instanceof FilesError) throw explain(written.reason);
  for (const {status, reason} of [read, written] as PromiseRejectedResult[]) if (status === 'rejected') throw reason;
  if (sizeBytes === 0) throw new TnetError('ERR_BAD_REQUEST', 'invalid archive: it is empty');
  return {digest: `sha256:${hash.digest('hex')}`, sizeBytes};
}

function explain(error: unknown): unknown {
  if (!(error instanceof FilesError)) return error;
  const {call, path, text} = error.failure;
  return (
    unpackError(error) ?? new TnetError('ERR_STORE', `Cannot unpack image: ${call} "${path}": ${text}`, {cause: error})
  );
}

const programs: readonly (readonly [magic: string, program: string])[] = [
  ['fd377a585a00', 'xz'],
  ['28b52ffd', 'zstd'],
  ['425a68', 'bzip2'],
];

/** Plain, gzip, xz, zstd or bzip2, known by its first bytes. */
async function copyPlain(archive: Readable, to: Transform): Promise<void> {
  const head = await readHead(archive);
  const magic = head.toString('hex', 0, 6);
  const whole = archive.readableEnded ? streamOf(head) : archive;
  if (whole === archive && head.length > 0) archive.unshift(head);
  const program = programs.find(([known]) => magic.startsWith(known));
  if (program) return throughProgram(whole, to, program[1]);
  if (magic.startsWith('1f8b')) return throughGunzip(whole, to);
  return feed(whole, to);
}

async function throughGunzip(archive: Readable, to: Transform): Promise<void> {
  const gunzip = createGunzip();
  const plain = pipeline(gunzip, to).catch((cause: Error) => {
    throw new TnetError('ERR_BAD_REQUEST', `invalid archive: ${cause.message}`, {cause});
  });
  await Promise.all([plain, feed(archive, gunzip)]);
}

function streamOf(bytes: Buffer): PassThrough {
  const stream = new PassThrough();
  stream.end(bytes);
  return stream;
}

async function readHead(archive: Readable): Promise<Buffer> {
  for (;;) {
    const chunk = archive.read() as Buffer | null;
    if (chunk !== null) return chunk;
    if (archive.readableEnded || archive.destroyed) return Buffer.alloc(0);
    await Promise.race([once(archive, 'readable'), once(archive, 'end'), once(archive, 'close')]);
  }
}

async function throughProgram(archive: Readable, to: Transform, program: string): Promise<void> {
  const filter = spawn(program, ['-dc'], {stdio: ['pipe', 'pipe', 'ignore']});
  const ended = awaitProgram(filter, program);
  filter.stdin!.on('error', () => {}); // its exit code tells
  await Promise.all([feed(archive, filter.stdin!), pipeline(filter.stdout!, to), ended]);
}

async function awaitProgram(filter: ChildProcess, program: string): Promise<void> {
  const [code] = await once(filter, 'exit').catch((cause: Error) => {
    throw new TnetError('ERR_UNSUPPORTED', `the archive is compressed by ${program}, which this machine lacks`, {
      cause,
    });
  });
  if (code !== 0) throw new TnetError('ERR_BAD_REQUEST', `invalid archive: ${program} cannot read it`);
}
