import {type AnswerOptions, answer, type Rcode, reply, udpLimit} from './answer.ts';
import {encodeReply, maxTcpBytes, type Query, readQuery, relay} from './wire.ts';
import type {Zone} from './zone.ts';

export type Proto = 'udp' | 'tcp';

/** Calls `send` once with the response, at once when no upstream is asked; never for what deserves none. Throws nothing. */
export type Respond = (bytes: Buffer, proto: Proto, send: (response: Buffer) => void) => void;

export interface ResponderParts {
  readonly zone: () => Zone;
  readonly options: AnswerOptions;
  /** Null when no upstream has an answer. Never rejects. */
  readonly forward: (query: Query, proto: Proto) => Promise<Buffer | null>;
  /** A place among the forwards in flight, given back by the function; null when all are taken. */
  readonly take: () => (() => void) | null;
  readonly onError: (error: unknown) => void;
}

/** Bytes of a query → bytes of the response, for one sandbox. */
export function createResponder(parts: ResponderParts): Respond {
  return (bytes, proto, send) => {
    const query = readQuery(bytes);
    if (query === 'drop') return;
    if (Buffer.isBuffer(query)) return send(query);
    const limit = proto === 'udp' ? udpLimit(query.packet) : maxTcpBytes;
    const fail = (rcode: Rcode): void => send(encodeReply(query, reply(query.packet, rcode), limit));
    const local = answerFrom(parts, query);
    if (local !== 'forward') return send(encodeReply(query, local, limit));
    const release = parts.take();
    if (release === null) return fail('REFUSED');
    void parts.forward(query, proto).then(response => {
      release();
      if (response === null) fail('SERVFAIL');
      else send(relay(query, response, limit));
    });
  };
}

function answerFrom({zone, options, onError}: ResponderParts, {packet}: Query): ReturnType<typeof answer> {
  try {
    return answer(packet, zone(), options);
  } catch (error) {
    onError(error);
    return reply(packet, 'SERVFAIL');
  }
}
