import {blockHead, blockTail, blockTypes, byteOrderMagic, linkTypes, options} from './pcapng.ts';

/** A section header: little-endian, version 1.0, of unknown length. */
export function encodeSection({
  application,
  comment,
}: {
  readonly application: string;
  readonly comment: string;
}): Buffer {
  const fixed = Buffer.alloc(16, 0xff);
  fixed.writeUInt32LE(byteOrderMagic, 0);
  fixed.writeUInt16LE(1, 4);
  fixed.writeUInt16LE(0, 6);
  return block(blockTypes.section, fixed, [
    [options.comment, comment],
    [options.sectionApplication, application],
  ]);
}

export interface InterfaceDescription {
  readonly type: keyof typeof linkTypes;
  readonly snaplen: number;
  readonly name: string;
  readonly description: string;
  /** null leaves it out, as `filter` '' does. */
  readonly mac: string | null;
  readonly filter: string;
}

/** Interfaces are numbered as they are described, from 0. Times of their packets are in nanoseconds. */
export function encodeInterface({type, snaplen, name, description, mac, filter}: InterfaceDescription): Buffer {
  const fixed = Buffer.alloc(8);
  fixed.writeUInt16LE(linkTypes[type], 0);
  fixed.writeUInt32LE(snaplen, 4);
  return block(blockTypes.interface, fixed, [
    [options.interfaceName, name],
    [options.interfaceDescription, description],
    [options.interfaceMac, Buffer.from((mac ?? '').replaceAll(':', ''), 'hex')],
    [options.interfaceResolution, Buffer.of(9)],
    [options.interfaceFilter, filter === '' ? '' : `\0${filter}`], // 0: a text in libpcap's language
  ]);
}

export interface InterfaceStatistics {
  readonly id: number;
  /** Milliseconds since 1970. */
  readonly timeMs: number;
  readonly accepted: number;
  readonly dropped: number;
}

/** ISB: what the filter let through, and what of it the kernel dropped because nobody read in time. */
export function encodeStatistics({id, timeMs, accepted, dropped}: InterfaceStatistics): Buffer {
  const fixed = Buffer.alloc(12);
  const time = BigInt(timeMs) * 1_000_000n;
  fixed.writeUInt32LE(id, 0);
  fixed.writeUInt32LE(Number(time >> 32n), 4);
  fixed.writeUInt32LE(Number(time & 0xffff_ffffn), 8);
  return block(blockTypes.statistics, fixed, [
    [options.statisticsReceived, uint64(accepted)],
    [options.statisticsDropped, uint64(dropped)],
  ]);
}

/** By PACKET_HOST 0, BROADCAST, MULTICAST, OTHERHOST, OUTGOING 4: bits 0–1 in 1 or out 2; 2–4 unicast 1, multicast, broadcast, promiscuous 4. */
const packetFlags: readonly number[] = [0b00101, 0b01101, 0b01001, 0b10001, 0b00010];
const packetHead = 28;
const packetTail = 16;

/**
 * Turns records as of Native.receivePackets() into enhanced packet blocks of interface `id`, where they lie: no byte of a
 * frame is moved. Returns how many bytes and packets that are, at most `max` packets.
 */
export function sealPackets(
  records: Buffer,
  id: number,
  max: number,
): {readonly bytes: number; readonly packets: number} {
  let [at, packets] = [0, 0];
  for (; at < records.length && packets < max; packets++) {
    const [high, low] = [records.readUInt32LE(at), records.readUInt32LE(at + 4)];
    const [kept, length, type] = [8, 12, 16].map(offset => records.readUInt32LE(at + offset)) as [
      number,
      number,
      number,
    ];
    const end = at + packetHead + ((kept + 3) & ~3);
    const total = end + packetTail - at;
    writeWords(records, at, [blockTypes.packet, total, id, high, low, kept, length]);
    writeWords(records, end, [(4 << 16) | options.packetFlags, packetFlags[type] ?? 0, options.end, total]);
    at += total;
  }
  return {bytes: at, packets};
}

function writeWords(to: Buffer, at: number, words: readonly number[]): void {
  for (let i = 0; i < words.length; i++) to.writeUInt32LE(words[i]!, at + 4 * i);
}

type Option = readonly [code: number, value: string | Buffer];

function block(type: number, fixed: Buffer, values: readonly Option[]): Buffer {
  const body = Buffer.concat([fixed, ...values.map(encodeOption), Buffer.alloc(4)]);
  const total = blockHead + body.length + blockTail;
  const head = Buffer.alloc(blockHead);
  head.writeUInt32LE(type, 0);
  head.writeUInt32LE(total, 4);
  return Buffer.concat([head, body, head.subarray(4)]);
}

/** Code, length, value, padded to 4 bytes; nothing for an empty one. Lengths are u16. */
function encodeOption([code, value]: Option): Buffer {
  const bytes = Buffer.from(value as string).subarray(0, 0xffff);
  if (bytes.length === 0) return bytes;
  const option = Buffer.alloc(4 + ((bytes.length + 3) & ~3));
  option.writeUInt16LE(code, 0);
  option.writeUInt16LE(bytes.length, 2);
  bytes.copy(option, 4);
  return option;
}

function uint64(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(value));
  return bytes;
}
