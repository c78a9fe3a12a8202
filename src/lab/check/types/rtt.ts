import * as v from 'valibot';
import {duration, ipText} from '../../document/formats.ts';
import {type CheckType, formatRange, probeTimeoutMs, shared} from '../check-type.ts';
import type {Eyes} from '../eyes.ts';

export const rttSchema = v.strictObject({
  ...shared,
  type: v.literal('rtt'),
  from: v.string(),
  to: ipText,
  /** Of the fastest of some echo requests, as the machine may be busy. */
  min: v.optional(duration),
  max: v.optional(duration),
  /** How many are sent at most; one below `max` is enough. */
  probes: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100)), 5),
});
type Rtt = v.InferOutput<typeof rttSchema>;

export const rttType: CheckType<Rtt> = {
  layer: 'answer',
  async look(eyes, check) {
    const {from, to, min = 0, max = Number.POSITIVE_INFINITY} = check;
    const fastest = await fastestOf(eyes, check);
    return {
      ok: fastest !== null && fastest >= min && fastest <= max,
      expected: `an echo from ${from} to ${to} and back takes ${formatRange(min, max, ms => `${ms} ms`)}`,
      got: fastest === null ? 'silence' : `it takes ${fastest.toFixed(1)} ms`,
      observed: fastest === null ? 'silence' : fastest > max ? 'more' : 'less',
    };
  },
};

/** Null: no answer to any. */
async function fastestOf(eyes: Eyes, {from, to, max = 0, probes}: Rtt): Promise<number | null> {
  const timeoutMs = probeTimeoutMs + max;
  let fastest: number | null = null;
  for (let i = 0; i < probes && (fastest === null || fastest > max); i++) {
    const answer = await eyes.probe(from, {proto: 'icmp', to, port: 0, timeoutMs});
    if (answer.kind === 'answered') fastest = Math.min(fastest ?? Number.POSITIVE_INFINITY, answer.afterMs);
  }
  return fastest;
}
