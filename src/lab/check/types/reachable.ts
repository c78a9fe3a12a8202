import * as v from 'valibot';
import type {Answer} from '../../../kernel/trace/probe.ts';
import {ipText, portNumber} from '../../document/formats.ts';
import {type CheckType, probeTimeoutMs, shared} from '../check-type.ts';
import type {Eyes} from '../eyes.ts';

/** One packet of a node's own: an ICMP echo, a TCP connection, a datagram that wants an answer. */
export const probeEntries = {
  from: v.string(),
  to: ipText,
  proto: v.optional(v.picklist(['icmp', 'tcp', 'udp']), 'icmp'),
  port: v.optional(portNumber),
  /** Bytes of an ICMP echo, IP header included, that nobody may fragment: does a packet as big as that pass? */
  size: v.optional(v.pipe(v.number(), v.integer(), v.minValue(84), v.maxValue(65_535))),
};

export const probeSchema = v.strictObject(probeEntries);
export type ProbeEntries = v.InferOutput<typeof probeSchema>;

export const reachableSchema = v.strictObject({...shared, ...probeEntries, type: v.literal('reachable')});

export const unreachableSchema = v.strictObject({
  ...shared,
  ...probeEntries,
  type: v.literal('unreachable'),
  /** `silence`: dropped without a word; `refused`: told so. Any by default. */
  how: v.optional(v.picklist(['silence', 'refused'])),
});

export const reachableType: CheckType<v.InferOutput<typeof reachableSchema>> = {
  layer: 'reach',
  async look(eyes, check) {
    const answer = await send(eyes, check);
    return {
      ok: answer.kind === 'answered',
      expected: `${check.from} gets an answer from ${target(check)}`,
      got: describe(answer),
      observed: observedOf(answer),
    };
  },
};

export const unreachableType: CheckType<v.InferOutput<typeof unreachableSchema>> = {
  layer: 'reach',
  async look(eyes, check) {
    const answer = await send(eyes, check);
    const ok =
      answer.kind !== 'answered' &&
      (check.how === undefined || (check.how === 'silence') === (answer.kind === 'silence'));
    return {
      ok,
      expected: `${check.from} gets no answer from ${target(check)}`,
      got: describe(answer),
      observed: observedOf(answer),
    };
  },
};

export function send(eyes: Eyes, {from, to, proto, port, size}: ProbeEntries): Promise<Answer> {
  const bytes = size === undefined ? {} : {size};
  return eyes.probe(from, {to, proto, port: port ?? 7, timeoutMs: probeTimeoutMs, ...bytes});
}

function target({to, proto, port, size}: ProbeEntries): string {
  const what = size === undefined ? proto : `${proto}, ${size} bytes in one piece`;
  return `${to}${port === undefined ? '' : `:${port}`} (${what})`;
}

function describe(answer: Answer): string {
  switch (answer.kind) {
    case 'answered':
      return `an answer: ${answer.what}`;
    case 'refused':
    case 'unreachable':
      return `${answer.what}${answer.from === null ? '' : `, said ${answer.from}`}`;
    default:
      return `silence`;
  }
}

function observedOf(answer: Answer): string {
  return answer.kind === 'unreachable' ? answer.what : answer.kind;
}
