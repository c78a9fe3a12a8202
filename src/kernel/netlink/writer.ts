/**
 * Bytes on their way out. One buffer serves every encoding and only grows, so encoding a message costs one copy at its
 * end, not one a field. Integers are little-endian: netlink uses the host's order, and every machine we run on is one.
 */
export interface Writer {
  bytes: Buffer;
  end: number;
}

const shared: Writer = {bytes: Buffer.allocUnsafe(64 * 1024), end: 0};

/** What `write` appends, as bytes of its own. May be nested: an inner encoding stands above the outer one and is gone after it. */
export function encodeBytes(write: (out: Writer) => void): Buffer {
  const start = shared.end;
  try {
    write(shared);
    return Buffer.from(shared.bytes.subarray(start, shared.end));
  } finally {
    shared.end = start;
  }
}

/** Appends `size` bytes of unspecified content and returns where they start. */
export function reserve(out: Writer, size: number): number {
  const start = out.end;
  out.end += size;
  if (out.end > out.bytes.length) grow(out, start);
  return start;
}

export function appendBytes(out: Writer, bytes: Uint8Array): void {
  const at = reserve(out, bytes.length);
  out.bytes.set(bytes, at);
}

/** Zeroes up to the next multiple of 4, counted from `start`: NLMSG_ALIGN and NLA_ALIGN. */
export function padTo4(out: Writer, start: number): void {
  const missing = -(out.end - start) & 3;
  if (missing === 0) return;
  const at = reserve(out, missing);
  out.bytes.fill(0, at, at + missing);
}

function grow(out: Writer, used: number): void {
  const bigger = Buffer.allocUnsafe(Math.max(out.bytes.length * 2, out.end));
  out.bytes.copy(bigger, 0, 0, used);
  out.bytes = bigger;
}
