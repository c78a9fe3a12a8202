import {decode, encode, encodingLength, type Packet, TRUNCATED_RESPONSE} from 'dns-packet';
import {maxUdpBytes, type Rcode, rcodes} from './answer.ts';

/** A query that was well formed. */
export interface Query {
  readonly bytes: Buffer;
  readonly packet: Packet;
  /** Where the question ends: name, type and class lie between byte 12 and here. */
  readonly questionEnd: number;
}

/** RFC 1035 §4.1.1: id, flags, and the counts of the four sections, two bytes each. */
export const headerBytes = 12;
/** No query is longer: a name has at most 255 bytes, and options are few. */
export const maxQueryBytes = maxUdpBytes;
/** The length prefix of TCP has two bytes. */
export const maxTcpBytes = 0xffff;
const QR = 0x8000;
const opcodeMask = 0x7800;

/**
 * Reads what a container sent, and believes nothing of it. `drop` for what deserves no answer (short, or itself a
 * response, so that two servers never talk to each other); bytes of an error for what is no query of one question.
 */
export function readQuery(bytes: Buffer): Query | Buffer | 'drop' {
  if (bytes.length < headerBytes || (flagsOf(bytes) & QR) !== 0) return 'drop';
  if ((flagsOf(bytes) & opcodeMask) !== 0) return failure(bytes, 'NOTIMP');
  const questionEnd = hasQueryCounts(bytes) && bytes.length <= maxQueryBytes ? endOfQuestion(bytes) : null;
  if (questionEnd === null) return failure(bytes, 'FORMERR');
  try {
    const packet = decode(bytes);
    const opts = packet.additionals!.filter(({type}) => type === 'OPT').length;
    return opts > 1 ? failure(bytes, 'FORMERR') : {bytes, packet, questionEnd};
  } catch {
    return failure(bytes, 'FORMERR');
  }
}

/** Encodes a response in at most `limit` bytes: as many answers as fit, with TC when some had to go. The question is given back byte by byte. */
export function encodeReply({bytes, questionEnd}: Query, packet: Packet, limit: number): Buffer {
  try {
    const encoded = encode(shorten(packet, limit));
    bytes.copy(encoded, headerBytes, headerBytes, questionEnd);
    return encoded;
  } catch {
    // Text of labels that are no UTF-8 does not encode to what it was.
    return failure(bytes, 'SERVFAIL');
  }
}

/** An upstream's response for the client: its own id again, and never more than it takes. */
export function relay({bytes, questionEnd}: Query, response: Buffer, limit: number): Buffer {
  const relayed = Buffer.from(response.length > limit ? response.subarray(0, questionEnd) : response);
  bytes.copy(relayed, 0, 0, 2);
  bytes.copy(relayed, headerBytes, headerBytes, questionEnd);
  if (response.length > limit) {
    relayed.writeUInt16BE(flagsOf(relayed) | TRUNCATED_RESPONSE, 2);
    relayed.fill(0, 6, headerBytes);
  }
  return relayed;
}

/** The same query with another id: what goes upstream is not what the container chose. */
export function withId({bytes}: Query, id: number): Buffer {
  const sent = Buffer.from(bytes);
  sent.writeUInt16BE(id, 0);
  return sent;
}

/** Whether `response` answers what was sent: id, direction, and the question, whose case an upstream may change. */
export function isAnswerTo(sent: Buffer, questionEnd: number, response: Buffer): boolean {
  return (
    response.length >= questionEnd &&
    response.readUInt16BE(0) === sent.readUInt16BE(0) &&
    (flagsOf(response) & (QR | opcodeMask)) === QR &&
    response.readUInt16BE(4) === 1 &&
    lowerCase(response, questionEnd) === lowerCase(sent, questionEnd)
  );
}

export function rcodeOf(bytes: Buffer): number {
  return flagsOf(bytes) & 0xf;
}

/** The header alone, for what could not be read. */
function failure(bytes: Buffer, rcode: Rcode): Buffer {
  const header = Buffer.alloc(headerBytes);
  bytes.copy(header, 0, 0, 2);
  header.writeUInt16BE(QR | (flagsOf(bytes) & (opcodeMask | 0x0100)) | rcodes[rcode], 2);
  return header;
}

function flagsOf(bytes: Buffer): number {
  return bytes.readUInt16BE(2);
}

/** One question, no answers, at most OPT and TSIG: counts that lie would make the decoder allocate. */
function hasQueryCounts(bytes: Buffer): boolean {
  const [questions, answers, authorities, additionals] = [4, 6, 8, 10].map(at => bytes.readUInt16BE(at));
  return questions === 1 && answers === 0 && authorities === 0 && additionals! <= 2;
}

/** The first name of a message has nothing to point at: plain labels, 255 bytes with the root, then type and class. */
function endOfQuestion(bytes: Buffer): number | null {
  let at = headerBytes;
  for (let length = bytes[at]; length !== undefined && length > 0; length = bytes[at]) {
    at += 1 + length;
    if (length > 63 || at - headerBytes > 254) return null;
  }
  const end = at + 1 + 4;
  return end <= bytes.length ? end : null;
}

function shorten(packet: Packet, limit: number): Packet {
  if (encodingLength(packet) <= limit) return packet;
  let room = limit - encodingLength({...packet, answers: []});
  const kept = packet.answers!.findIndex(each => {
    room -= encodingLength({answers: [each]}) - headerBytes;
    return room < 0;
  });
  return {...packet, flags: packet.flags! | TRUNCATED_RESPONSE, answers: packet.answers!.slice(0, kept)};
}

function lowerCase(bytes: Buffer, questionEnd: number): string {
  return bytes.toString('latin1', headerBytes, questionEnd).replace(/[A-Z]/g, letter => letter.toLowerCase());
}
