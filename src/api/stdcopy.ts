export type StreamName = 'stdin' | 'stdout' | 'stderr';

export interface Frame {
  readonly stream: StreamName;
  readonly payload: Buffer;
}

const names: readonly StreamName[] = ['stdin', 'stdout', 'stderr'];
const headerBytes = 8;
/** Nobody sends more at once (Docker copies 32 KiB); a greater length is not this protocol, and would be awaited for ever. */
const maxPayloadBytes = 64 * 1024 * 1024;

/** `[stream, 0, 0, 0, length BE32]` and the payload: moby's pkg/stdcopy. */
export function encodeFrame(stream: StreamName, payload: Uint8Array | string): Buffer {
  const bytes = typeof payload === 'string' ? Buffer.from(payload) : payload;
  const header = Buffer.alloc(headerBytes);
  header[0] = names.indexOf(stream);
  header.writeUInt32BE(bytes.length, 4);
  return Buffer.concat([header, bytes]);
}

/** Frames of a stream, however it is cut. Throws SyntaxError when it is no such stream, or ends inside a frame. */
export async function* demultiplex(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Frame> {
  let held: Uint8Array[] = [];
  let size = 0;
  let wanted = headerBytes;
  for await (const chunk of chunks) {
    held.push(chunk);
    size += chunk.length;
    if (size < wanted) continue; // joined only when a frame is whole: a long frame is not copied at each chunk
    let bytes = Buffer.concat(held);
    for (wanted = frameBytes(bytes); bytes.length >= wanted; wanted = frameBytes(bytes)) {
      yield {stream: names[bytes[0]!]!, payload: bytes.subarray(headerBytes, wanted)};
      bytes = bytes.subarray(wanted);
    }
    held = [bytes];
    size = bytes.length;
  }
  if (size > 0) throw new SyntaxError(`multiplexed stream ends inside a frame (${size} of ${wanted} bytes)`);
}

/** Length of the first frame, header included; that of a header while it is not whole. */
function frameBytes(bytes: Buffer): number {
  if (bytes.length < headerBytes) return headerBytes;
  const payload = bytes.readUInt32BE(4);
  if (bytes[0]! >= names.length || payload > maxPayloadBytes) throw new SyntaxError('not a multiplexed stream');
  return headerBytes + payload;
}
