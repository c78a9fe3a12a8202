import {blockHead, blockTail, blockTypes, linkTypes, options} from './pcapng.ts';

/** What our own captures consist of; little-endian, times in nanoseconds. Other blocks are `other`. */
export type Block =
  | {readonly kind: 'section'; readonly comment: string}
  | {
      readonly kind: 'interface';
      readonly name: string;
      readonly description: string;
      readonly type: 'ethernet' | 'raw' | null;
    }
  | Packet
  | {readonly kind: 'statistics'; readonly accepted: number; readonly dropped: number}
  | {readonly kind: 'other'};

export interface Packet {
  readonly kind: 'packet';
  readonly interfaceId: number;
  /** Nanoseconds since 1970. */
  readonly time: bigint;
  /** Bytes of the frame on the wire; `frame` is what was kept of it. */
  readonly length: number;
  readonly frame: Buffer;
  readonly direction: 'in' | 'out' | null;
}

/** A frame has at most 256 KiB: a greater block is not ours, and would be awaited for ever. */
const maxBlockBytes = 1024 * 1024;

/** Cuts a stream into whole blocks, however it comes; what is not yet whole is kept for the next call. Throws SyntaxError when it is no pcapng. */
export function createBlockCutter(): (chunk: Uint8Array) => readonly Buffer[] {
  let rest: Buffer = Buffer.alloc(0);
  return chunk => {
    const bytes =
      rest.length === 0 ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length) : Buffer.concat([rest, chunk]);
    const blocks: Buffer[] = [];
    let at = 0;
    while (bytes.length - at >= blockHead) {
      const total = bytes.readUInt32LE(at + 4);
      if (total < blockHead + blockTail || total > maxBlockBytes || total % 4 !== 0)
        throw new SyntaxError('the daemon sent something that is no capture');
      if (at + total > bytes.length) break;
      blocks.push(bytes.subarray(at, at + total));
      at += total;
    }
    rest = bytes.subarray(at);
    return blocks;
  };
}

export function blockType(block: Buffer): number {
  return block.readUInt32LE(0);
}

export function decodeBlock(block: Buffer): Block {
  const body = block.subarray(blockHead, -blockTail);
  switch (blockType(block)) {
    case blockTypes.section:
      return {kind: 'section', comment: textOf(body.subarray(16), options.comment)};
    case blockTypes.interface:
      return decodeInterface(body);
    case blockTypes.packet:
      return decodePacket(body);
    case blockTypes.statistics:
      return decodeStatistics(body.subarray(12));
    default:
      return {kind: 'other'};
  }
}

function decodeInterface(body: Buffer): Block {
  const type = body.readUInt16LE(0);
  const settings = body.subarray(8);
  return {
    kind: 'interface',
    name: textOf(settings, options.interfaceName),
    description: textOf(settings, options.interfaceDescription),
    type: type === linkTypes.ethernet ? 'ethernet' : type === linkTypes.raw ? 'raw' : null,
  };
}

function decodePacket(body: Buffer): Packet {
  const kept = body.readUInt32LE(12);
  const flags = optionOf(body.subarray(20 + ((kept + 3) & ~3)), options.packetFlags)?.readUInt32LE(0) ?? 0;
  return {
    kind: 'packet',
    interfaceId: body.readUInt32LE(0),
    time: (BigInt(body.readUInt32LE(4)) << 32n) | BigInt(body.readUInt32LE(8)),
    length: body.readUInt32LE(16),
    frame: body.subarray(20, 20 + kept),
    direction: (flags & 3) === 1 ? 'in' : (flags & 3) === 2 ? 'out' : null,
  };
}

function decodeStatistics(settings: Buffer): Block {
  const count = (code: number): number => Number(optionOf(settings, code)?.readBigUInt64LE(0) ?? 0n);
  return {kind: 'statistics', accepted: count(options.statisticsReceived), dropped: count(options.statisticsDropped)};
}

function optionOf(settings: Buffer, wanted: number): Buffer | null {
  for (let at = 0; at + 4 <= settings.length; ) {
    const [code, length] = [settings.readUInt16LE(at), settings.readUInt16LE(at + 2)];
    if (code === options.end) break;
    if (code === wanted) return settings.subarray(at + 4, at + 4 + length);
    at += 4 + ((length + 3) & ~3);
  }
  return null;
}

function textOf(settings: Buffer, wanted: number): string {
  return optionOf(settings, wanted)?.toString() ?? '';
}
