const headerBytes = 8;

/** First byte of a frame. To the shim: stdin (empty closes it), subscribe, signal (one byte), resize (width and height, BE16). From it: stdout, stderr, exit, loss of log records (why). */
export const frameTypes = {
  stdin: 0,
  subscribe: 1,
  signal: 2,
  resize: 3,
  stdout: 1,
  stderr: 2,
  exit: 3,
  logLoss: 4,
} as const;

/** Docker's attach format: `[type, 0, 0, 0, length BE32]` and the payload. */
export function encodeFrame(type: number, payload: Uint8Array): Buffer {
  const frame = Buffer.alloc(headerBytes + payload.length);
  frame[0] = type;
  frame.writeUInt32BE(payload.length, 4);
  frame.set(payload, headerBytes);
  return frame;
}

/** Returns a function that takes a stream in any pieces and calls `onFrame` with each whole frame, header and all. */
export function splitFrames(onFrame: (frame: Buffer) => void): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return chunk => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let end = frameEnd(rest); end <= rest.length; end = frameEnd(rest)) {
      onFrame(rest.subarray(0, end));
      rest = rest.subarray(end);
    }
  };
}

function frameEnd(bytes: Buffer): number {
  return bytes.length < headerBytes ? Number.POSITIVE_INFINITY : headerBytes + bytes.readUInt32BE(4);
}
