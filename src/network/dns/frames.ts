import {headerBytes} from './wire.ts';

/** RFC 1035 §4.2.2: by TCP every message follows its length in two bytes. */
export function toFrame(message: Buffer): Buffer {
  const frame = Buffer.allocUnsafe(2 + message.length);
  frame.writeUInt16BE(message.length, 0);
  message.copy(frame, 2);
  return frame;
}

/**
 * The first message of `received` and what comes after it; null as long as it is not all there. Throws RangeError on a
 * length that no message can have, before its bytes are waited for.
 */
export function takeFrame(received: Buffer, maxBytes: number): {message: Buffer; rest: Buffer} | null {
  if (received.length < 2) return null;
  const length = received.readUInt16BE(0);
  if (length < headerBytes || length > maxBytes) throw new RangeError(`a DNS message of ${length} bytes`);
  if (received.length < 2 + length) return null;
  return {message: received.subarray(2, 2 + length), rest: received.subarray(2 + length)};
}
