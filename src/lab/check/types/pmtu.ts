import * as v from 'valibot';
import type {Ip} from '../../../model/ip.ts';
import {ipText} from '../../document/formats.ts';
import {type CheckType, formatRange, probeTimeoutMs, shared} from '../check-type.ts';
import type {Eyes} from '../eyes.ts';

const bytes = v.pipe(v.number(), v.integer(), v.minValue(84), v.maxValue(65_535));

export const pmtuSchema = v.strictObject({
  ...shared,
  type: v.literal('pmtu'),
  from: v.string(),
  to: ipText,
  /** Exactly. Bytes of the largest IP packet that gets there, and its echo back, in one piece. */
  mtu: v.optional(bytes),
  min: v.optional(bytes),
  max: v.optional(bytes),
});

export const pmtuType: CheckType<v.InferOutput<typeof pmtuSchema>> = {
  layer: 'reach',
  async look(eyes, {from, to, mtu, min = mtu ?? 0, max = mtu ?? Number.POSITIVE_INFINITY}) {
    const got = await measure(eyes, {from, to, guess: mtu ?? min});
    const wish = mtu ?? formatRange(min, max, String);
    return {
      ok: got !== null && got >= min && got <= max,
      expected: `packets of ${wish} bytes and no more pass from ${from} to ${to} in one piece`,
      got: got === null ? 'not even small ones are answered' : `of ${got} bytes`,
      observed: got === null ? 'silence' : got > max ? 'more' : got < min ? 'less' : `${got}`,
    };
  },
};

/** Of an echo request with a few bytes; less nobody asks for. */
const smallest = 84;

interface Path {
  readonly from: string;
  readonly to: Ip;
  /** Bytes; where the search begins. */
  readonly guess: number;
}

/** Halves what is between a size that passes and one that does not; the answer is found in two probes where the guess is right. */
async function measure(eyes: Eyes, {from, to, guess}: Path): Promise<number | null> {
  const passes = async (size: number): Promise<boolean> => {
    const send = () => eyes.probe(from, {proto: 'icmp', to, port: 0, size, whole: true, timeoutMs: probeTimeoutMs});
    const answer = await send();
    return answer.kind === 'answered' || (answer.kind === 'silence' && (await send()).kind === 'answered');
  };
  if (!(await passes(smallest))) return null;
  let [low, high] = [smallest, linkMtu(eyes, from, to) + 1];
  let next = Math.min(Math.max(guess, smallest + 1), high - 1);
  while (high - low > 1) {
    if (await passes(next)) low = next;
    else high = next;
    next = low === guess ? low + 1 : Math.floor((low + high) / 2);
  }
  return low;
}

/** Of the link by which the packet leaves: no larger one can. */
function linkMtu(eyes: Eyes, from: string, to: Ip): number {
  const {route} = eyes.lookUp(from, to);
  return eyes.links(from).find(({index}) => index === route?.oif)?.mtu ?? 65_535;
}
